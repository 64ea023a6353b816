"""The group that holds all commands: what it cannot use, it also tells to machines."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from runbook.model.refusal import Refusal, RefusedError

_ANSWERS = "command_group: a refusal is answered in JSON"


class CommandGroup(TyperGroup):
    """A group that answers each refusal with one JSON object where JSON is asked for.

    It goes to the standard output; who runs the group tells people, and ends with the exit code.
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any | None = None,  # noqa: ANN401 - click's own
        **extra: Any,  # noqa: ANN401 - click's own
    ) -> Any:  # noqa: ANN401 - click's own
        # Completion reads a command line that is not finished, and refuses nothing.
        answers = parent is None and not extra.get("resilient_parsing") and _asks_for_json(args)
        with _answered(answers=answers):
            context = super().make_context(info_name, args, parent, **extra)
        if parent is None:
            context.meta[_ANSWERS] = answers
        return context

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's own
        # A group within a group leaves it to the outer one.
        with _answered(answers=ctx.parent is None and ctx.meta.get(_ANSWERS, False)):
            return super().invoke(ctx)


def _asks_for_json(words: Sequence[str]) -> bool:
    """Look for it in the words themselves: those that are refused were never parsed."""
    options = list(words[: words.index("--")] if "--" in words else words)
    alone = {"--json", "--format=json"} & set(options)
    return bool(alone) or ("--format", "json") in pairwise(options)


@contextmanager
def _answered(*, answers: bool) -> Iterator[None]:
    try:
        yield
    except RefusedError as refused:
        if answers:
            typer.echo(json.dumps(refused.answer, indent=2))
        raise
    except TyperException as misused:
        if answers:
            typer.echo(json.dumps(_unusable(misused).answer, indent=2))
        raise


def _unusable(misused: TyperException) -> RefusedError:
    """Say as a refusal what Typer found wrong with a command line."""
    context = getattr(misused, "ctx", None)
    command = context.command_path if context else "runbook"
    fix = f"`{command} --help` says what it takes"
    return RefusedError("the command line", [Refusal(command, misused.format_message(), fix)])
