"""What a command says: where it is, what it would change, what went wrong and what to do."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, advice, words
from runbook.operations.console import Console
from runbook.operations.operation import OperationFailedError
from runbook.operations.preview import Preview


def heading(kind: str, account: Account) -> dict[str, Any]:
    """Begin what machines read: which command, and where."""
    environment = account.environment
    return {
        "schema": 1,
        "operation": kind,
        "environment": environment.name,
        "account": environment.account,
        "region": environment.region,
    }


def show(preview: Preview, console: Console) -> None:
    """Print a preview for people."""
    console.say(preview.summary, "head")
    for change in preview.changes:
        mark = " " if change.expected else "!"
        console.say(f"{mark} {change}", "" if change.expected else "warn")
    for note in preview.notes:
        console.say(f"  {note}")
    for hold in preview.holds:
        console.say(f"! not yet, {hold.key}: {hold.reason}; {hold.fix}", "warn")


def complain(failed: OperationFailedError, console: Console) -> None:
    """Print a failure: what, why, what to do."""
    lines = [f"Failed: {failed.what}", *(f"  why: {why}" for why in failed.why)]
    console.complain("\n".join([*lines, f"  now: {failed.fix}"]))


def in_words(error: Exception) -> str:
    """Say an error, of AWS or of our own."""
    return words(error) if isinstance(error, ClientError | BotoCoreError) else str(error)


def error_line(error: ClientError | BotoCoreError, result: Mapping[str, Any], stands: str) -> str:
    """Say in one line where it was, what went wrong, how it stands, and what to do."""
    where = "{operation} in {environment} (account {account}, {region})".format(**result)
    return f"{where}: {words(error)}. {stands} Now: {advice(error)}."
