"""The page of the command ``runbook``: what its own help says, in the order of a manual page."""

from collections.abc import Iterator
from typing import Any

import typer

from policies.pages.markdown import GENERATED, plain, table
from runbook.cli import app
from runbook.operations.operation import Exit

NAME = "runbook"
EXITS = {
    Exit.DONE: "Done, or nothing to do. `status`, `secrets`: nothing wants attention. `check`: "
    "nothing fails.",
    Exit.FAILED: "Begun, and failed or not watched to its end; or done, and the end not recorded. "
    "`status`, `secrets`: something wants attention. `check`: something fails or could not be "
    "judged. `migrations`: image and database do not fit together.",
    Exit.REFUSED: "Refused, and nothing was changed; so is input that cannot be used.",
    Exit.INTERRUPTED: "Interrupted: what it said last tells whether something goes on without it.",
}
FILES = {
    "environments/ORGANISATION/ENVIRONMENT.toml": "All that differs between two environments; "
    "its path is its name.",
    "environments/environment.schema.json": "Each key of such a file, for editors.",
    "policies/waivers.toml": "What rules and judges may find, why, and until when.",
    "~/.aws/config, ~/.aws/credentials": "Read by the AWS SDK, for the profile of "
    "`--staging-profile`, too.",
}
VARIABLES = {
    "AWS_PROFILE, AWS_ACCESS_KEY_ID, …": "Who asks AWS, as the AWS SDK reads it; credentials of "
    "another account are refused. The region is that of the environment file.",
    "AWS_ENDPOINT_URL": "Another AWS than the real one, such as the sandbox.",
    "NO_COLOR": "No colours, also on a terminal.",
}
# click's classes are private in Typer: a command is what has these members.
Command = Any
Parameter = Any
Context = Any


def command_page() -> str:
    """Write the page; it holds no time and no place."""
    root = typer.main.get_command(app)
    found = list(_walk(root, NAME))
    return "\n".join(
        [
            "# runbook",
            "",
            GENERATED,
            "",
            "## Name",
            "",
            f"`{NAME}`: {root.help}",
            "",
            "## Synopsis",
            "",
            "```",
            *(_synopsis(path, command) for path, command in found),
            "```",
            "",
            "## Description",
            "",
            *_description(),
            "",
            "## Commands",
            *(line for path, command in found for line in _section(path, command)),
            "",
            "## Exit codes",
            "",
            *table(("code", ""), ((str(code.value), EXITS[code]) for code in Exit)),
            "",
            *_listed("Files", FILES),
            *_listed("Environment", VARIABLES),
            "## Completion",
            "",
            "`runbook --install-completion` writes completion for the shell it is run from (bash, "
            "zsh, fish), `runbook --show-completion` prints it. Environments and services complete "
            "from the files; AWS is not asked.",
            "",
        ]
    )


def walk_commands() -> Iterator[tuple[str, Command]]:
    """Walk the groups and commands that there are, with the words that call each."""
    return _walk(typer.main.get_command(app), NAME, groups=True)


def example_of(command: Command) -> str:
    """Return the command line of its example; empty when it has none."""
    text = " ".join((command.epilog or "").split())
    return (
        text.removeprefix("Example: ").partition(". Exit codes")[0] if "Example: " in text else ""
    )


def _walk(command: Command, path: str, *, groups: bool = False) -> Iterator[tuple[str, Command]]:
    inner = getattr(command, "commands", {})
    # A group that does something by itself is a command, too.
    if groups or not inner or command.invoke_without_command:
        yield path, command
    for name, each in inner.items():
        yield from _walk(each, f"{path} {name}", groups=groups)


def _description() -> list[str]:
    return [
        "Each command names its environment, and reads its file. What changes something shows what "
        "it would do, asks, does it, verifies it and leaves a record under lock; production wants "
        "the environment's name typed, `--yes` answers beforehand, and `--dry-run` and `release "
        "preview` stop after the preview. With `--json` one object goes to the standard output, a "
        "refusal, too, and progress to the other. Ctrl-C is safe at every point: it says what goes "
        "on without the command, and the record tells that it was interrupted.",
    ]


def _synopsis(path: str, command: Command) -> str:
    context = _context(path, command)
    words = [_usage(each, context) for each in command.params if not each.hidden]
    return " ".join([path, *words])


def _usage(parameter: Parameter, context: Context) -> str:
    """Write it as it is typed; what may be left out stands in brackets."""
    if parameter.param_type_name == "argument":
        word = parameter.display_name_raw.upper() + ("…" if parameter.nargs == -1 else "")
    elif parameter.is_flag:
        word = parameter.opts[0]
    else:
        word = f"{parameter.opts[0]} {parameter.display_type(context)}"
    return word if parameter.required else f"[{word}]"


def _section(path: str, command: Command) -> Iterator[str]:
    yield from ("", f"### {path}", "", plain(" ".join(command.help.split())), "")
    yield from ("```", _synopsis(path, command), "```", "")
    context = _context(path, command)
    records = [each.get_help_record(context) for each in command.params]
    shown = [(_code(label), plain(" ".join(text.split()))) for label, text in filter(None, records)]
    if shown:
        yield from (*table(("", ""), shown), "")
    yield f"Example: `{example_of(command)}`"
    _, _, codes = " ".join(command.epilog.split()).partition(". Exit codes: ")
    if codes:
        yield from ("", f"Exit codes: {codes}")


def _context(path: str, command: Command) -> Context:
    """Begin the command as if for its help: nothing is parsed, nothing run."""
    return command.make_context(path, [], resilient_parsing=True)


def _code(text: str) -> str:
    """Write code in a table, where a bar would end the cell."""
    return "`" + text.replace("|", "\\|") + "`"


def _listed(title: str, rows: dict[str, str]) -> Iterator[str]:
    yield from (f"## {title}", "")
    yield from table(("", ""), ((f"`{name}`", text) for name, text in rows.items()))
    yield ""
