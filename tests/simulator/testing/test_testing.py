"""Tests of alarms as they are run: which state is read when, and what an expectation hangs on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runbook.alarms.alarm import Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import (
    Alarm,
    CompositeAlarm,
    Definitions,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    MuteRule,
    State,
    Suppressor,
)
from simulator.testing.running import Source, run
from simulator.testing.verdict import Played
from tests.simulator.alarms import alarm
from tests.simulator.cases import NAMESPACE, TELLS, a_test, one_series, read


def named(name: str, breaching: int = 1, periods: int = 1, **changes: object) -> MetricAlarm:
    metric = MetricIdentity(NAMESPACE, name)
    one = alarm(breaching, periods, Missing.WELL, metric=metric)
    return replace(one, name=name, keys=(name,), actions=TELLS, **changes)  # type: ignore[arg-type]


ERRORS = named("Errors")
FAST = replace(
    ERRORS,
    name="Fast",
    keys=("Fast",),
    queries=(MetricQuery("m1", MetricIdentity(NAMESPACE, "Errors"), "Sum", 10),),
    period=10,
)


def source(*alarms: Alarm, mutes: tuple[MuteRule, ...] = ()) -> Source:
    return Source(Definitions({one.name: one for one in alarms or (ERRORS,)}, mutes))


def played(
    folder: Path,
    *expect: str,
    values: str = "0x4 1x4 0x4",
    of: str = "Errors",
    more: str = "",
    among: Source | None = None,
) -> Played:
    test = a_test(of, [one_series("Errors", values)], list(expect), more)
    (found,) = run(read(folder, f"tests:\n{test}"), among or source())
    return found


def passes(found: Played) -> list[bool]:
    return [verdict.passed for verdict in found.verdicts]


def test_at_reads_the_state_when_that_minutes_datapoint_is_in(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        *("{at: 4m, state: OK}", "{at: 5m, state: ALARM}"),
        *("{at: 9m, state: ALARM}", "{at: 10m, state: OK}"),
    )
    assert passes(found) == [True] * 4
    assert found.changes() == ((0, State.OK), (5, State.ALARM), (10, State.OK))


def test_from_wants_the_state_all_along_and_says_where_it_was_otherwise(tmp_path: Path) -> None:
    found = played(tmp_path, "{from: 5m, at: 9m, state: ALARM}", "{from: 0m, at: 14m, state: OK}")
    assert passes(found) == [True, False]
    assert (found.verdicts[1].step, found.verdicts[1].state) == (5, State.ALARM)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_a_wrong_expectation_fails(tmp_path: Path, state: str) -> None:
    found = played(tmp_path, f"{{at: 7m, state: {state}}}")
    assert found.failed
    assert found.verdicts[0].state is State.ALARM


def test_after_its_last_value_a_series_is_missing(tmp_path: Path) -> None:
    quiet = replace(ERRORS, missing=Missing.UNKNOWN)
    expect = "{at: 2d, state: INSUFFICIENT_DATA}"
    assert passes(played(tmp_path, expect, values="1", among=source(quiet))) == [True]


def test_a_test_without_series_is_one_of_silence(tmp_path: Path) -> None:
    text = "tests:\n" + a_test("Errors", [], ["{from: 0m, at: 1h, state: ALARM}"])
    (found,) = run(read(tmp_path, text), source(replace(ERRORS, missing=Missing.BAD)))
    assert not found.failed


def test_each_alarm_of_an_id_is_tested(tmp_path: Path) -> None:
    blue, green = (replace(ERRORS, name=n, keys=(f"errors/{n}", "errors")) for n in ("b", "g"))
    file = read(tmp_path, "tests:\n" + a_test("errors", [], ["{at: 1m, state: OK}"]))
    assert [each.label for each in run(file, source(blue, green))] == ["errors/b", "errors/g"]


def test_alarms_of_seconds_are_read_every_ten(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        *("{at: 40s, state: OK}", "{at: 50s, state: ALARM}"),
        of="Fast",
        more="interval: 10s",
        among=source(FAST),
    )
    assert passes(found) == [True, True]


def test_of_alarms_of_seconds_and_minutes_the_minutes_are_read(tmp_path: Path) -> None:
    both = CompositeAlarm("Both", "t Both", ("Both",), "ALARM(Fast) AND ALARM(Errors)")
    expect = ("{at: 4m, state: OK}", "{at: 5m, state: ALARM}")
    among, more = source(FAST, ERRORS, both), "interval: 10s"
    found = played(tmp_path, *expect, values="0x29 1x29", of="Both", more=more, among=among)
    assert passes(found) == [True, True]


RULE = MuteRule("r", "t r", "cron(0 10 * * *)", "PT2H", "UTC", ("Errors",))


@pytest.mark.parametrize(
    ("start", "became"), [("2026-03-02T09:00:00Z", "ran"), ("2026-03-02T10:30:00Z", "muted")]
)
def test_what_became_of_the_actions(tmp_path: Path, start: str, became: str) -> None:
    for action in ("ran", "muted", "suppressed", "none"):
        expect = f"{{at: 6m, state: ALARM, action: {action}}}"
        found = played(
            tmp_path, expect, more=f"start: {start}", among=source(ERRORS, mutes=(RULE,))
        )
        assert passes(found) == [action == became]


def test_without_a_start_nobody_knows_whether_a_rule_mutes(tmp_path: Path) -> None:
    for action in ("ran", "muted", "none"):
        expect = f"{{at: 6m, state: ALARM, action: {action}}}"
        found = played(tmp_path, expect, among=source(ERRORS, mutes=(RULE,)))
        event = found.verdicts[0].event
        assert found.failed
        assert event is not None
        assert event.because.endswith("give start")


def test_a_suppressor_holds_actions_back(tmp_path: Path) -> None:
    deploys = replace(named("Deploys"), missing=Missing.BAD)
    both = CompositeAlarm(
        "Both", "t Both", ("Both",), "ALARM(Errors)", Suppressor("Deploys", 60, 60), TELLS
    )
    expect = "{at: 7m, state: ALARM, action: suppressed}"
    among = source(deploys, ERRORS, both)
    assert passes(played(tmp_path, expect, of="Both", among=among)) == [True]


def test_a_state_that_was_never_entered_has_run_nothing(tmp_path: Path) -> None:
    quiet = replace(ERRORS, missing=Missing.UNKNOWN)
    expect = "{at: 0m, state: INSUFFICIENT_DATA, action: none}"
    assert passes(played(tmp_path, expect, values="_x5", among=source(quiet))) == [True]


def test_what_hangs_on_the_number_of_extra_datapoints_is_told(tmp_path: Path) -> None:
    """One datapoint breached, and the series ended: how long it rings is how far they look."""
    quiet = replace(ERRORS, missing=Missing.UNKNOWN)
    found = played(
        tmp_path,
        *("{at: 5m, state: ALARM}", "{at: 7m, state: ALARM}", "{at: 8m, state: ALARM}"),
        *("{at: 8m, state: INSUFFICIENT_DATA}", "{at: 16m, state: INSUFFICIENT_DATA}"),
        values="0x4 1",
        among=source(quiet),
    )
    assert passes(found) == [True, True, False, True, True]
    assert [v.hangs_on for v in found.verdicts] == [(), (0, 1), (5, 10), (5, 10), ()]
    assert [v.holds(strict=True) for v in found.verdicts] == [True, False, False, False, True]


def test_what_an_expression_fills_by_what_is_fetched_is_tried_too(tmp_path: Path) -> None:
    """Its result has no gap with two extra datapoints, and has one with fewer."""
    queries = (*ERRORS.queries, MathQuery("filled", "FILL(m1, REPEAT)"))
    one = replace(ERRORS, queries=queries, returned="filled")
    found = played(tmp_path, "{at: 6m, state: ALARM}", values="0x3 1 _x2 0", among=source(one))
    assert not np.isnan(found.replay.datapoints["Errors"]).any()
    assert passes(found) == [True]
    # One extra fetches the two that are missing, and nothing to fill them with.
    assert found.verdicts[0].hangs_on == (0, 1)


def test_without_gaps_there_is_nothing_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.testing.running.OTHER_EXTRAS", ("never",))
    assert played(tmp_path, "{at: 5m, state: ALARM}").verdicts[0].hangs_on == ()


@pytest.mark.parametrize(
    ("expect", "of", "key", "reason"),
    [
        (
            "{at: 90s, state: OK}",
            "Errors",
            "line 6: tests[0].expect[0].at",
            "the alarm is looked at every 1m, not at 1m30s",
        ),
        (
            "{from: 1s, at: 1m, state: OK}",
            "Errors",
            "line 6: tests[0].expect[0].from",
            "the alarm is looked at every 1m, not at 1s",
        ),
        (
            "{at: 9999d, state: OK}",
            "Errors",
            "line 6: tests[0].expect[0].at",
            "it is more than 1,100,000 evaluations after minute 0",
        ),
        (
            "{at: 1m, state: OK}",
            "Error",
            "line 2: tests[0].alarm",
            "there is no alarm 'Error'",
        ),
    ],
)
def test_what_cannot_be_run_is_refused(
    tmp_path: Path, expect: str, of: str, key: str, reason: str
) -> None:
    with pytest.raises(RefusedError) as error:
        played(tmp_path, expect, of=of)
    assert error.value.source == str(tmp_path / "errors.yaml")
    assert [each.key for each in error.value.refusals] == [key]
    assert reason in error.value.refusals[0].reason


def test_what_a_template_does_not_allow_is_told_at_the_test(tmp_path: Path) -> None:
    lonely = CompositeAlarm("Both", "t Both", ("Both",), "ALARM(Nobody)")
    with pytest.raises(RefusedError) as error:
        played(tmp_path, "{at: 1m, state: OK}", of="Both", among=source(lonely))
    (told,) = error.value.refusals
    assert told.key == "line 2: tests[0].alarm"
    assert "'Nobody'" in told.reason
    assert told.reason.startswith("t Both")


def test_everything_that_cannot_be_run_is_told_at_once(tmp_path: Path) -> None:
    tests = [a_test(name, [], ["{at: 1m, state: OK}"]) for name in ("A", "Errors", "B")]
    with pytest.raises(RefusedError) as error:
        run(read(tmp_path, f"tests:\n{''.join(tests)}"), source())
    assert [r.key for r in error.value.refusals] == [
        "line 2: tests[0].alarm",
        "line 8: tests[2].alarm",
    ]
