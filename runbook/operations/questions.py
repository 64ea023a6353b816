"""What changes nothing: a preview alone, a verification alone, a question; and how things end."""

from collections.abc import Callable, Mapping
from typing import Any

from runbook.model.refusal import RefusedError
from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Exit, Operation, OperationFailedError
from runbook.operations.telling import (
    UNANSWERED,
    advice_on,
    complain,
    error_line,
    heading,
    in_words,
    show,
    show_found,
)

UNCHANGED = "Nothing was changed."


def look(operation: Operation, account: Account, console: Console) -> Exit:
    """Preview it and stop; refused when the operation would be."""

    def looked() -> Exit:
        console.say(where(account))
        preview = operation.preview()
        result.update(preview.as_json(), outcome="preview")
        show(preview, console)
        if preview.refusals:
            raise RefusedError(operation.title, preview.refusals)
        if not (preview.nothing_to_do or preview.holds):
            agree = " --accept-changes" if preview.unexpected else ""
            result["next"] = operation.command + agree
            console.say(f"Next: {result['next']}")
        console.answer(result)
        return Exit.DONE

    result = heading(operation.kind, account)
    return Exit(told(looked, console, result))


def check(operation: Operation, account: Account, console: Console) -> Exit:
    """Verify it and nothing else."""

    def checked() -> tuple[int, Mapping[str, Any]]:
        verified = dict(operation.verify())
        show_found(verified, console)
        return Exit.DONE, {"outcome": "verified", "verified": verified}

    return Exit(read(operation.kind, account, console, checked))


def read(
    kind: str,
    account: Account,
    console: Console,
    look_up: Callable[[], tuple[int, Mapping[str, Any]]],
) -> int:
    """Answer a question that changes nothing, of this account and no other.

    ``look_up`` gives the exit code and what machines read.
    """

    def answered() -> int:
        console.say(where(account))
        code, found = look_up()
        console.answer(result | dict(found))
        return code

    result = heading(kind, account)
    return told(answered, console, result)


def where(account: Account) -> str:
    """Name the environment and who asks; raises ``RefusedError`` in another account."""
    return f"In {account.where}, as {account.identity()}"


def told(
    step: Callable[[], int],
    console: Console,
    result: dict[str, Any],
    how_it_stands: Callable[[], str] = lambda: UNCHANGED,
) -> int:
    """Turn what goes wrong into words and an exit code: a traceback helps nobody at night."""
    try:
        return step()
    except RefusedError as refused:
        console.complain(refused.brief)
        console.answer(result | refused.answer)
        return Exit.REFUSED
    except OperationFailedError as failed:
        complain(failed, console)
        failure = {"what": failed.what, "why": list(failed.why), "fix": failed.fix}
        console.answer(result | {"outcome": failed.outcome, "failure": failure})
        return Exit.FAILED
    except UNANSWERED as error:
        console.complain(error_line(error, result, how_it_stands()))
        failure = {
            "what": "AWS did not answer as it should",
            "why": [in_words(error)],
            "fix": advice_on(error),
        }
        console.answer(result | {"outcome": "refused", "failure": failure})
        return Exit.REFUSED
    except KeyboardInterrupt:
        console.say(f"\nInterrupted. {how_it_stands()}", "warn")
        console.answer(result | {"outcome": "interrupted"})
        return Exit.INTERRUPTED
