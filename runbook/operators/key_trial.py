"""Try a vendor's key by one harmless question, before it is written anywhere (ROVN-SEC-3)."""

from base64 import b64encode

from runbook.model.refusal import Refusal
from runbook.model.secrets import Verification
from runbook.operators.web import Web

_REFUSED = (401, 403)


def tried(verification: Verification, key: str, web: Web) -> Refusal | None:
    """Ask the vendor with ``key``; None when it works, else why nothing may be written.

    A key that nobody could try counts as one that does not work. Neither the key nor the words of
    the server are in what is said.
    """
    answer = web.status(verification.url, _headers(verification, key))
    where = f"{verification.url} answers {answer.status}"
    if 200 <= answer.status < 300:
        return None
    if answer.status in _REFUSED:
        fix = "see that it is the whole key, of the right account and with its rights"
        return Refusal("value", f"the key does not work: {where}", fix)
    # Of what went wrong the kind alone: the rest may repeat what the server said.
    why = where if answer.status else f"{verification.url}: {answer.why.partition(':')[0]}"
    fix = "nothing is written; run the same command again when the vendor answers"
    return Refusal("value", f"it could not be told whether the key works: {why}", fix)


def _headers(verification: Verification, key: str) -> dict[str, str]:
    match verification.scheme:
        case "basic":
            value = f"Basic {b64encode(f'{key}:'.encode()).decode()}"
        case "bearer":
            value = f"Bearer {key}"
        case "plain":
            value = key
    return {**verification.headers, verification.header: value}
