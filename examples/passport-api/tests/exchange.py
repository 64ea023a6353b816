"""`python -m tests.exchange`: who takes whose, with values of secrets as a rotation made them.

Reads one JSON object: `documents` of signing keys, and `signed` as [signer's document, when signed,
verifier's document, when verified]; `tokens`, values of a rotated token, and `shown` as [which
value's token, to a task with which value, when]; `life` in seconds. Writes for each of `signed` and
`shown` whether it is taken, and `first`, a document as `python -m local` makes it.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from local.signing_keys import first_document
from passport_api.bearer_access import BearerTokens
from passport_api.signing_keys import InvalidTokenError, SigningKeys

_KIND = "receipt+jwt"


def main(given: dict[str, Any]) -> dict[str, Any]:
    """Say for each exchange whether it works."""
    keys = [SigningKeys(document) for document in given["documents"]]
    tokens = [json.loads(value) for value in given["tokens"]]
    life = timedelta(seconds=given["life"])
    return {
        "signed": [
            _verifies(
                keys[verifier],
                keys[signer].sign({}, kind=_KIND, life=life, now=datetime.fromisoformat(then)),
                datetime.fromisoformat(now),
            )
            for signer, then, verifier, now in given["signed"]
        ],
        "shown": [
            _takes(tokens[taker], tokens[holder]["token"], datetime.fromisoformat(now))
            for holder, taker, now in given["shown"]
        ],
        "first": first_document(datetime.now(UTC)),
    }


def _verifies(keys: SigningKeys, token: str, now: datetime) -> bool:
    try:
        keys.verify(token, kind=_KIND, now=now)
    except InvalidTokenError:
        return False
    return True


def _takes(value: dict[str, str], shown: str, now: datetime) -> bool:
    tokens = BearerTokens(
        token=SecretStr(value["token"]),
        previous=SecretStr(value["previous"]),
        previous_until=value["previous_until"],
    )
    return tokens.accepted(shown, now) is not None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.load(sys.stdin))))
