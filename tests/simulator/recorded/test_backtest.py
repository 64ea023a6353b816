"""A recorded month with known incidents: exactly these pages, and what a change makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import (
    Actions,
    Alarm,
    CompositeAlarm,
    Definitions,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    MuteRule,
    State,
)
from simulator.cloudwatch.series import Values
from simulator.recorded import backtest_report, comparison_report
from simulator.recorded.backtest import Backtest, backtest
from simulator.recorded.comparison import Comparison as Compared
from simulator.recorded.comparison import compare
from simulator.recorded.instants import instant, shown
from simulator.recorded.recorded_replay import Manner, judge_recorded
from simulator.recorded.recordings import read_recording
from simulator.recorded.whom_it_tells import Audience
from tests.simulator.invented import record

ENVIRONMENT = load_environment("rovn/production")
START, END = instant("2026-03-01T00:00:00Z"), instant("2026-04-01T00:00:00Z")
FROM = instant("2026-03-02T00:00:00Z")
TOPIC = f"arn:aws:sns:us-east-2:111122223333:{ENVIRONMENT.slug}"
GRAVE, LIGHT = f"{TOPIC}-sev-1", f"{TOPIC}-sev-2"
REQUESTS = MetricIdentity("Acme/Web", "Requests", (("Balancer", "<shop/Balancer.Name>"),))
ERRORS = MetricIdentity("Acme/Web", "Errors", (("Balancer", "<shop/Balancer.Name>"),))
CPU = MetricIdentity("Acme/Data", "Cpu", (("Instance", "shop"),))
# When, how many minutes, percent of requests that fail.
FAILURES = [
    ("2026-03-03T15:00:00Z", 12, 6.0),
    ("2026-03-09T06:30:00Z", 30, 4.0),
    ("2026-03-21T19:00:00Z", 10, 1.5),
]
LOADS = [("2026-03-04T15:00:00Z", 40, 95.0), ("2026-03-11T02:00:00Z", 90, 96.0)]


def told(topic: str) -> Actions:
    return Actions(on={State.ALARM: (topic,), State.OK: (topic,)})


def metric_alarm(name: str, *queries: MetricQuery | MathQuery, **other: object) -> MetricAlarm:
    plain = MetricAlarm(
        name=name,
        place=f"shop.template.json {name}",
        keys=(name,),
        queries=queries,
        returned=queries[-1].id,
        period=300,
        periods=1,
        breaching=1,
        comparison=Comparison.ABOVE,
        threshold=1,
        missing=Missing.WELL,
        region="us-east-2",
    )
    return replace(plain, **other)  # type: ignore[arg-type]


ERROR_RATE = metric_alarm(
    "errors",
    MetricQuery("errors", ERRORS, "Sum", 300),
    MetricQuery("requests", REQUESTS, "Sum", 300),
    MathQuery("rate", "IF(FILL(errors, 0) >= 5, 100 * errors / requests, 0)"),
    actions=told(GRAVE),
)
BUSY = metric_alarm(
    "cpu", MetricQuery("cpu", CPU, "Average", 300), periods=3, breaching=3, threshold=85,
    actions=told(LIGHT),
)  # fmt: skip
PART = metric_alarm("part", MetricQuery("cpu", CPU, "Average", 300), threshold=90)
BOTH = CompositeAlarm(
    "both", "shop.template.json both", ("both",), 'ALARM("part") AND ALARM("errors")',
    actions=told(GRAVE), region="us-east-2",
)  # fmt: skip
# As ours do: outside business hours, and on days off.
MUTES = (
    MuteRule(
        "night", "shop.template.json night", "cron(0 17 * * *)", "PT16H", "America/New_York",
        ("cpu",), region="us-east-2",
    ),
)  # fmt: skip


def definitions(*alarms: Alarm) -> Definitions:
    return Definitions({alarm.name: alarm for alarm in alarms}, MUTES)


ALL = definitions(ERROR_RATE, BUSY, PART, BOTH)


def month(metric: MetricIdentity, stat: str, period: int, count: int) -> Values | None:
    """Make a month of one-minute data: a day's rhythm, noise, and what is known to happen."""
    random = np.random.default_rng([9, len(metric.name)])
    rhythm = 1 + 0.6 * np.sin(np.arange(count) / 1440 * 2 * np.pi)
    requests = random.poisson(600 * rhythm).astype(float)
    if metric == REQUESTS:
        return requests
    values = random.uniform(20, 30, count) if metric == CPU else np.full(count, np.nan)
    for begins, minutes, level in LOADS if metric == CPU else FAILURES:
        at = (instant(begins) - START) // period
        within = slice(at, at + minutes)
        rhythmic = np.random.default_rng([9, len(REQUESTS.name)]).poisson(600 * rhythm)
        values[within] = level if metric == CPU else np.ceil(rhythmic[within] * level / 100)
    return values


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    return record(folder / "month.json", ALL, (START, END), month, ENVIRONMENT.name)


def outcome(
    file: Path, alarms: Definitions = ALL, start: int = FROM, *, allow_missing: bool = False
) -> Backtest:
    manner = Manner(start, END, {}, allow_missing=allow_missing)
    return backtest(alarms, read_recording(file), manner)


def pages(test: Backtest) -> list[tuple[str, str]]:
    return [(page.alarm, shown(page.told_at or 0)) for page in test.pages]


def times(test: Backtest) -> list[Sequence[str | None]]:
    def said(at: int | None) -> str | None:
        return shown(at) if at else None

    return [(e.alarm, said(e.began), said(e.told_at), said(e.ended), e.why) for e in test.episodes]


@pytest.mark.clause("ALL-2")
def test_exactly_the_known_incidents_page(recorded: Path) -> None:
    """The load of the night of March 10, New York, is over before anybody is told."""
    test = outcome(recorded)
    assert times(test) == [
        ("errors", "2026-03-03T15:01Z", "2026-03-03T15:01Z", "2026-03-03T15:17Z", ""),
        ("cpu", "2026-03-04T15:15Z", "2026-03-04T15:15Z", "2026-03-04T15:41Z", ""),
        ("errors", "2026-03-09T06:32Z", "2026-03-09T06:32Z", "2026-03-09T07:04Z", ""),
        ("cpu", "2026-03-11T02:15Z", None, "2026-03-11T03:31Z", "muted"),
        ("errors", "2026-03-21T19:04Z", "2026-03-21T19:04Z", "2026-03-21T19:12Z", ""),
    ]
    assert not test.judgements.not_judged


def audience() -> Audience:
    return Audience(ENVIRONMENT, FROM, END)


def test_totals_and_wakings(recorded: Path) -> None:
    test = outcome(recorded)
    told = backtest_report.as_json(test, audience())
    none = {"business hours": 0, "evenings and days off": 0, "night": 0, "never told": 0}
    assert told["totals"] == [
        {"severity": "sev-1"}
        | none
        | {"business hours": 1, "evenings and days off": 1, "night": 1},
        {"severity": "sev-2"} | none | {"business hours": 1, "never told": 1},
        {"severity": "sev-3"} | none,
        {"severity": "sev-4"} | none,
    ]
    assert told["woken_at_night"] == 1
    assert backtest_report.notes(test, audience()) == [
        "Woken at night: once; errors 1",
        "4 of 4 alarms were judged",
    ]
    (first, *_) = told["episodes"]
    assert first == {
        "alarm": "errors",
        "began": "2026-03-03T15:01Z",
        "ended": "2026-03-03T15:17Z",
        "told_at": "2026-03-03T15:01Z",
        "actions": [GRAVE],
        "severity": "sev-1",
        "channels": ["pager", "Slack"],
        "held_back": "",
        "unknown": False,
        "seconds": 960,
        "seconds_in_business_hours": 960,
    }


def changed(recorded: Path, **other: object) -> Compared:
    later = replace(ERROR_RATE, **other)  # type: ignore[arg-type]
    now = definitions(later, BUSY, PART, BOTH)
    return compare(outcome(recorded), outcome(recorded, now))


def told_of(compared: Compared) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(c.kind.value, c.alarm, shown(c.at), c.how) for c in compared.changes]


@pytest.mark.clause("ALL-2")
def test_a_higher_threshold_misses_and_is_later(recorded: Path) -> None:
    compared = changed(recorded, threshold=2)
    assert told_of(compared) == [
        ("changed", "errors", "2026-03-03T15:01Z", ("1 min later", "2 min shorter")),
        ("changed", "errors", "2026-03-09T06:32Z", ("1 min later", "2 min shorter")),
        ("gone", "errors", "2026-03-21T19:04Z", ()),
    ]
    assert comparison_report.summary(compared, audience()) == [
        "This change from 2026-03-02T00:00Z to 2026-04-01T00:00Z: 4 pages before, 3 now "
        "(0 new, 1 gone, 2 changed, 1 as they were)",
        "sev-1 (P0): 3 -> 2 pages",
        "It would have missed: errors 2026-03-21T19:04Z",
    ]


def test_another_topic_wakes_nobody(recorded: Path) -> None:
    compared = changed(recorded, actions=told(LIGHT))
    assert {change.how for change in compared.changes} == {(f"tells {LIGHT} instead of {GRAVE}",)}
    assert comparison_report.summary(compared, audience())[1:] == [
        "It would have woken people at night 1 time fewer (1 -> 0)",
        "sev-1 (P0): 3 -> 0 pages",
        "sev-2 (P1): 1 -> 4 pages",
    ]


def test_no_change_is_said(recorded: Path) -> None:
    compared = changed(recorded)
    assert comparison_report.summary(compared, audience()) == [
        "This change from 2026-03-02T00:00Z to 2026-04-01T00:00Z: the same 4 pages as before"
    ]


def test_a_lower_threshold_tells_of_what_nothing_did(recorded: Path) -> None:
    compared = compare(
        outcome(recorded, definitions(replace(ERROR_RATE, threshold=2))),
        outcome(recorded, definitions(ERROR_RATE, BUSY)),
    )
    assert comparison_report.summary(compared, None)[1:] == [
        "It would have told of, as nothing did: cpu 2026-03-04T15:15Z, errors 2026-03-21T19:04Z",
        "Alarms that are new: cpu",
    ]
    assert compared.added == ("cpu",)


def without(missing: MetricIdentity) -> Definitions:
    """Alarms whose metrics are all recorded."""
    alarms: Mapping[str, Alarm] = {
        alarm.name: alarm
        for alarm in ALL.alarms.values()
        if isinstance(alarm, MetricAlarm)
        if missing not in {q.metric for q in alarm.queries if isinstance(q, MetricQuery)}
    }
    return Definitions(alarms)


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("partly")
    return record(folder / "partly.json", without(ERRORS), (START, END), month)


@pytest.mark.clause("ALL-2")
def test_what_was_not_recorded_is_not_judged_and_never_quiet(partly: Path) -> None:
    test = outcome(partly)
    assert set(test.judgements.judged) == {"cpu", "part"}
    lost = (
        "not recorded: Sum of Acme/Web Errors, Balancer=<shop/Balancer.Name> in us-east-2; "
        "Sum of Acme/Web Requests, Balancer=<shop/Balancer.Name> in us-east-2"
    )
    assert test.judgements.not_judged == {
        "errors": lost,
        "both": f"of what it hangs on, {lost}",
    }
    assert backtest_report.notes(test, None)[-1] == "2 of 4 alarms were judged"


def test_one_version_that_cannot_be_judged_is_not_compared(partly: Path, recorded: Path) -> None:
    compared = compare(outcome(recorded), outcome(partly))
    assert set(compared.open_) == {"errors", "both"}
    assert not compared.changes


def test_silence_is_taken_for_silence_when_told_to(partly: Path) -> None:
    test = outcome(partly, allow_missing=True)
    assert not test.judgements.not_judged
    assert test.judgements.silent == ("both", "errors")
    assert {page.alarm for page in test.pages} == {"cpu"}
    assert "! taken for silent: metrics of both, errors" in backtest_report.notes(test, None)


def test_an_alarm_is_judged_when_the_recording_fills_what_it_looks_back_on(recorded: Path) -> None:
    test = outcome(recorded, start=START)
    assert {name: shown(since) for name, since in test.late.items()} == {
        "errors": "2026-03-01T00:20Z",
        "cpu": "2026-03-01T00:30Z",
        "part": "2026-03-01T00:20Z",
        "both": "2026-03-01T00:20Z",
    }
    assert pages(test) == pages(outcome(recorded))


def test_what_rang_before_is_no_page(recorded: Path) -> None:
    test = outcome(recorded, start=instant("2026-03-03T15:10:00Z"))
    assert times(test)[0] == ("errors", None, None, "2026-03-03T15:17Z", "it rang before")


def test_what_still_rings_has_no_end(recorded: Path) -> None:
    manner = Manner(FROM, instant("2026-03-03T15:10:00Z"), {})
    test = backtest(ALL, read_recording(recorded), manner)
    assert times(test) == [("errors", "2026-03-03T15:01Z", "2026-03-03T15:01Z", None, "")]


def test_an_alarm_that_looks_back_further_than_the_recording_is_not_judged(recorded: Path) -> None:
    long = replace(BUSY, period=86_400, periods=1, breaching=1)
    long = replace(long, queries=(MetricQuery("cpu", CPU, "Average", 86_400),))
    manner = Manner(START, instant("2026-03-03T00:00:00Z"), {})
    found = judge_recorded(definitions(long), read_recording(recorded), manner)
    assert found.not_judged == {
        "cpu": "it looks so far back that it can be judged from 2026-03-05T00:00Z on"
    }


def test_what_is_recorded_too_coarsely_is_not_judged(tmp_path: Path) -> None:
    coarse = replace(BUSY, queries=(MetricQuery("cpu", CPU, "p95", 300),))
    file = record(tmp_path / "r.json", definitions(coarse), (START, END), month)
    fine = replace(coarse, period=60, queries=(MetricQuery("cpu", CPU, "p95", 60),))
    with pytest.raises(RefusedError) as refused:
        outcome(file, definitions(fine))
    assert refused.value.brief == (
        f"{file} is refused: cpu: p95 of Acme/Data Cpu, Instance=shop was recorded every 300 "
        "seconds, and it looks at periods of 60; "
        "record the metrics of these alarms: runbook alarms record"
    )


def test_a_percentile_is_judged_at_its_own_period(tmp_path: Path) -> None:
    """Its datapoints are known at the end of each period, and no sooner."""
    slow = replace(BUSY, queries=(MetricQuery("cpu", CPU, "p95", 300),))

    def chosen(metric: MetricIdentity, stat: str, period: int, count: int) -> Values:
        values = np.full(count, 20.0)
        at = (instant("2026-03-04T15:00:00Z") - START) // period
        values[at : at + 8] = 95
        return values

    file = record(tmp_path / "r.json", definitions(slow), (START, END), chosen)
    assert times(outcome(file, definitions(slow))) == [
        ("cpu", "2026-03-04T15:15Z", "2026-03-04T15:15Z", "2026-03-04T15:45Z", "")
    ]


def alone(folder: Path, alarm: MetricAlarm, values: Values) -> Path:
    """Record one-minute values of the alarm's only metric; what is not given is missing."""

    def chosen(metric: MetricIdentity, stat: str, period: int, count: int) -> Values:
        return np.pad(values, (0, count - len(values)), constant_values=np.nan)

    return record(folder / "alone.json", definitions(alarm), (START, END), chosen)


HOT = metric_alarm(
    "cpu", MetricQuery("cpu", CPU, "Average", 60), period=60, threshold=85, missing=Missing.UNKNOWN,
    actions=told(GRAVE), region="eu-west-1",
)  # fmt: skip


@pytest.mark.clause("ALL-2")
def test_what_hangs_on_an_undocumented_number_is_said(tmp_path: Path) -> None:
    """How long a state lasts after the last datapoint, AWS does not document."""
    values = np.full(3000, 20.0)
    values[2000], values[2001:2030] = 95, np.nan
    file = alone(tmp_path, HOT, values)
    test = outcome(file, definitions(HOT))
    assert [e.ended for e in test.episodes] == [START + 2004 * 60]
    assert test.hangs_on == {"cpu": (0, 1, 5, 10)}
    (said,) = (line for line in backtest_report.notes(test, None) if line.startswith("! open"))
    assert said.startswith("! open: cpu: datapoints are missing")
    assert "0, 1, 5, 10 more" in said
    assert backtest_report.as_json(test, None)["hangs_on"] == {"cpu": [0, 1, 5, 10]}
    lines = comparison_report.summary(compare(test, test), None)
    assert "! open: it hangs on what AWS does not document: cpu" in lines


def test_without_gaps_nothing_hangs_on_it(recorded: Path) -> None:
    assert not outcome(recorded, definitions(BUSY)).hangs_on


@pytest.mark.clause("ALL-2")
def test_a_state_that_is_kept_is_not_known_before_a_datapoint(tmp_path: Path) -> None:
    """Ignored missing data keep what was before the recording, be it ALARM."""
    keeps = replace(HOT, missing=Missing.AS_BEFORE)
    values = np.full(4000, np.nan)
    values[3000] = 20
    test = outcome(alone(tmp_path, keeps, values), definitions(keeps))
    assert test.late == {"cpu": START + 3001 * 60}
    with pytest.raises(RefusedError, match="no recorded datapoint settles the state"):
        outcome(alone(tmp_path, keeps, values[:10]), definitions(keeps))
    silent = outcome(alone(tmp_path, keeps, values[:10]), definitions(keeps), allow_missing=True)
    assert not silent.judgements.not_judged


def test_a_state_that_is_kept_lasts_from_before_the_range(tmp_path: Path) -> None:
    keeps = replace(HOT, missing=Missing.AS_BEFORE)
    file = alone(tmp_path, keeps, np.array([20.0] * 60 + [95.0]))
    test = outcome(file, definitions(keeps))
    assert [(e.began, e.ended, e.why) for e in test.episodes] == [(None, None, "it rang before")]


MUTED_AT_FIRST = MuteRule(
    name="move", place="shop.template.json move", expression="at(2026-02-27T00:00)",
    duration="P5D", timezone="UTC", alarms=("cpu",),
)  # fmt: skip


@pytest.mark.clause("ALL-2")
def test_what_rang_before_a_recording_within_a_mute_window_may_have_told(tmp_path: Path) -> None:
    file = alone(tmp_path, HOT, np.full(44_640, 95.0))
    alarms = Definitions({"cpu": HOT}, (MUTED_AT_FIRST,))
    test = outcome(file, alarms, start=START)
    assert not test.pages
    (episode,) = test.episodes
    assert episode.unknown
    assert episode.why.startswith("it rang before")


@pytest.mark.clause("ALL-2")
def test_what_nobody_can_know_is_not_a_page_that_is_gone(tmp_path: Path) -> None:
    values = np.full(44_640, 20.0)
    values[4000:4200] = 95
    file = alone(tmp_path, HOT, values)
    # Days of the month and of the week: whether it is open hangs on how AWS reads both.
    open_ = replace(MUTED_AT_FIRST, expression="cron(0 0 3 * SUN)", duration="P1D")
    unsure = Definitions({"cpu": HOT}, (replace(open_, duration="P15D"),))
    plain, after = outcome(file, definitions(HOT)), outcome(file, unsure)
    assert [e.unknown for e in after.episodes] == [True]
    for compared in (compare(plain, after), compare(after, plain)):
        assert not compared.changes
        lines = comparison_report.summary(compared, None)
        assert "! 1 times nobody can know whether it was told: cpu" in lines


@pytest.mark.clause("ALL-2")
def test_csv_that_ends_before_the_rest_is_named(tmp_path: Path) -> None:
    """CSV does not say what was asked: silence and the end of a recording look alike."""
    lines = ["timestamp,namespace,metric,dimensions,stat,period,value"]
    for name, minutes in (("Cpu", 60), ("Memory", 120)):
        lines += [
            f"{shown(START + 60 * at)},Acme/Data,{name},Instance=shop,Average,60,20"
            for at in range(minutes)
        ]
    file = tmp_path / "two.csv"
    file.write_text("\n".join([*lines, ""]), "utf-8")
    test = backtest(definitions(HOT), read_recording(file), Manner(START, START + 7200, {}))
    said = "Average of Acme/Data Cpu, Instance=shop"
    assert test.ended == {said: START + 3600}
    assert (
        f"! taken for silent from 2026-03-01T01:00Z on, where its datapoints end: {said}"
        in backtest_report.notes(test, None)
    )
    assert backtest_report.as_json(test, None)["ended"] == {said: "2026-03-01T01:00Z"}
    shorter = backtest(definitions(HOT), read_recording(file), Manner(START, START + 3600, {}))
    assert not shorter.ended


def test_a_recording_that_says_its_range_names_no_end(recorded: Path) -> None:
    assert not outcome(recorded).ended
