"""What is said when: from a plan and the time alone, and by one run only."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from runbook.model import secret_ages
from runbook.model.loader import load_environment
from runbook_constructs.secret_ages.handler.asking import (
    AGAIN,
    REVOKE_AFTER,
    WITHOUT_VALUE,
    Plan,
    Run,
    State,
    asks,
    percent,
)

MADE = datetime(2026, 1, 1, 5, 7, 9, tzinfo=UTC)
EVERY = timedelta(hours=6)
KEY = Plan("stripe-api-key", 90, "platform-engineering", supplied=True)
TOKEN = Plan("mcp-inbound-token", 90, "ai-engineering", supplied=False)
FRESH = State(MADE, MADE, has_previous=False)
PROMOTED = State(MADE, MADE, has_previous=True)
EMPTY = State(MADE, None, has_previous=False)
DUE = MADE + timedelta(days=72)


def run(at: datetime) -> Run:
    return Run("rovn/production", at, EVERY, due_soon=80)


def said(plan: Plan, state: State, days: int) -> list[tuple[timedelta, str]]:
    """Run every six hours for so many days: what is said, and how long after the value."""
    start = datetime(2026, 1, 1, 0, 20, tzinfo=UTC)
    runs = (start + EVERY * number for number in range(days * 4))
    return [(at - MADE, subject) for at in runs for subject, _ in asks(plan, state, run(at))]


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("age", "found"),
    [
        (timedelta(0), 0),
        (timedelta(hours=23), 0),
        (timedelta(days=9), 10),
        (timedelta(days=72), 80),
        (timedelta(days=90), 100),
        (timedelta(days=90, hours=23), 100),
        (timedelta(days=91), 91 / 0.9),
        (timedelta(days=-1), 0),
    ],
)
def test_an_age_counts_whole_days_of_the_cadence(age: timedelta, found: float) -> None:
    """The command counts as the metric does, from the same moment on."""
    assert percent(KEY, FRESH, MADE + age) == pytest.approx(found)
    secret = load_environment("rovn/production").secrets[KEY.name]
    assert secret_ages.age_percent(secret, age / timedelta(days=1)) == pytest.approx(found)


def test_a_secret_without_a_value_counts_more_than_any() -> None:
    assert percent(KEY, EMPTY, MADE) == WITHOUT_VALUE == secret_ages.WITHOUT_VALUE


@pytest.mark.clause("ROVN-SEC-3")
def test_from_80_percent_on_somebody_is_asked_each_week_until_there_is_a_new_value() -> None:
    found = said(KEY, FRESH, 100)
    assert [subject for _, subject in found] == ["rovn/production: rotate stripe-api-key"] * 4
    for number, (after, _) in enumerate(found):
        exactly = timedelta(days=72) + number * AGAIN
        assert exactly <= after < exactly + EVERY


def test_a_secret_without_a_value_is_asked_for_from_its_first_day() -> None:
    assert len(said(KEY, EMPTY, 15)) == 3


@pytest.mark.clause("ROVN-SEC-3")
def test_who_promoted_a_key_is_reminded_to_revoke_the_one_before() -> None:
    found = said(KEY, PROMOTED, 20)
    subject = "rovn/production: revoke the previous stripe-api-key"
    assert [what for _, what in found] == [subject] * len(REVOKE_AFTER)
    for (after, _), exactly in zip(found, REVOKE_AFTER, strict=True):
        assert exactly <= after < exactly + EVERY


@pytest.mark.parametrize("state", [FRESH, PROMOTED, EMPTY])
def test_nobody_is_asked_for_what_a_function_makes(state: State) -> None:
    assert said(TOKEN, state, 200) == []


def test_each_is_said_by_one_run_to_the_second() -> None:
    for seconds in (-1, 0, 1):
        moment = DUE + timedelta(seconds=seconds)
        found = Counter(
            subject
            for number in range(-2, 3)
            for subject, _ in asks(KEY, FRESH, run(moment + EVERY * number))
        )
        assert found.total() == 1, seconds


def test_a_task_names_secret_owner_age_cadence_and_command() -> None:
    ((_, text),) = asks(KEY, FRESH, run(DUE))
    assert text == (
        "stripe-api-key is 72 days old, 80 % of its 90. Its owner, platform-engineering, makes a "
        "new key at the vendor and gives it to an operator, who runs: runbook rotate "
        "rovn/production --secret stripe-api-key --value-stdin"
    )
    ((_, text),) = asks(KEY, EMPTY, run(MADE))
    assert text.startswith("stripe-api-key has no value yet; its cadence is 90 days. Its owner")


def test_a_reminder_says_since_when_and_who() -> None:
    ((_, text),) = asks(KEY, PROMOTED, run(MADE + REVOKE_AFTER[0]))
    assert text == (
        "stripe-api-key has a new value since 2026-01-01 05:07 UTC. The key of before works at "
        "the vendor until platform-engineering revokes it there; who has done that already has "
        "nothing left to do."
    )
