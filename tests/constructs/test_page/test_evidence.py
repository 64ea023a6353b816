"""Which test pages rang, which the topic took, which SNS delivered; and every near miss."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_constructs.test_page.handler.evidence import (
    delivered,
    published,
    rang,
    whole_days,
)
from tests.constructs.test_page.metrics import TOPIC, Json, action, change, page

AT = datetime(2026, 12, 1, 14, 16, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OTHER = TOPIC.replace("sev-1", "sev-2")


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    "history",
    [
        page(AT),
        list(reversed(page(AT))),
        [change(AT, "ALARM"), action(AT + SECOND)],
        # CloudWatch dates the two by themselves.
        [change(AT, "ALARM"), action(AT - SECOND)],
        [change(AT - MINUTE, "OK"), *page(AT)],
        [change(AT, "ALARM"), action(AT, OTHER), action(AT)],
    ],
)
def test_a_page_that_the_topic_took(history: list[Json]) -> None:
    assert published(history, TOPIC) == [AT]


@pytest.mark.parametrize(
    "history",
    [
        [],
        [change(AT, "ALARM")],
        [action(AT)],
        [change(AT, "OK"), action(AT)],
        [change(AT, "ALARM"), action(AT, done=False)],
        [change(AT, "ALARM"), action(AT, OTHER)],
        [change(AT, "ALARM"), action(AT, f"{TOPIC}-2")],
        [change(AT, "ALARM"), action(AT + 2 * MINUTE)],
        [change(AT, "ALARM"), action(AT - MINUTE)],
        # It told its end, and not that it rang.
        [change(AT, "ALARM"), change(AT + 10 * SECOND, "OK"), action(AT + 11 * SECOND)],
    ],
)
def test_near_misses(history: list[Json]) -> None:
    assert published(history, TOPIC) == []


def test_each_of_several_is_judged_alone() -> None:
    days = [AT + timedelta(days=number) for number in range(3)]
    history = [*page(days[0]), change(days[1], "ALARM"), *page(days[2])]
    assert rang(history) == days
    assert published(history, TOPIC) == [days[0], days[2]]


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("taken", "handed_over", "well"),
    [
        ([1.0], [2.0], True),
        ([0.0, 1.0], [0.0, 1.0, 1.0], True),
        ([1.0, 1.0], [4.0], True),
        ([], [], False),
        ([0.0], [0.0], False),
        ([], [2.0], False),
        ([1.0], [], False),
        # One of the two channels waits for its confirmation, or is gone: SNS tries nothing there.
        ([1.0], [1.0], False),
        ([2.0], [2.0], False),
        # The page reached one of them, its end both.
        ([2.0], [3.0], False),
    ],
)
def test_delivered_is_each_message_to_each_channel(
    taken: list[float], handed_over: list[float], *, well: bool
) -> None:
    assert delivered(taken, handed_over, 2) is well


def test_an_item_that_says_its_state_otherwise_is_an_error() -> None:
    with pytest.raises(KeyError, match="newState"):
        rang([change(AT, "ALARM") | {"HistoryData": "{}"}])
    with pytest.raises(ValueError, match="Expecting"):
        rang([change(AT, "ALARM") | {"HistoryData": ""}])


@given(days=st.integers(0, 500), rest=st.timedeltas(timedelta(), timedelta(days=1) - SECOND))
def test_days_are_whole(days: int, rest: timedelta) -> None:
    assert whole_days(AT - timedelta(days=days) - rest, AT) == days
    assert whole_days(AT + rest, AT) == 0
