"""Files of alarm tests: what they may say, and every refusal with its line and path."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import State
from simulator.testing import durations
from simulator.testing.moved_tests import moved
from simulator.testing.test_file import AlarmTests, load

WHOLE = """\
environment: acme/production
tests:
  - alarm: errors
    name: Errors come
    interval: 60s
    start: 2026-03-02T09:00:00+01:00
    series:
      - metric: {namespace: Acme/Shop, name: Errors, stat: Sum, dimensions: {Port: 80}}
        values: 0x10
        interval: 5m
      - metric: {namespace: Acme/Shop, name: Requests, stat: Sum, id: n}
        values: '5'
    expect:
      - {from: 0m, at: 1h30m, state: OK}
      - {at: 2d, state: INSUFFICIENT_DATA, action: none}
"""


def read(folder: Path, text: str | bytes) -> AlarmTests:
    path = folder / "errors.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


def refused(folder: Path, text: str | bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedError) as error:
        read(folder, text)
    assert error.value.source == str(folder / "errors.yaml")
    return [(each.key, each.reason, each.fix) for each in error.value.refusals]


def test_all_that_a_file_may_say(tmp_path: Path) -> None:
    file = read(tmp_path, WHOLE)
    (case,) = file.tests.tests
    errors, requests = case.series
    assert file.tests.environment == "acme/production"
    assert (case.interval, errors.interval, requests.interval) == (60, 300, None)
    assert case.start == 1772438400
    # As it is written: neither hexadecimal nor a number.
    np.testing.assert_array_equal(errors.values, np.zeros(11))
    assert errors.metric.dimensions == {"Port": "80"}
    first, second = case.expect
    assert (first.since, first.at, first.state) == (0, 5400, State.OK)
    assert (second.at, second.state, second.action) == (172800, State.INSUFFICIENT, "none")
    assert file.line("tests", 0, "expect", 1) == 15
    assert file.line("tests", 0, "series", 1, "values") == 12


ONE = "environment: a/b\ntests:\n  - alarm: x\n    expect: [{at: 1m, state: OK}]\n"


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        (("alarm: x", "alarm:"), "line 3: tests[0].alarm", "a text is expected here"),
        (("alarm: x", "alarm: x\n    name:"), "line 4: tests[0].name", "a text is expected here"),
        (("OK", "OK, from: "), "line 4: tests[0].expect[0].from", "a text is expected here"),
        (("OK", "OK, action: ~"), "line 4: tests[0].expect[0].action", "a text is expected here"),
        (("environment: a/b", "environment:"), "line 1: environment", "a text is expected here"),
        (("alarm: x", "name: x"), "line 3: tests[0].alarm", "it is missing"),
        (("at: 1m", "at: 60"), "line 4: tests[0].expect[0].at", "'60' has no unit"),
        (("at: 1m", "at: 1:30"), "line 4: tests[0].expect[0].at", "'1:30' is no time"),
        (("at: 1m", "at: 30m1h"), "line 4: tests[0].expect[0].at", "'30m1h' is no time"),
        (("at: 1m", "at: -1m"), "line 4: tests[0].expect[0].at", "'-1m' is no time"),
        (("at: 1m, ", ""), "line 4: tests[0].expect[0].at", "it is missing"),
        (("at: 1m", "at: [1m]"), "line 4: tests[0].expect[0].at", "a text is expected here"),
        (("OK", "Ok"), "line 4: tests[0].expect[0].state", "'Ok' is no state"),
        (("OK", "OK, action: run"), "line 4: tests[0].expect[0].action", "'run' is not a choice"),
        (("OK", "OK, from: 2m"), "line 4: tests[0].expect[0]", "`from` is later than `at`"),
        (("[{at: 1m, state: OK}]", "[]"), "line 4: tests[0].expect", "nothing stands there"),
        (("[{at: 1m, state: OK}]", "OK"), "line 4: tests[0].expect", "a list is expected here"),
        (("{at: 1m, state: OK}", "OK"), "line 4: tests[0].expect[0]", "keys are expected here"),
        (("expect", "expects"), "line 3: tests[0].expect", "it is missing"),
        (("alarm: x", "alarm: x\n    interval: 0s"), "line 4: tests[0].interval", "datapoints lie"),
        (
            ("alarm: x", "alarm: x\n    start: 2026-03-02T09:00:00"),
            "line 4: tests[0].start",
            "'2026-03-02T09:00:00' names no zone",
        ),
        (
            ("alarm: x", "alarm: x\n    start: 2026-03-02T09:00:07Z"),
            "line 4: tests[0].start",
            "'2026-03-02T09:00:07Z' is no whole minute: evaluations fall on whole ones",
        ),
        (
            ("alarm: x", "alarm: x\n    start: yesterday"),
            "line 4: tests[0].start",
            "'yesterday' is no ISO 8601 instant",
        ),
        (
            ("alarm: x", "alarm: x\n    start: 0001-01-01T00:00:00+23:00"),
            "line 4: tests[0].start",
            "'0001-01-01T00:00:00+23:00' is in no year from 1970 to 9999",
        ),
        (("environment: a/b", "template: t.json"), "line 1: template", "a list is expected here"),
        (
            ("environment: a/b", "environment: a/b\ntemplate: [t.json]"),
            "line 1: (the whole file)",
            "it names an environment and templates",
        ),
        (("tests:", "test:"), "line 1: tests", "it is missing"),
        (("environment: a/b", "a: &a [*a]"), "line 1", "an alias stands within what it names"),
        (("environment: a/b", "alarm: 1\nalarm: 2"), "line 2", "the key 'alarm' stands twice"),
        (("environment: a/b", "? [a]\n: b"), "line 1", "a key is no text"),
        (("alarm: x", "alarm: !Ref x"), "line 3", "the tag '!Ref' is not taken"),
        (("alarm: x", "alarm: !!binary eA=="), "line 3", "the tag 'tag:yaml.org,2002:binary'"),
        (("alarm: x", "alarm: 'x"), "line 5", "it is not YAML: while scanning a quoted scalar"),
        (("alarm: x", "alarm: x: y"), "line 3", "it is not YAML: mapping values are not allowed"),
    ],
)
def test_each_refusal_names_line_path_and_reason(
    tmp_path: Path, change: tuple[str, str], key: str, reason: str
) -> None:
    told = refused(tmp_path, ONE.replace(*change))
    assert (key, reason) in [(where, why[: len(reason)]) for where, why, _ in told]
    assert all(fix for _, _, fix in told)


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    spoilt = WHOLE.replace("'5'", "5 stale").replace("0x10", "1x").replace("1h30m", "90")
    spoilt = spoilt.replace("    name: ", "    nam: ")
    assert refused(tmp_path, spoilt) == [
        (
            "line 4: tests[0].nam",
            "there is no such key",
            "did you mean 'name'? known: alarm, name, interval, start, series, expect",
        ),
        (
            "line 9: tests[0].series[0].values",
            "'1x' at character 1: no value in promtool's notation",
            "write values such as 5, 1x3 (four times 1), 2+1x4 (2 3 4 5 6), _ or _x3 (missing)",
        ),
        (
            "line 12: tests[0].series[1].values",
            "'stale' at character 3: CloudWatch has no stale marker, a datapoint comes or does not",
            "write _ for a missing value",
        ),
        (
            "line 14: tests[0].expect[0].at",
            "'90' has no unit",
            "write a time such as 90s, 9m, 1h30m or 1d",
        ),
    ]


def test_a_key_without_a_value_is_not_one_that_is_left_out(tmp_path: Path) -> None:
    dimensions = WHOLE.replace("{Port: 80}", "")
    assert refused(tmp_path, dimensions) == [
        (
            "line 8: tests[0].series[0].metric.dimensions",
            "keys are expected here",
            "write `key: value` pairs",
        )
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "~\n"])
def test_an_empty_file_would_test_nothing(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text)[0][1] == "it is empty: nothing would be tested"


def test_a_file_without_tests_would_test_nothing(tmp_path: Path) -> None:
    told = refused(tmp_path, "environment: a/b\ntests: []\n")
    assert told == [
        ("line 2: tests", "nothing stands there", "write `tests:` with at least one test")
    ]


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "no.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(RefusedError, match=f"it cannot be read: {why}"):
            load(path)
    assert refused(tmp_path, b"tests: \xff")[0][1] == "byte 7 is not UTF-8"


def test_aliases_are_taken_and_bombs_are_not(tmp_path: Path) -> None:
    shared = ONE + "  - alarm: &x y\n    expect: &e [{at: 1m, state: OK}]\n"
    shared += "  - {alarm: *x, expect: *e}\n"
    assert [case.alarm for case in read(tmp_path, shared).tests.tests] == ["x", "y", "y"]
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "more than 200,000 values" in refused(tmp_path, bomb)[0][1]


def test_what_is_nested_too_deeply_is_no_traceback(tmp_path: Path) -> None:
    for text in ("[" * 5000, "[" * 300 + "]" * 300, "- " * 5000 + "x"):
        assert refused(tmp_path, text)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    with suppress(RefusedError):
        read(folder, data)


@given(st.data())
def test_no_spoilt_file_makes_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(WHOLE)))
    cut = data.draw(st.integers(0, 12))
    new = data.draw(
        st.text(max_size=8) | st.sampled_from(["&a ", "*a", "!!int ", "- ", ": ", "\t"])
    )
    with suppress(RefusedError):
        read(tmp_path_factory.getbasetemp(), WHOLE[:at] + new + WHOLE[at + cut :])


def test_a_file_read_as_one_of_another_environment(tmp_path: Path) -> None:
    text = WHOLE.replace("Acme/Shop, name: E", "R/acme/production, name: E")
    file = moved(read(tmp_path, text.replace("80", "acme-production-db")), "acme/staging")
    (case,) = file.tests.tests
    assert case.series[0].metric.namespace == "R/acme/staging"
    assert case.series[0].metric.dimensions == {"Port": "acme-staging-db"}
    assert case.series[1].metric.namespace == "Acme/Shop"


@pytest.mark.parametrize(
    ("text", "found"), [("90s", 90), ("9m", 540), ("1h30m", 5400), ("1d", 86400), ("0m", 0)]
)
def test_times(text: str, found: int) -> None:
    assert durations.seconds(text) == found


@given(st.integers(0, 10**8))
def test_a_time_is_written_as_it_is_read(time: int) -> None:
    assert durations.seconds(durations.written(time)) == time
