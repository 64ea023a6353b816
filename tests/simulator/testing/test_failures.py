"""What is said of an expectation that did not come true, where the whole text does not show it."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbook.alarms.alarm import Missing
from simulator.cloudwatch.definitions import (
    Alarm,
    CompositeAlarm,
    Definitions,
    MetricIdentity,
    MuteRule,
)
from simulator.testing.drawing import BLOCKS
from simulator.testing.failures import MOST_LISTED, failure, note
from simulator.testing.running import Source, run
from simulator.testing.verdict import Played
from tests.simulator.alarms import alarm
from tests.simulator.cases import NAMESPACE, TELLS, a_test, one_series, read

ONE = replace(
    alarm(1, 1, Missing.WELL, metric=MetricIdentity(NAMESPACE, "Errors")),
    name="Errors",
    keys=("Errors",),
    actions=TELLS,
)
RULE = MuteRule("r", "t r", "cron(0 10 * * *)", "PT2H", "UTC", ("Errors",))


def played(folder: Path, expect: str, values: str, source: Source) -> Played:
    *_, name = source.definitions.alarms
    text = a_test(name, [one_series("Errors", values)], [expect])
    (found,) = run(read(folder, f"tests:\n{text}"), source)
    return found


def said(
    folder: Path, expect: str, values: str = "0 1 0", source: Source | None = None
) -> list[str]:
    found = played(folder, expect, values, source or of(ONE))
    (verdict,) = found.verdicts
    assert not verdict.passed
    return failure(found, verdict, "% of orders", BLOCKS)


def of(*alarms: Alarm, mutes: tuple[MuteRule, ...] = ()) -> Source:
    return Source(Definitions({one.name: one for one in alarms}, mutes))


def test_the_unit_stands_beside_the_threshold(tmp_path: Path) -> None:
    lines = said(tmp_path, "{at: 1m, state: OK}")
    assert (
        "  means     > 0.5 % of orders, 1 of 1 datapoints of 1 min, missing = notBreaching" in lines
    )


def test_before_minute_0_times_are_negative(tmp_path: Path) -> None:
    lines = said(tmp_path, "{at: 0m, state: ALARM}")
    assert "   -2m  -1m  missing  missing" in lines
    assert "    0m   1m        0  within" in lines


def test_of_a_long_window_the_newest_datapoints_are_listed(tmp_path: Path) -> None:
    long = replace(ONE, periods=20)
    lines = said(tmp_path, "{at: 30m, state: OK}", values="0x29 1", source=of(long))
    start = lines.index("  from   to  m1")
    assert lines[start + MOST_LISTED] == "   30m  31m   1  breaching"
    assert lines[start + MOST_LISTED + 1] == "  and 6 older ones"


def test_of_many_changes_the_first_are_listed(tmp_path: Path) -> None:
    lines = said(tmp_path, "{at: 39m, state: OK}", values="0 1 " * 20)
    (states,) = (line for line in lines if line.startswith("  states"))
    assert states.startswith("  states    OK at 0m, ALARM at 1m, OK at 2m")
    assert states.endswith(f"ALARM at {MOST_LISTED - 1}m, and 24 more")


@pytest.mark.parametrize(
    ("expect", "mutes", "got"),
    [
        ("{at: 1m, state: ALARM, action: muted}", (), "ALARM at 1m, its actions: ran at 1m"),
        (
            "{at: 1m, state: ALARM, action: ran}",
            (RULE,),
            "ALARM at 1m, its actions: not known at 1m (a mute rule names the alarm, and no start "
            "says what time it is: give start)",
        ),
        ("{at: 1m, state: OK, action: ran}", (), "ALARM at 1m"),
    ],
)
def test_what_became_of_actions_is_told(
    tmp_path: Path, expect: str, mutes: tuple[MuteRule, ...], got: str
) -> None:
    assert f"  got       {got}" in said(tmp_path, expect, source=of(ONE, mutes=mutes))


def test_actions_of_a_state_that_was_never_entered(tmp_path: Path) -> None:
    quiet = replace(ONE, missing=Missing.UNKNOWN)
    expect = "{at: 1m, state: INSUFFICIENT_DATA, action: ran}"
    lines = said(tmp_path, expect, values="_x3", source=of(quiet))
    assert "  got       INSUFFICIENT_DATA at 1m, which was not entered before" in lines
    assert "  states    INSUFFICIENT_DATA from the beginning" in lines


def test_a_failure_says_what_it_hangs_on(tmp_path: Path) -> None:
    quiet = replace(ONE, missing=Missing.UNKNOWN)
    hangs = "depends on how many extra datapoints CloudWatch fetches"
    lines = said(tmp_path, "{at: 2m, state: INSUFFICIENT_DATA}", values="1", source=of(quiet))
    assert f"  but       {hangs}: with 0, 1 it passes" in lines


def test_when_strict_a_note_is_a_failure(tmp_path: Path) -> None:
    quiet = replace(ONE, missing=Missing.UNKNOWN)
    found = played(tmp_path, "{at: 2m, state: ALARM}", "1", of(quiet))
    (verdict,) = found.verdicts
    lines = [note(found, verdict, strict=strict) for strict in (False, True)]
    assert ["FAIL" in line for line in lines] == [False, True]
    assert all("with 0, 1 it fails" in line for line in lines)


def test_a_rule_is_what_a_composite_means(tmp_path: Path) -> None:
    both = CompositeAlarm("Both", "t Both", ("Both",), "NOT ALARM(Errors)")
    lines = said(tmp_path, "{at: 1m, state: ALARM}", source=of(ONE, both))
    assert "  means     NOT ALARM(Errors)" in lines
    assert "  Errors: OK at 0m, ALARM at 1m, OK at 2m" in lines
