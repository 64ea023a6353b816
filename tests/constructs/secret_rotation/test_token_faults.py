"""Every call of a rotation of tokens and signing keys, with everything that can happen to it.

Whatever happens, after each delivery of a step: the token that a caller holds is taken, and what
the old key signed verifies; what is pending once is never another; nothing that is said anywhere
has a token or a private key in it; when all is well again, the same rotation ends.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from runbook_constructs.secret_rotation.handler.key_document import read
from runbook_constructs.secret_rotation.handler.signing_keys import SigningKeyStrategy
from runbook_constructs.secret_rotation.handler.tokens import TokenStrategy
from tests.constructs.release_gate.faults import KINDS, Fault, Faulty
from tests.constructs.secret_rotation.rotated_secret import (
    KEY_ARN,
    STEPS,
    Heard,
    RotatedSecret,
    held,
    kms_with,
    secrets_of,
)

FIRST_TOKEN = "canary0" * 8
HOURS = 24
READS: list[tuple[str, str, int]] = [
    ("secretsmanager", operation, number)
    for operation, times in (("describe_secret", 4), ("get_secret_value", 8))
    for number in range(1, times + 1)
]
WRITES = [
    ("secretsmanager", "put_secret_value", 1),
    ("secretsmanager", "update_secret_version_stage", 1),
]
MAKES = [("kms", "generate_data_key_pair", 1)]
CALLS = {"generated_token": READS + WRITES, "signing_key": READS + WRITES + MAKES}
CASES = [
    (mechanism, call, kind)
    for mechanism, calls in CALLS.items()
    for call in calls
    for kind in KINDS
]
MECHANISMS = sorted(CALLS)


def tokens_taken(value: str, now: datetime) -> set[str]:
    """List what a consumer with this value takes from a caller."""
    document = held(value)
    taken = {document["token"]}
    if document.get("previous") and now < datetime.fromisoformat(document["previous_until"]):
        taken.add(document["previous"])
    return taken


def keys_taken(value: str, now: datetime) -> set[str]:
    """List whose signatures a consumer with this value takes, by key id."""
    hours = timedelta(hours=json.loads(value)["overlap_hours"])
    return {
        key.kid
        for key in read(value, "a value")
        if not key.retired or now < datetime.fromisoformat(key.retired) + hours
    }


def used(value: str) -> str:
    """Name what a consumer with this value sends, or signs with."""
    document = held(value)
    if "keys" not in document:
        return str(document["token"])
    [kid] = [key["kid"] for key in document["keys"] if key["role"] == "current"]
    return str(kid)


@dataclass(frozen=True)
class Mechanism:
    """How a mechanism begins, and what its consumers take."""

    first: str
    strategy: Callable[[RotatedSecret], Any]
    taken: Callable[[str, datetime], set[str]]


def mechanism(name: str) -> Mechanism:
    """Begin with a token, or with the keys that the first rotation made."""
    if name == "generated_token":
        return Mechanism(FIRST_TOKEN, lambda each: TokenStrategy(HOURS, each.now), tokens_taken)
    kms = kms_with(8)

    def strategy(secret: RotatedSecret) -> SigningKeyStrategy:
        return SigningKeyStrategy(Faulty(secret, "kms", kms), KEY_ARN, HOURS, secret.now)

    keys = SigningKeyStrategy(kms, KEY_ARN, HOURS, datetime(2026, 5, 26, tzinfo=UTC))
    return Mechanism(keys.create('{"keys": []}'), strategy, keys_taken)


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    """One account of moto's for all."""
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-2")


@pytest.fixture
def begun(account: Any) -> Iterator[Callable[[str], RotatedSecret]]:  # noqa: ANN401 - boto3
    """Make a secret whose every delivery is looked at, with all it says."""
    root, heard, level = logging.getLogger(), list[logging.Handler](), logging.getLogger().level

    def begin(name: str) -> RotatedSecret:
        how = mechanism(name)
        secret = RotatedSecret(account, how.first, how.strategy)
        seen = [secret.current]

        def watch(current: str) -> None:
            assert used(how.first) in how.taken(current, secret.now)
            if current != seen[-1]:
                seen.append(current)
            assert len(seen) <= 2

        secret.watch = watch
        heard.append(Heard(secret))
        root.addHandler(heard[-1])
        root.setLevel(logging.INFO)
        return secret

    yield begin
    for each in heard:
        root.removeHandler(each)
    root.setLevel(level)


def says_nothing(secret: RotatedSecret, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether no secret was said: in logs, errors with all their fields, or on the terminal."""
    versions = secret.manager.list_secret_version_ids(SecretId=secret.arn, IncludeDeprecated=True)[
        "Versions"
    ]
    values = [
        secret.manager.get_secret_value(SecretId=secret.arn, VersionId=version["VersionId"])
        for version in versions
    ]
    printed = capsys.readouterr()
    output = "\n".join([*secret.said, printed.out, printed.err])
    assert secret.said
    hidden = list(secrets_of([value["SecretString"] for value in values]))
    assert hidden
    return not any(each in output for each in hidden)


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("name", "call", "kind"),
    CASES,
    ids=[f"{n}-{c[1]}-{c[2]}-{k[0]}{' for good' if k[1] else ''}" for n, c, k in CASES],
)
def test_a_call_goes_wrong(
    begun: Callable[[str], RotatedSecret],
    name: str,
    call: tuple[str, str, int],
    kind: tuple[str, bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = begun(name)
    before = secret.current
    secret.fault = Fault(call[1], call[2], kind[0], lasting=kind[1])
    version = secret.begin()
    ended = secret.go_on(version)
    assert ended or kind[1], "".join(secret.said)
    secret.fault = None
    assert secret.go_on(version)
    assert secret.version("AWSCURRENT") == version
    assert used(secret.current) != used(before)
    assert says_nothing(secret, capsys)


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("last", range(len(STEPS)))
def test_steps_come_again_in_any_order(
    begun: Callable[[str], RotatedSecret], name: str, last: int
) -> None:
    """Each step of those before it, and itself, once more after it was done."""
    secret = begun(name)
    version = secret.begin()
    for number, step in enumerate(STEPS):
        assert secret.step(step, version)
        if number == last:
            pending = secret.manager.get_secret_value(SecretId=secret.arn, VersionId=version)
            for again in (*STEPS[: last + 1], *reversed(STEPS[: last + 1])):
                assert secret.step(again, version)
            after = secret.manager.get_secret_value(SecretId=secret.arn, VersionId=version)
            assert after["SecretString"] == pending["SecretString"]
    assert secret.version("AWSCURRENT") == version


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_rotation_that_outlasts_its_overlap_is_refused(
    begun: Callable[[str], RotatedSecret], name: str
) -> None:
    """Else the old token would be refused in the moment in which the new one is current."""
    secret = begun(name)
    before, version = secret.current, secret.begin()
    assert secret.step("createSecret", version)
    secret.now += timedelta(hours=HOURS)
    assert not secret.go_on(version)
    assert any("take AWSPENDING off that version and rotate again" in line for line in secret.said)
    assert secret.current == before
    assert used(secret.rotated()) != used(before)


@pytest.mark.parametrize("name", MECHANISMS)
def test_the_table_names_every_call(
    begun: Callable[[str], RotatedSecret], name: str, record_cases: list[str]
) -> None:
    secret = begun(name)
    secret.rotated()
    seen: Counter[str] = Counter()
    calls = []
    for service, operation in secret.calls:
        seen[operation] += 1
        calls.append((service, operation, seen[operation]))
    assert sorted(calls) == sorted(CALLS[name])
    tried = len(CALLS[name]) * len(KINDS)
    record_cases.append(
        f"rotation of a {name}: {tried + len(STEPS) + 1} faults tried: {len(CALLS[name])} calls x "
        f"{len(KINDS)} kinds, steps that come again after each of {len(STEPS)}, one too late"
    )
