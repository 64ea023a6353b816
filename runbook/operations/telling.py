"""What a command says: where it is, what it would change, what went wrong and what to do."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, advice, words
from runbook.operations.console import Console
from runbook.operations.operation import OperationFailedError
from runbook.operations.preview import Preview

# What Python raises where an answer has another form than the code reads.
STRANGE = (AttributeError, LookupError, TypeError, ValueError)
UNANSWERED = (ClientError, BotoCoreError, *STRANGE)


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


def show_found(found: Mapping[str, Any], console: Console) -> None:
    """Print what is there now, a line each; what is nested was told in words."""
    for name, value in found.items():
        if isinstance(value, list):
            console.say("\n".join([f"  {name}:", *(f"    {line}" for line in value)]))
        elif not isinstance(value, Mapping):
            console.say(f"  {name}: {value}")


def complain(failed: OperationFailedError, console: Console) -> None:
    """Print a failure: what, why, what to do."""
    lines = [f"Failed: {failed.what}", *(f"  why: {why}" for why in failed.why)]
    console.complain("\n".join([*lines, f"  now: {failed.fix}"]))


def strange(error: Exception) -> str:
    """Say that an answer had another form than ours reads, and where; its words may be secret."""
    steps = traceback.extract_tb(error.__traceback__)
    ours = [step for step in steps if "/runbook/" in step.filename] or steps
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "an unknown place"
    return f"an answer was not of the form that is expected: {type(error).__name__} at {place}"


def in_words(error: Exception) -> str:
    """Say an error, of AWS or of our own."""
    if isinstance(error, ClientError | BotoCoreError):
        return words(error)
    return strange(error) if isinstance(error, STRANGE) else str(error)


def advice_on(error: Exception) -> str:
    """Say what to do about an error, of AWS or of our own."""
    if isinstance(error, ClientError | BotoCoreError):
        return advice(error)
    return "run the same command again; if it says this again, it is a defect: report it"


def error_line(error: Exception, result: Mapping[str, Any], stands: str) -> str:
    """Say in one line where it was, what went wrong, how it stands, and what to do."""
    where = "{operation} in {environment} (account {account}, {region})".format(**result)
    return f"{where}: {in_words(error)}. {stands} Now: {advice_on(error)}."
