"""Tokens over many rotations, side by side in old and new tasks; and every value that is none."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from runbook_constructs.secret_rotation.handler.steps import Values
from runbook_constructs.secret_rotation.handler.tokens import TokenStrategy
from tests.constructs.secret_rotation.rotated_secret import START, RotatedSecret

HOURS = 24
TOKEN = "canary-0123456789-abcdefghijklmnopqrst"  # noqa: S105 - no secret
STRATEGY = TokenStrategy(HOURS, START)
JUST_BEFORE, JUST_AFTER = timedelta(hours=HOURS, seconds=-1), timedelta(hours=HOURS)
NOT_TAKEN = "does not go on taking the current token"
OTHER_KEYS = "has other keys than previous, previous_until, token"
NOT_MADE = "is not one that a rotation made"


@pytest.fixture
def manager() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-2")


def takes(value: str, token: str, now: datetime) -> bool:
    """Say whether a task that was started with this value lets a caller in."""
    held = json.loads(value)
    if token == held["token"]:
        return True
    return bool(
        held["previous"]
        and token == held["previous"]
        and now < datetime.fromisoformat(held["previous_until"])
    )


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("apart", [timedelta(days=90), timedelta(hours=25), timedelta(hours=4)])
@pytest.mark.parametrize(
    "first", [TOKEN, json.dumps({"token": TOKEN, "previous": "", "previous_until": ""})]
)
def test_ten_rotations_lock_nobody_out(manager: Any, apart: timedelta, first: str) -> None:  # noqa: ANN401
    secret = RotatedSecret(manager, first, lambda each: TokenStrategy(HOURS, each.now))
    values = [json.dumps({"token": TOKEN, "previous": "", "previous_until": ""})]
    for _ in range(10):
        secret.now += apart
        values.append(secret.rotated())
        old, new = values[-2:]
        sent = json.loads(old)["token"]
        # Whoever sends the old one, to a task that was restarted already and to one that was not.
        for value in (old, new):
            assert takes(value, sent, secret.now)
            assert takes(value, sent, secret.now + JUST_BEFORE)
        assert not takes(new, sent, secret.now + JUST_AFTER)
    tokens = [json.loads(value)["token"] for value in values]
    assert len(set(tokens)) == len(tokens)
    assert [json.loads(value)["previous"] for value in values[1:]] == tokens[:-1]


def test_the_new_token_is_long_and_url_safe() -> None:
    made = {json.loads(STRATEGY.create(TOKEN))["token"] for _ in range(100)}
    assert len(made) == 100
    assert all(
        len(token) >= 64 and token.replace("-", "a").replace("_", "a").isalnum() for token in made
    )


def test_the_moment_is_spelled_in_utc() -> None:
    assert json.loads(STRATEGY.create(TOKEN))["previous_until"] == "2026-11-23T09:30:15Z"


@pytest.mark.parametrize(
    "current",
    [
        "",
        "canary",
        "canary with blanks 0123456789 0123456789",
        TOKEN + "\n",
        '{"token": "canary-0123456789',
        '{"token": "canary"}',
        '{"token": null, "canary": 1}',
        '{"password": "canary-0123456789-abcdefghijklmnopqrst"}',
        "{}",
        '{"token": ["canary-0123456789-abcdefghijklmnopqrst"]}',
    ],
)
def test_an_unreadable_current_value_is_refused_and_not_shown(
    current: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for attempt in (
        lambda: STRATEGY.create(current),
        lambda: STRATEGY.test(Values(current, STRATEGY.create(TOKEN), None)),
    ):
        with pytest.raises(ValueError, match="the current value") as refusal:
            attempt()
        assert "canary" not in f"{refusal.value!r}{vars(refusal.value)}{caplog.text}"
        assert refusal.value.__cause__ is None
        assert refusal.value.__context__ is None


def pending(**changes: object) -> str:
    made = json.loads(STRATEGY.create(TOKEN)) | changes
    return json.dumps({name: value for name, value in made.items() if value is not None})


def test_the_next_value_passes() -> None:
    STRATEGY.test(Values(TOKEN, pending(), None))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("canary", "is no JSON object"),
        ('["canary"]', "is no JSON object"),
        (pending(token=None), OTHER_KEYS),
        (pending(previous=None), OTHER_KEYS),
        (pending(canary=1), OTHER_KEYS),
        (pending(previous_until=17), OTHER_KEYS),
        (pending(token="canary" * 3), NOT_MADE),
        (pending(token="canary " * 12), NOT_MADE),
        (pending(previous="canary"), NOT_TAKEN),
        (pending(previous=""), NOT_TAKEN),
        (pending(previous_until="canary"), "previous_until of the pending value is no moment"),
        (pending(previous_until="2026-11-23T09:30:15"), "is no moment in UTC"),
        (pending(previous_until="2026-11-23T09:30:15+02:00"), "is no moment in UTC"),
        (pending(previous_until="2026-11-22T09:30:15Z"), "the overlap ended before the rotation"),
        (pending(previous_until="2026-11-23T09:30:16Z"), "takes the current token for too long"),
    ],
)
def test_another_value_does_not(value: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        STRATEGY.test(Values(TOKEN, value, None))
    assert "canary" not in f"{refusal.value!r}{vars(refusal.value)}"


def test_the_overlap_ends_on_the_second() -> None:
    begun = START.replace(microsecond=0)
    values = Values(TOKEN, TokenStrategy(HOURS, begun).create(TOKEN), None)
    TokenStrategy(HOURS, begun + JUST_BEFORE).test(values)
    with pytest.raises(ValueError, match="the overlap ended before the rotation did"):
        TokenStrategy(HOURS, begun + JUST_AFTER).test(values)


def test_a_token_comes_only_once() -> None:
    old, older = pending(), pending()
    again = json.loads(old)["token"]
    first = json.dumps(json.loads(old) | {"previous": "x" * 64})
    for values in (
        Values(first, pending(token=again, previous=again), None),
        Values(first, pending(token="x" * 64, previous=again), None),
        Values(TOKEN, pending(token=json.loads(older)["token"]), older),
    ):
        with pytest.raises(ValueError, match="has been in use before"):
            STRATEGY.test(values)


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers()).map(json.dumps))
def test_what_is_made_of_any_readable_value_passes(current: str) -> None:
    try:
        made = STRATEGY.create(current)
    except ValueError:
        return
    STRATEGY.test(Values(current, made, None))
