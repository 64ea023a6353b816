"""What is on its way while keys and tokens rotate, between tasks of the example service itself.

The values are made by the functions, step by step; the service's own code signs, verifies and lets
in, in its own virtual environment. A restart takes its time, so every mixture is tried: a task with
the old value and one with the new, either as the one who signs or shows.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import boto3
import pytest
from moto import mock_aws

from runbook_constructs.secret_rotation.handler.key_document import only, read
from runbook_constructs.secret_rotation.handler.signing_keys import SigningKeyStrategy
from runbook_constructs.secret_rotation.handler.tokens import TokenStrategy
from tests.assembly import ROOT
from tests.constructs.secret_rotation.rotated_secret import KEY_ARN, RotatedSecret, kms_with

EXAMPLE = ROOT / "examples" / "passport-api"
HOURS = 24
OVERLAP, SECOND = timedelta(hours=HOURS), timedelta(seconds=1)
LIVES = [timedelta(minutes=1), timedelta(hours=1), OVERLAP / 2]
# Rotations by the calendar; by hand, one soon after the other.
CADENCES = [timedelta(days=180), timedelta(hours=25), timedelta(hours=5)]
ROTATIONS = 10


@dataclass
class Exchange:
    """Values of a secret over several rotations, and what is tried with them."""

    documents: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    rotated: list[datetime] = field(default_factory=list)
    signed: list[tuple[int, datetime, int, datetime]] = field(default_factory=list)
    shown: list[tuple[int, int, datetime]] = field(default_factory=list)

    def ask(self, life: timedelta) -> dict[str, Any]:
        """Let the service answer."""
        given = {
            "documents": self.documents,
            "tokens": self.tokens,
            "signed": self.signed,
            "shown": self.shown,
            "life": life.total_seconds(),
        }
        done = subprocess.run(
            [EXAMPLE / ".venv" / "bin" / "python", "-m", "tests.exchange"],
            cwd=EXAMPLE,
            input=json.dumps(given, default=str),
            capture_output=True,
            text=True,
            check=True,
        )
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def manager() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-2")


@pytest.fixture(
    scope="module",
    params=CADENCES,
    ids=lambda apart: f"every {apart / timedelta(hours=1):.0f} h",
)
def values(request: pytest.FixtureRequest, manager: Any) -> Exchange:  # noqa: ANN401 - boto3
    """Rotate a first document and a first token ten times."""
    kms = kms_with(ROTATIONS + 2)
    keys = RotatedSecret(
        manager, '{"keys": []}', lambda each: SigningKeyStrategy(kms, KEY_ARN, HOURS, each.now)
    )
    token = RotatedSecret(manager, "x" * 64, lambda each: TokenStrategy(HOURS, each.now))
    made = Exchange([keys.rotated()], [token.rotated()], [keys.now])
    for _ in range(ROTATIONS):
        keys.now = token.now = keys.now + request.param
        made.documents.append(keys.rotated())
        made.tokens.append(token.rotated())
        # As the values have it.
        made.rotated.append(keys.now.replace(microsecond=0))
    return made


@pytest.fixture
def exchange(values: Exchange) -> Exchange:
    """Begin with the values, and nothing tried yet."""
    return replace(values, signed=[], shown=[])


@pytest.mark.clause("ROVN-SEC-3")
def test_neighbours_verify_each_other(exchange: Exchange, record_cases: list[str]) -> None:
    """From before a rotation until half the overlap later, when the restart is to have ended."""
    tried = 0
    for life in LIVES:
        wanted = []
        exchange.signed.clear()
        for new, moment in list(enumerate(exchange.rotated))[1:]:
            for signer, verifier, then, after in product(
                (new - 1, new),
                (new - 1, new),
                (moment - SECOND, moment, moment + OVERLAP / 2 - SECOND),
                (timedelta(0), life / 2, life - SECOND, life),
            ):
                exchange.signed.append((signer, then, verifier, then + after))
                wanted.append(after < life)
        assert exchange.ask(life)["signed"] == wanted
        tried += len(wanted)
    record_cases.append(
        f"in flight: {tried} tokens between tasks with neighbouring documents of signing keys, "
        f"{ROTATIONS} rotations, lives of {', '.join(map(str, LIVES))}"
    )


@pytest.mark.clause("ROVN-SEC-3")
def test_what_was_signed_outlives_later_rotations(exchange: Exchange) -> None:
    """Signed just before a rotation, verified by every later document until its life ends."""
    life = OVERLAP / 2
    for old, moment in enumerate(exchange.rotated[1:]):
        for verifier, known in list(enumerate(exchange.rotated))[old + 1 :]:
            at = max(moment - SECOND + life - SECOND, known)
            if at < moment - SECOND + life:
                exchange.signed.append((old, moment - SECOND, verifier, at))
    assert len(exchange.signed) >= ROTATIONS
    assert set(exchange.ask(life)["signed"]) == {True}


@pytest.mark.clause("ROVN-SEC-3")
def test_a_key_is_refused_once_its_overlap_has_ended(exchange: Exchange) -> None:
    """By every document after it, whenever it signs: somebody may have kept it."""
    for old, moment in enumerate(exchange.rotated[1:]):
        end = moment + OVERLAP
        for verifier in range(old + 1, len(exchange.rotated)):
            exchange.signed.append((old, end - SECOND, verifier, end))
    assert set(exchange.ask(timedelta(hours=1))["signed"]) == {False}


@pytest.mark.clause("ROVN-SEC-3")
def test_the_old_token_opens_old_and_new_tasks(exchange: Exchange, record_cases: list[str]) -> None:
    """The new one opens restarted tasks alone, so callers change once the restart has ended."""
    wanted = []
    for new, moment in list(enumerate(exchange.rotated))[1:]:
        for at in (moment, moment + OVERLAP - SECOND, moment + OVERLAP):
            in_time = at < moment + OVERLAP
            old = new - 1
            exchange.shown += [(old, old, at), (old, new, at), (new, new, at), (new, old, at)]
            wanted += [True, in_time, True, False]
    assert exchange.ask(OVERLAP)["shown"] == wanted
    record_cases.append(f"bearer tokens: {len(wanted)} shown to tasks with neighbouring values")


def test_a_laptop_s_document_is_one_of_ours() -> None:
    """What the example makes up for itself passes the strictest reader, its names included."""
    made = read(Exchange().ask(OVERLAP)["first"], "the example's")
    assert only(made, "current").kid != only(made, "next").kid
