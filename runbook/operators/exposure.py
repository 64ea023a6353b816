"""What gets an exposed value out of use: how often to rotate, and what else to do (DLX-SEC-1)."""

from runbook.model.secrets import Mechanism, Secret
from runbook.operators.secret_state import SecretState

# Rotations after which nothing of a value works any more. A token, and one of two database users,
# stays valid as the previous one through the first; of key pairs the next one was exposed, too.
ROTATIONS: dict[Mechanism, int] = {
    "database_master": 1,
    "database_user": 2,
    "generated_token": 2,
    "signing_key": 3,
}


def rotations_left(secret: Secret, state: SecretState, exposed: str) -> int:
    """Count the rotations until the version ``exposed`` is out of use.

    A version that has no label any more was rotated away twice at least; how often nobody can
    tell, so the rest is done.
    """
    wanted = ROTATIONS[secret.mechanism]
    if state.current is None or state.current.id == exposed:
        return wanted
    done = 1 if state.previous and state.previous.id == exposed else 2
    return max(0, wanted - done)


def locked_out(secret: Secret) -> str:
    """Say whom these rotations lock out, because that is what they are for."""
    match secret.mechanism:
        case "generated_token":
            return "whoever else holds the token has to fetch the new one: it has no overlap now"
        case "signing_key":
            return "what was signed with the exposed keys is taken no more: users sign in again"
        case _:
            return "its consumers go on; whoever else logs in with it is locked out"
