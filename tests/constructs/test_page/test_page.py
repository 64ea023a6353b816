"""The function rings once a month in time, and counts what SNS delivered."""

from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from runbook_constructs.test_page.handler import page as function
from tests.constructs.release_gate.faults import client_error
from tests.constructs.test_page.metrics import (
    DAYS,
    ENVIRONMENT,
    NOON,
    PAGES,
    SETTINGS,
    CloudWatch,
    Json,
    action,
    change,
    page,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def run(task: str, at: datetime = NOON) -> Json:
    return function.handler({"task": task, "time": at.isoformat()}, None)


def later(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(function, "_now", lambda: now)


@pytest.mark.clause("ALL-7")
def test_the_first_business_day_of_a_month_rings(cloudwatch: CloudWatch) -> None:
    assert run("ring") == {"rung": True}
    assert cloudwatch.seen(PAGES) == [(NOON, 1)]


@pytest.mark.clause("ALL-7")
def test_a_month_rings_once(cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    cloudwatch.history = page(NOON + MINUTE)
    cloudwatch.told(NOON + 2 * MINUTE)
    for days in (1, 2, 29):
        now = NOON + days * DAY
        later(monkeypatch, now)
        assert run("ring", now)["rung"] is False
    assert cloudwatch.seen(PAGES) == []
    # History of the month before does not count for the next.
    later(monkeypatch, NOON + 31 * DAY)
    assert run("ring", NOON + 31 * DAY) == {"rung": True}


def test_what_did_not_ring_is_rung_on_the_next_business_day(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("ring")["rung"]
    cloudwatch.history = [change(NOON - 40 * DAY, "OK")]
    later(monkeypatch, NOON + DAY)
    assert run("ring", NOON + DAY) == {"rung": True}


@pytest.mark.clause("ALL-7")
def test_what_did_not_arrive_is_rung_again_once_a_day(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudwatch.history = page(NOON + MINUTE)
    # Slack has it, and SNS tried nothing at a pager that waits.
    cloudwatch.told(NOON + 2 * MINUTE, handed_over=2)
    for days in (1, 2):
        now = NOON + days * DAY
        later(monkeypatch, now)
        assert run("ring", now) == {"rung": True}
        cloudwatch.history += page(now + MINUTE)
    cloudwatch.told(now + 2 * MINUTE)
    later(monkeypatch, NOON + 3 * DAY)
    assert run("ring", NOON + 3 * DAY)["why"].startswith("delivered this month")
    assert cloudwatch.seen(PAGES) == [(NOON + DAY, 1), (NOON + 2 * DAY, 1)]


def test_a_page_of_a_moment_ago_is_not_rung_over(cloudwatch: CloudWatch) -> None:
    cloudwatch.history = [change(NOON - 2 * MINUTE, "ALARM")]
    assert run("ring")["why"] == "rang a moment ago: the next business day judges it"
    assert cloudwatch.seen(PAGES) == []


@pytest.mark.clause("ALL-7")
def test_an_attempt_that_was_made_again_does_not_count_against_it(cloudwatch: CloudWatch) -> None:
    """SNS counts each attempt that failed, also before the one that went well."""
    cloudwatch.history = page(NOON - DAY)
    cloudwatch.told(NOON - DAY + MINUTE, failed=1)
    assert run("count")["days"] == 1


@pytest.mark.parametrize("channels", ["0", "-1", "", "two"])
def test_no_number_of_channels_is_an_error(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch, channels: str
) -> None:
    monkeypatch.setenv("CHANNELS", channels)
    with pytest.raises(ValueError, match=r"CHANNELS|invalid literal"):
        run("count")
    assert cloudwatch.seen(DAYS) == []


@pytest.mark.parametrize("late", [11 * MINUTE, 9 * HOUR, 23 * HOUR])
def test_what_eventbridge_delivers_late_rings_nobody_at_night(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch, late: timedelta
) -> None:
    later(monkeypatch, NOON + late)
    assert run("ring")["why"] == "too late: the next business day rings"
    assert cloudwatch.seen(PAGES) == []


def test_what_is_delivered_twice_is_one_datapoint_of_one_minute(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("ring", NOON + timedelta(seconds=7))["rung"]
    later(monkeypatch, NOON + 2 * MINUTE)
    assert run("ring", NOON + timedelta(seconds=7))["rung"]
    assert cloudwatch.seen(PAGES) == [(NOON, 1)]


@pytest.mark.clause("ALL-7")
def test_a_new_environment_counts_from_its_first_count(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    for days in range(0, 40, 13):
        now = NOON + days * DAY
        later(monkeypatch, now)
        counted.append(run("count", now)["days"])
    assert counted == [0, 13, 26, 39]
    assert [value for _, value in cloudwatch.seen(DAYS)] == [0, 13, 26, 39]


@pytest.mark.clause("ALL-7")
def test_days_are_counted_from_the_last_page_that_was_delivered(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (20, 5):
        rung = NOON - days * DAY
        cloudwatch.history += page(rung)
        cloudwatch.told(rung + MINUTE)
    assert run("count")["days"] == 5
    # Its history is gone long before the next one is missed; what was found then is kept.
    cloudwatch.history = []
    later(monkeypatch, NOON + 36 * DAY)
    assert run("count", NOON + 36 * DAY)["days"] == 41


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("history", "handed_over", "failed"),
    [
        (page(NOON - DAY), 0, 0),
        (page(NOON - DAY), 0, 2),
        (page(NOON - DAY), 3, 1),
        # One was not there: SNS tries nothing, and nothing fails.
        (page(NOON - DAY), 2, 0),
        ([change(NOON - DAY, "ALARM"), action(NOON - DAY, done=False)], 4, 0),
        ([change(NOON - DAY, "ALARM")], 4, 0),
        ([change(NOON - DAY, "OK"), action(NOON - DAY)], 4, 0),
    ],
)
def test_a_page_that_did_not_arrive_ends_no_count(
    cloudwatch: CloudWatch, history: list[Json], handed_over: float, failed: float
) -> None:
    cloudwatch.put(DAYS, 0, NOON - 50 * DAY)
    cloudwatch.history = history
    cloudwatch.told(NOON - DAY + MINUTE, handed_over=handed_over, failed=failed)
    # Since its first count, of which CloudWatch says the day.
    assert run("count")["days"] == 50
    assert run("count")["last"] is None


def test_a_page_of_a_moment_ago_is_judged_tomorrow(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudwatch.put(DAYS, 0, NOON - 50 * DAY)
    cloudwatch.history = page(NOON - 10 * MINUTE)
    cloudwatch.told(NOON - 9 * MINUTE)
    assert run("count")["days"] == 50
    later(monkeypatch, NOON + HOUR)
    assert run("count", NOON + HOUR)["days"] == 0


def test_messages_of_another_hour_say_nothing_of_the_page(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(DAYS, 0, NOON - 50 * DAY)
    cloudwatch.history = page(NOON - DAY)
    cloudwatch.told(NOON - DAY - HOUR)
    cloudwatch.told(NOON - DAY + HOUR)
    assert run("count")["days"] == 50


def test_of_two_clocks_the_earlier_counts(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudwatch.history = page(NOON - DAY)
    cloudwatch.told(NOON - DAY + MINUTE)
    later(monkeypatch, NOON + 20 * HOUR)
    assert run("count", NOON)["days"] == 1


@pytest.mark.parametrize("operation", ["describe_alarm_history", "get_metric_statistics"])
def test_who_cannot_look_counts_nothing(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """The alarm on silence is the one that rings then."""

    def refused(**_: object) -> Json:
        raise client_error("AccessDenied", operation, 403)

    monkeypatch.setattr(cloudwatch, operation, refused)
    with pytest.raises(ClientError, match="AccessDenied"):
        run("count")
    assert cloudwatch.seen(DAYS) == [] if operation == "describe_alarm_history" else True
    with pytest.raises(ClientError, match="AccessDenied"):
        run("ring")
    assert cloudwatch.seen(PAGES) == []


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"task": "other", "time": NOON.isoformat()}, "no task 'other'"),
        ({"task": "ring", "time": "2026-12-01T15:15:00"}, "does not say its zone"),
        ({"task": "ring", "time": "noon"}, "Invalid isoformat"),
    ],
)
def test_an_event_of_somebody_else_is_refused(
    cloudwatch: CloudWatch, event: Json, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        function.handler(event, None)
    assert cloudwatch.seen(PAGES) == []


@pytest.mark.parametrize("event", [{}, {"task": "ring"}, {"time": NOON.isoformat()}])
def test_an_event_that_lacks_something_is_refused(cloudwatch: CloudWatch, event: Json) -> None:
    with pytest.raises(KeyError):
        function.handler(event, None)
    assert cloudwatch.seen(PAGES) == []


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "AWS_DEFAULT_REGION"])
def test_without_a_setting_nothing_is_done(
    cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(KeyError, match=name):
        run("ring")
    assert cloudwatch.seen(PAGES) == []


def test_another_environment_is_nobody_s_business(cloudwatch: CloudWatch) -> None:
    other = [{"Name": "Environment", "Value": ENVIRONMENT.replace("production", "staging")}]
    cloudwatch.put(DAYS, 0, NOON - 50 * DAY, other)
    assert run("count")["days"] == 0
