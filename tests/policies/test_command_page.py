"""Every command has words and an example that can be typed, and the page says what they say."""

import shlex
from typing import Any

import pytest
from typer.testing import CliRunner

from policies.pages import DOCS
from policies.pages.commands import EXITS, command_page, example_of, walk_commands
from runbook.cli import app
from runbook.operations.operation import Exit

COMMANDS = dict(walk_commands())


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """Find the command that a line calls, and what is left of the line."""
    for length in range(len(words), 0, -1):
        found = COMMANDS.get(" ".join(words[:length]))
        if found is not None:
            return found, words[length:]
    raise AssertionError(words)


@pytest.mark.parametrize("path", COMMANDS)
def test_each_command_says_what_it_does_and_shows_how(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    result = CliRunner().invoke(app, [*path.split()[1:], "--help"], env={"COLUMNS": "300"})
    assert result.exit_code == 0
    example = example_of(command)
    assert example.startswith("runbook ")
    assert f"Example: {example}" in " ".join(result.stdout.split())


@pytest.mark.parametrize("path", COMMANDS)
def test_each_example_is_of_that_command_and_can_be_read(path: str) -> None:
    example = example_of(COMMANDS[path])
    words = shlex.split(example.partition(" > ")[0])
    assert path == "runbook" or " ".join(words).startswith(path)
    command, rest = leaf(words)
    group = getattr(command, "commands", {}) and not command.invoke_without_command
    assert not group, f"{example} names no command"
    # Read, and not run: an option that there is not, or a word that is missing, is an error.
    with command.make_context(path, rest) as context:
        assert context.command is command


def test_each_option_and_argument_is_explained() -> None:
    silent = [
        f"{path} {parameter.name}"
        for path, command in COMMANDS.items()
        for parameter in command.params
        if not (parameter.hidden or parameter.help)
    ]
    assert silent == []


def test_the_page_in_the_repository_is_fresh() -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    assert page == command_page(), "run `make docs` and commit it"


def test_the_page_has_the_parts_of_a_manual_and_every_command() -> None:
    page = command_page()
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert headings == [
        *("Name", "Synopsis", "Description", "Commands", "Exit codes", "Files", "Environment"),
        "Completion",
    ]
    for path, command in COMMANDS.items():
        if not getattr(command, "commands", {}):
            assert f"\n### {path}\n" in page
            assert f"Example: `{example_of(command)}`" in page
    assert all(f"| {code.value} | {EXITS[code]} |" in page for code in Exit)
