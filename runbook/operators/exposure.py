"""What gets an exposed value out of use: how often to rotate, and what else to do (DLX-SEC-1)."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from runbook.model.refusal import Refusal
from runbook.model.secrets import Mechanism, Secret
from runbook.operations.account import Account, is_denied
from runbook.operators.secret_state import NO_OVERLAP, SecretState, had_version, read_state

# Rotations after which nothing of a value works any more. A token, and one of two database users,
# stays valid as the previous one through the first; of key pairs the next one was exposed, too.
# Retired keys would be taken for the overlap, however many rotations there are: that is ended.
ROTATIONS: dict[Mechanism, int] = {
    "database_master": 1,
    "database_user": 2,
    "generated_token": 2,
    "signing_key": 2,
}


def ends_overlap(secret: Secret) -> bool:
    """Whether what a rotation retires is taken on for a time, unless the overlap is ended."""
    return secret.mechanism == "signing_key"


def rotations_left(secret: Secret, state: SecretState, exposed: str) -> int:
    """Count the rotations until the version ``exposed`` is out of use.

    A version that has no label any more was rotated away twice at least; how often nobody can
    tell, so the rest is done. Where the overlap is to be ended, one more is needed after that,
    unless the version was the current one then: whatever came in its place is without overlap.
    """
    wanted = ROTATIONS[secret.mechanism]
    # One that is pending will be the current one: what is under way is joined first.
    if state.current is None or exposed in {v.id for v in (state.current, state.pending) if v}:
        return wanted
    if state.previous and state.previous.id == exposed:
        return wanted - 1
    return int(ends_overlap(secret) and state.no_overlap != exposed)


def unknown(account: Account, state: SecretState, exposed: str) -> Iterator[Refusal]:
    """Refuse a version that the secret never had: it would count as out of use already."""
    labelled = {v.id for v in (state.current, state.pending, state.previous) if v}
    if exposed and exposed not in labelled and not had_version(account, state.name, exposed):
        why = f"{state.name} has no version {exposed!r}, or had it long ago"
        fix = "leave it out: it begins with the version in use, and nothing of before is left"
        yield Refusal("--exposed-version", why, fix)


def end_overlap(account: Account, state: SecretState) -> None:
    """Let rotations keep nothing that they retire; raises ClientError.

    The label is put on the current version: AWS lets whoever may promote a version do that, and
    the function reads it with the others.
    """
    if state.no_overlap is None and state.current is not None:
        _label(account, state, {"MoveToVersionId": state.current.id}, wanted=True)


def let_overlap(account: Account, state: SecretState) -> None:
    """Let the rotations to come overlap again; raises ClientError."""
    if state.no_overlap is not None:
        _label(account, state, {"RemoveFromVersionId": state.no_overlap}, wanted=False)


def _label(account: Account, state: SecretState, change: dict[str, str], *, wanted: bool) -> None:
    try:
        account.client("secretsmanager").update_secret_version_stage(
            SecretId=state.name, VersionStage=NO_OVERLAP, **change
        )
    except ClientError as error:
        # Asked a second time, after an answer that was lost, it is so already.
        key = state.name.removeprefix(f"{account.environment.name}/")
        if is_denied(error) or (read_state(account, key).no_overlap is not None) is not wanted:
            raise


def locked_out(secret: Secret) -> str:
    """Say whom these rotations lock out, because that is what they are for."""
    match secret.mechanism:
        case "generated_token":
            return "whoever else holds the token has to fetch the new one: it has no overlap now"
        case "signing_key":
            return (
                "nothing is taken that any key of before has signed, without the overlap of other "
                "rotations: whoever is signed in has to sign in again"
            )
        case _:
            return "its consumers go on; whoever else logs in with it is locked out"
