"""When mute rules mute: AWS's own schedules, clocks that change, and a year of production."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.alarms.alarm import BudgetAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.local_time import clipped, year
from runbook.alarms.matrix import Matrix
from runbook.alarms.mute_windows import mute_windows
from runbook.alarms.mute_windows import muted as muted_windows
from runbook.alarms.severities import level
from runbook.model.alerting import Alerting
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import RefusedError
from sandbox.emulator.mute_schedule import is_open
from simulator.cloudwatch.definitions import MuteRule
from simulator.cloudwatch.muting import MUTED, NO_START, OPEN, UNDOCUMENTED, muted
from simulator.cloudwatch.series import Grid
from simulator.templates.environments import definitions_of
from tests.alarms.alerting import ODD_ZONES, alertings
from tests.assembly import Assembly

HOUR = 3600
CODES = {OPEN: ".", MUTED: "m", NO_START: "?", UNDOCUMENTED: "c"}


def rule(
    expression: str,
    duration: str = "PT1H",
    timezone: str = "UTC",
    starts: str | None = None,
    ends: str | None = None,
    region: str | None = None,
) -> MuteRule:
    place = "template.json, Muted"
    return MuteRule("muted", place, expression, duration, timezone, ("api",), starts, ends, region)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def spells(
    rules: MuteRule | tuple[MuteRule, ...], start: str, end: str, step: int = 60
) -> list[tuple[str, str, str]]:
    """List what is not open between two times of UTC: letter, first and last evaluation."""
    begin = at(start)
    # The evaluation of the first step is at ``start`` itself.
    grid = Grid((at(end) - begin) // step, step, begin - step)
    found = muted(rules if isinstance(rules, tuple) else (rules,), "api", grid)
    changes = [0, *(np.flatnonzero(np.diff(found)) + 1).tolist(), grid.steps]
    return [
        (CODES[found[first]], _shown(begin + first * step), _shown(begin + (last - 1) * step))
        for first, last in pairwise(changes)
        if found[first] != OPEN
    ]


def _shown(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()[:16]


@pytest.mark.parametrize(
    ("schedule", "start", "end", "wanted"),
    [
        # The schedules of "Alarm Mute Rules" and of the API reference.
        (("cron(0 2 * * SUN)", "PT4H"), "2026-03-01", "2026-03-08",
         [("m", "2026-03-01T02:00", "2026-03-01T05:59")]),
        (("cron(0 1 1 * *)", "PT6H"), "2026-03-01", "2026-04-02",
         [("m", "2026-03-01T01:00", "2026-03-01T06:59"),
          ("m", "2026-04-01T01:00", "2026-04-01T06:59")]),
        (("cron(0 18 * * FRI)", "P2DT12H"), "2026-03-05", "2026-03-12",
         [("m", "2026-03-06T18:00", "2026-03-09T05:59")]),
        (("cron(0 23 * * *)", "PT2H"), "2026-03-01T12:00", "2026-03-03T00:00",
         [("m", "2026-03-01T23:00", "2026-03-02T00:59"),
          ("m", "2026-03-02T23:00", "2026-03-02T23:59")]),
        (("at(2024-05-10T14:00)", "PT4H"), "2024-05-01", "2024-05-20",
         [("m", "2024-05-10T14:00", "2024-05-10T17:59")]),
        (("at(2024-12-23T00:00)", "P7D"), "2024-12-20", "2025-01-10",
         [("m", "2024-12-23T00:00", "2024-12-29T23:59")]),
        # Lists, ranges, names; Sunday by each of its numbers.
        (("cron(0,30 5-6 * JAN,MAR-MAY 7)", "PT10M"), "2026-02-22", "2026-03-08",
         [("m", f"2026-03-01T0{hour}", f"2026-03-01T0{hour[0]}:{int(hour[2:]) + 9:02}")
          for hour in ("5:00", "5:30", "6:00", "6:30")]),
        (("cron(0 0 * * SAT-SUN)", "PT1M"), "2026-03-01", "2026-03-09",
         [("m", f"2026-03-0{day}T00:00", f"2026-03-0{day}T00:00") for day in (1, 7, 8)]),
        (("cron(0 0 * * SUN-MON)", "PT1M"), "2026-03-01", "2026-03-07",
         [("m", f"2026-03-0{day}T00:00", f"2026-03-0{day}T00:00") for day in (1, 2)]),
        (("cron(0 0 * * SUN-SUN)", "PT1M"), "2026-03-01", "2026-03-08",
         [("m", "2026-03-01T00:00", "2026-03-01T00:00")]),
        (("cron(0 0 29 2 *)", "PT1H"), "2026-01-01", "2028-03-02",
         [("m", "2028-02-29T00:00", "2028-02-29T00:59")]),
        # A window that is open already, for the longest there is.
        (("at(2026-03-01T00:00)", "P15D"), "2026-03-15T12:00", "2026-03-20",
         [("m", "2026-03-15T12:00", "2026-03-15T23:59")]),
        # Clocks of a time zone.
        (("cron(0 17 * * MON)", "PT1H", "America/New_York"), "2026-01-05", "2026-01-07",
         [("m", "2026-01-05T22:00", "2026-01-05T22:59")]),
        (("cron(0 17 * * MON)", "PT1H", "America/New_York"), "2026-07-06", "2026-07-08",
         [("m", "2026-07-06T21:00", "2026-07-06T21:59")]),
        # Real time: over the night in which clocks go forward, and back.
        (("cron(0 20 * * SAT)", "PT12H", "America/New_York"), "2026-03-07", "2026-03-09",
         [("m", "2026-03-08T01:00", "2026-03-08T12:59")]),
        (("cron(0 20 * * SAT)", "PT12H", "America/New_York"), "2026-10-31", "2026-11-02",
         [("m", "2026-11-01T00:00", "2026-11-01T11:59")]),
        # A time that clocks show twice, or never: AWS does not say.
        (("cron(30 1 * * SUN)", "PT1H", "America/New_York"), "2026-11-01", "2026-11-02",
         [("c", "2026-11-01T05:30", "2026-11-01T07:29")]),
        (("cron(30 1 * * SUN)", "PT2H", "America/New_York"), "2026-11-01", "2026-11-02",
         [("c", "2026-11-01T05:30", "2026-11-01T06:29"),
          ("m", "2026-11-01T06:30", "2026-11-01T07:29"),
          ("c", "2026-11-01T07:30", "2026-11-01T08:29")]),
        (("at(2026-03-08T02:30)", "PT1H", "America/New_York"), "2026-03-08", "2026-03-09",
         [("c", "2026-03-08T07:30", "2026-03-08T08:29")]),
        # Days of the month and of the week: AWS does not say whether one is enough.
        (("cron(0 0 1 * MON)", "PT1M"), "2026-05-30", "2026-06-09",
         [("m", "2026-06-01T00:00", "2026-06-01T00:00"),
          ("c", "2026-06-08T00:00", "2026-06-08T00:00")]),
        # Dates: a window before the start is cut or none; what has expired mutes no more.
        (("cron(0 0 * * *)", "PT2H", "UTC", "2026-03-02T01:00:00Z"), "2026-03-01", "2026-03-04",
         [("c", "2026-03-02T01:00", "2026-03-02T01:59"),
          ("m", "2026-03-03T00:00", "2026-03-03T01:59")]),
        (("cron(0 0 * * *)", "PT2H", "UTC", None, "2026-03-02T01:00"), "2026-03-01", "2026-03-04",
         [("m", "2026-03-01T00:00", "2026-03-01T01:59"),
          ("m", "2026-03-02T00:00", "2026-03-02T00:59")]),
        # An offset that is not the time zone's, of which two pages of AWS say two things.
        (("at(2026-03-02T06:00)", "PT4H", "America/New_York", None, "2026-03-02T12:00:00Z"),
         "2026-03-02", "2026-03-03",
         [("m", "2026-03-02T11:00", "2026-03-02T11:59"),
          ("c", "2026-03-02T12:00", "2026-03-02T14:59")]),
        (("at(2026-03-02T06:00)", "PT4H", "America/New_York", None, "2026-03-02T07:00:00-05:00"),
         "2026-03-02", "2026-03-03",
         [("m", "2026-03-02T11:00", "2026-03-02T11:59")]),
    ],
)  # fmt: skip
def test_schedules(
    schedule: tuple[str, ...], start: str, end: str, wanted: list[tuple[str, str, str]]
) -> None:
    assert spells(rule(*schedule), start, end) == wanted


def test_rules_that_overlap_mute_until_the_last_ends() -> None:
    """The third scenario of "How alarm mute rules work"."""
    both = rule("at(2026-03-02T01:00)", "PT4H"), rule("at(2026-03-02T03:00)", "PT5H")
    wanted = [("m", "2026-03-02T01:00", "2026-03-02T07:59")]
    assert spells(both, "2026-03-02", "2026-03-03") == wanted


def test_what_one_rule_mutes_another_cannot_make_unknown() -> None:
    unsure = rule("cron(0 0 1 * MON)", "PT3H")
    sure = rule("at(2026-06-08T01:00)", "PT1H")
    assert [code for code, _, _ in spells((unsure, sure), "2026-06-08", "2026-06-09")] == [
        "c", "m", "c",
    ]  # fmt: skip


def test_steps_of_ten_seconds() -> None:
    grid = Grid(12, 10, at("2026-03-02T00:59"))
    found = muted((rule("at(2026-03-02T01:00)", "PT1M"),), "api", grid)
    assert found.tolist() == [OPEN] * 5 + [MUTED] * 6 + [OPEN]


def test_a_start_between_minutes() -> None:
    """Evaluations are at half past: the first after the window begins is muted, and its last."""
    grid = Grid(4, 60, at("2026-03-02T00:58:30"))
    found = muted((rule("at(2026-03-02T01:00)", "PT2M"),), "api", grid)
    assert found.tolist() == [OPEN, MUTED, MUTED, OPEN]


def test_without_a_start_only_a_rule_that_names_the_alarm_matters() -> None:
    grid = Grid(3)
    rules = (rule("cron(0 0 * * *)", region="us-east-2"),)
    assert muted(rules, "api", grid).tolist() == [NO_START] * 3
    assert muted(rules, "other", grid).tolist() == [OPEN] * 3
    assert muted(rules, "api", grid, "us-east-1").tolist() == [OPEN] * 3
    assert muted(rules, "api", grid, "us-east-2").tolist() == [NO_START] * 3


@pytest.mark.parametrize(
    ("changed", "key", "why"),
    [
        ({"expression": "rate(1 day)"}, "Expression", "neither cron"),
        ({"expression": "cron(0 0 * * * *)"}, "Expression", "neither cron"),
        ({"expression": "at(2026-03-02 01:00)"}, "Expression", "neither cron"),
        ({"expression": "at(2026-02-30T01:00)"}, "Expression", "day"),
        ({"expression": "cron(60 0 * * *)"}, "Expression", "60 is no minute"),
        ({"expression": "cron(0 24 * * *)"}, "Expression", "24 is no hour"),
        ({"expression": "cron(0 0 0 * *)"}, "Expression", "0 is no day of month"),
        ({"expression": "cron(0 0 * 13 *)"}, "Expression", "13 is no month"),
        ({"expression": "cron(0 0 * * 8)"}, "Expression", "8 is no day of week"),
        ({"expression": "cron(0 0 * * FRI-MON)"}, "Expression", "FRI-MON is no day of week"),
        ({"expression": "cron(0 0 * * FRI-)"}, "Expression", "FRI- is no day of week"),
        ({"expression": "cron(0 0 ? * FRI)"}, "Expression", "? is no day of month"),
        ({"expression": "cron(*/5 0 * * *)"}, "Expression", "*/5 is no minute"),
        ({"expression": "cron(0 0 * * fri)"}, "Expression", "fri is no day of week"),
        ({"duration": "PT0M"}, "Duration", "between a minute and 15 days"),
        ({"duration": "P15DT1M"}, "Duration", "between a minute and 15 days"),
        ({"duration": "1 hour"}, "Duration", "between a minute and 15 days"),
        ({"timezone": "Mars/Olympus"}, "Timezone", "no time zone"),
        ({"timezone": ""}, "Timezone", "no time zone"),
        ({"timezone": "America"}, "Timezone", "no time zone"),
        ({"starts": "tomorrow"}, "StartDate", "tomorrow"),
        ({"ends": "tomorrow"}, "ExpireDate", "tomorrow"),
    ],
)
def test_what_cloudwatch_would_not_take_is_refused(
    changed: dict[str, str], key: str, why: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        muted((rule(**{"expression": "cron(0 0 * * *)"} | changed),), "api", Grid(1, 60, 0))
    message = str(refused.value)
    assert message.startswith("template.json, Muted is refused:")
    assert f"mute rule muted, {key}" in message
    assert why in message


def fields(least: int, most: int) -> st.SearchStrategy[str]:
    """Draw a field of cron: all, or a few values and ranges."""
    bounds = st.tuples(st.integers(least, most), st.integers(least, most)).map(sorted)
    parts = bounds.map(lambda two: str(two[0]) if two[0] == two[1] else f"{two[0]}-{two[1]}")
    return st.just("*") | st.lists(parts, min_size=1, max_size=2).map(",".join)


@given(
    minute=st.sampled_from(["0", "59", "15,45"]),
    hour=fields(0, 23),
    month=fields(1, 12),
    days=st.tuples(fields(1, 31), st.just("*")) | st.tuples(st.just("*"), fields(0, 6)),
    lasts=st.sampled_from(["PT1M", "PT90M", "PT20H", "P2DT1H"]),
    zone=st.sampled_from(["UTC", *ODD_ZONES]),
    day=st.integers(0, 730),
)
@settings(max_examples=40)
def test_any_schedule_as_the_sandbox_reads_it(
    minute: str, hour: str, month: str, days: tuple[str, str], lasts: str, zone: str, day: int
) -> None:
    """The emulator's reader, written apart, looks at one instant; the hours of two days."""
    expression = f"cron({minute} {hour} {days[0]} {month} {days[1]})"
    first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    grid = Grid(48, HOUR, int(first.timestamp()) - HOUR)
    schedule = {"Expression": expression, "Duration": lasts, "Timezone": zone}
    found = muted((rule(expression, lasts, zone),), "api", grid)
    for number, code in enumerate(found):
        if code != UNDOCUMENTED:
            instant = first + timedelta(hours=number)
            assert is_open(schedule, instant) == (code == MUTED), instant


@given(table=alertings(), number=st.integers(2026, 2036))
def test_our_own_windows_as_their_own_reader_has_them(table: Alerting, number: int) -> None:
    """Where a window is surely open it is open each time, and both agree where clocks change."""
    over = year(number)
    rules = tuple(
        rule(window.expression, window.duration, table.time_zone) for window in mute_windows(table)
    )
    step = 15 * 60
    grid = Grid(int(over.lasts.total_seconds()) // step, step, int(over.start.timestamp()) - step)
    found = muted(rules, "api", grid)
    wanted = np.zeros(grid.steps, np.bool_)
    for gap in clipped(muted_windows(mute_windows(table), table, over), over):
        first, last = (
            (each - over.start) // timedelta(seconds=step) for each in (gap.start, gap.end)
        )
        wanted[first:last] = True
    assert np.array_equal(found[found != UNDOCUMENTED] == MUTED, wanted[found != UNDOCUMENTED])
    # Four nights at the most: clocks change at most four times a year.
    assert np.count_nonzero(found == UNDOCUMENTED) <= 4 * 24 * 4


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("name", known_environments())
def test_a_year_of_every_alarm_as_the_paging_matrix_has_it(name: str, assembly: Assembly) -> None:
    """By the templates: at each real hour what wakes is not muted, the rest where it says so."""
    environment = load_environment(name)
    definitions = definitions_of(name, assembly.directory)
    matrix = Matrix(environment, 2027)
    hours = matrix.over.lasts // timedelta(hours=1)
    grid = Grid(hours, HOUR, int(matrix.over.start.timestamp()) - HOUR)
    silent = {
        each.id: np.array([not moment.channels for moment in matrix.hours(each)])
        for each in matrix.levels
    }
    woken = 0
    for alarm in alarms_of(environment):
        if isinstance(alarm, BudgetAlarm):
            continue
        severity = level(environment.organisation, alarm.severity)
        region = definitions.alarms[alarm.name(environment.slug)].region
        found = muted(definitions.mute_rules, alarm.name(environment.slug), grid, region)
        assert np.array_equal(found, np.where(silent[severity.id], MUTED, OPEN)), alarm.key
        if severity.hours == "always":
            woken += 1
            assert not found.any()
    assert woken
