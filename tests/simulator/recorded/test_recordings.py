"""Recorded metrics as people have them: what is read, and what is refused and where."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import MetricIdentity
from simulator.cloudwatch.series import Grid
from simulator.recorded.instants import instant, shown
from simulator.recorded.recorded_json import read_json
from simulator.recorded.recordings import Recording, read_recording, samples
from tests.simulator.invented import answered, queried

Json = Any
START = instant("2026-03-02T09:00:00Z")
ORDERS = MetricIdentity("Acme/Shop", "Orders", (("Queue", "a"),))
QUERIES = [queried("m1", ORDERS, "Sum", 60)]
HEADER = "timestamp,namespace,metric,dimensions,stat,period,value\n"
LINE = "2026-03-02T09:00:00Z,Acme/Shop,Orders,Queue=a,Sum,60,1\n"


def answer(**other: Json) -> Json:
    """Answer the query with three datapoints, the second of them missing."""
    result = answered("m1", START, 60, np.array([1.0, np.nan, 3.0]))
    return {"MetricDataResults": [result | other], "Messages": []}


def read(folder: Path, *pages: Json, queries: Json = QUERIES, name: str = "r.json") -> Recording:
    (folder / name).write_text("\n".join(json.dumps(page) for page in pages), "utf-8")
    if queries is None:
        return read_recording(folder / name)
    (folder / "queries.json").write_text(json.dumps(queries), "utf-8")
    return read_recording(folder / name, folder / "queries.json")


def refusal(folder: Path, *pages: Json, queries: Json = QUERIES) -> str:
    with pytest.raises(RefusedError) as refused:
        read(folder, *pages, queries=queries)
    return refused.value.brief.replace(f"{folder}/", "")


def values(recording: Recording) -> list[float | None]:
    (recorded,) = recording.series.values()
    found = samples(recorded, Grid(4, 60, START)).values
    return [None if np.isnan(value) else float(value) for value in found]


def test_a_plain_answer_with_the_queries_it_answers(tmp_path: Path) -> None:
    recording = read(tmp_path, answer())
    assert list(recording.series) == [("", ORDERS, "Sum")]
    assert values(recording) == [1, None, 3, None]
    assert (recording.start, recording.end) == (START, START + 180)
    assert not recording.stated


@pytest.mark.parametrize("queries", [QUERIES, {"MetricDataQueries": QUERIES, "StartTime": 0}])
def test_queries_as_either_option_of_the_cli_takes_them(tmp_path: Path, queries: Json) -> None:
    assert values(read(tmp_path, answer(), queries=queries)) == [1, None, 3, None]


def pages() -> tuple[Json, Json]:
    first, second = answer(StatusCode="PartialData"), answer()
    first["NextToken"] = "more"
    for page, at in ((first, 0), (second, 1)):
        result = page["MetricDataResults"][0]
        result["Timestamps"] = result["Timestamps"][at : at + 1]
        result["Values"] = result["Values"][at : at + 1]
    return first, second


def test_pages_one_after_the_other_or_in_a_list(tmp_path: Path) -> None:
    assert values(read(tmp_path, *pages())) == [1, None, 3, None]
    assert values(read(tmp_path, list(pages()))) == [1, None, 3, None]


def test_the_newest_first_and_seconds_since_1970(tmp_path: Path) -> None:
    newest = answer(Timestamps=[START + 120, START], Values=[3, 1])
    assert values(read(tmp_path, newest)) == [1, None, 3, None]


def test_our_own_recording_says_what_it_is(tmp_path: Path) -> None:
    ours = answer() | {
        "MetricDataQueries": QUERIES,
        "Environment": "acme/production",
        "From": "2026-03-02T09:00:00Z",
        "Regions": {"m1": "us-east-1"},
        "Alarms": {"us-east-1": {"orders": {"q": "m1"}}},
        "StartTime": "2026-03-02T08:00:00Z",
        "EndTime": "2026-03-02T10:00:00Z",
    }
    recording = read(tmp_path, ours, queries=None)
    key = ("us-east-1", ORDERS, "Sum")
    assert recording.environment == "acme/production"
    assert recording.reads == {("us-east-1", "orders", "q"): key}
    assert (shown(recording.start), shown(recording.end)) == (
        "2026-03-02T08:00Z",
        "2026-03-02T10:00Z",
    )
    assert recording.stated


def test_an_expression_is_no_metric(tmp_path: Path) -> None:
    asked = [*QUERIES, {"Id": "e1", "Expression": "m1 * 2"}]
    both = answer()
    both["MetricDataResults"].append(answered("e1", START, 60, np.array([2.0])))
    assert list(read(tmp_path, both, queries=asked).series) == [("", ORDERS, "Sum")]


def test_a_datapoint_of_a_long_period_stands_where_it_is_known(tmp_path: Path) -> None:
    asked = [queried("m1", ORDERS, "p95", 180)]
    whole = answer(Timestamps=["2026-03-02T09:00:00Z"], Values=[7])
    assert values(read(tmp_path, whole, queries=asked)) == [None, None, 7, None]


AGAIN = "ask CloudWatch again until every page is there: `runbook alarms record` does"
WHERE = "MetricDataResults[0] (m1)"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            answer(StatusCode="PartialData"),
            f"{WHERE}: CloudWatch says PartialData of it, not Complete: datapoints may be missing; "
            f"{AGAIN}",
        ),
        (
            answer(StatusCode="Forbidden"),
            f"{WHERE}: CloudWatch says Forbidden of it, not Complete: datapoints may be missing; "
            f"{AGAIN}",
        ),
        (
            answer(Messages=[{"Code": "Slow", "Value": "not all"}]),
            f"{WHERE}: CloudWatch has something to say of it: Slow: not all; {AGAIN}",
        ),
        (
            answer() | {"Messages": [{"Code": "MaxMetricsExceeded", "Value": "500"}]},
            f"Messages: CloudWatch has something to say of it: MaxMetricsExceeded: 500; {AGAIN}",
        ),
        (
            answer() | {"NextToken": "x"},
            f"NextToken: its last page says that more follow; {AGAIN}",
        ),
        (
            answer(Timestamps=["2026-03-02T09:00:00Z"]),
            f"{WHERE}: Timestamps and Values are not lists of one length; {AGAIN}",
        ),
        (
            answer(Timestamps=["2026-03-02T09:00:00"], Values=[1]),
            f"{WHERE}.Timestamps[0]: '2026-03-02T09:00:00' names no zone; "
            "print timestamps as ISO 8601 with their zone",
        ),
        (
            answer(Timestamps=["2026-03-02T09:00:00Z"] * 2, Values=[1, 1]),
            f"{WHERE}.Timestamps[1]: it has a datapoint of 2026-03-02T09:00Z already; "
            "keep each page once",
        ),
        (
            answer(Timestamps=["2026-03-02T09:00:30Z"], Values=[1]),
            f"{WHERE}: 2026-03-02T09:00:30Z is not on a whole period of 60 seconds; ask CloudWatch "
            "from a start on, such as a full hour, that is on one",
        ),
        (
            answer(Timestamps=["2026-03-02T09:00:00Z"], Values=["1"]),
            f"{WHERE}.Values[0]: '1' is no number; {AGAIN}",
        ),
        (
            answer(Id="m2"),
            "MetricDataResults[0] (m2): nothing of the Id m2 was asked; "
            "give the file of queries that this is the answer to",
        ),
        (
            {"MetricDataResults": []},
            f"there is no answer to the query m1; {AGAIN}",
        ),
        (
            {"Datapoints": []},
            "MetricDataResults: there is no such list; name what `aws cloudwatch get-metric-data` "
            "printed, all of it (no --query)",
        ),
    ],
)
def test_what_is_cut_short_or_twice_there_is_refused(
    tmp_path: Path, page: Json, message: str
) -> None:
    assert refusal(tmp_path, page) == f"r.json is refused: {message}"


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (
            None,
            "r.json is refused: it does not say what its Ids mean; give the file of "
            "--metric-data-queries with --queries, or use runbook alarms record",
        ),
        (
            {"Queries": []},
            "queries.json is refused: it is no list of queries; "
            "name the very file that was given to --metric-data-queries",
        ),
        (
            [*QUERIES, *QUERIES],
            "queries.json is refused: MetricDataQueries[1]: the Id m1 stands twice; "
            "give each query an Id of its own",
        ),
        (
            [{"Id": "m1", "MetricStat": {"Stat": "Sum"}}],
            "r.json is refused: the query m1: its MetricStat is not whole; "
            "write queries as GetMetricData takes them",
        ),
        (
            [queried("m1", ORDERS, "Sum", 90)],
            "r.json is refused: the query m1: its Period is 1, 5, 10, 20, 30 or whole minutes in "
            "seconds, not 90; ask CloudWatch with such a one",
        ),
    ],
)
def test_queries_that_give_no_meaning_are_refused(
    tmp_path: Path, queries: Json, message: str
) -> None:
    assert refusal(tmp_path, answer(), queries=queries) == message


def test_a_metric_of_two_queries_is_refused(tmp_path: Path) -> None:
    both = answer()
    both["MetricDataResults"].append(answered("m2", START, 300, np.array([1.0])))
    asked = [*QUERIES, queried("m2", ORDERS, "Sum", 300)]
    assert refusal(tmp_path, both, queries=asked) == (
        "r.json is refused: MetricDataResults[1] (m2): Sum of Acme/Shop Orders, Queue=a stands "
        "twice, also at MetricDataResults[0] (m1), with periods of 300 and 60 seconds; "
        "keep one of them: a metric is recorded once under each statistic"
    )


def test_csv(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    third = LINE.replace("09:00:00Z", "11:02:00+02:00").replace(",1\n", ",3\n")
    file.write_text(HEADER + LINE + third, "utf-8")
    assert values(read_recording(file)) == [1, None, 3, None]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("timestamp,value\n", f"line 1: it does not begin with {HEADER.strip()}"),
        (HEADER + "2026-03-02T09:00:00Z,1\n", "line 2: it has not the 7 fields of the header"),
        (
            HEADER + LINE.replace("00Z", "00"),
            "line 2: '2026-03-02T09:00:00' names no zone",
        ),
        (
            HEADER + LINE + LINE,
            "line 3: the metric has a datapoint of 2026-03-02T09:00Z already",
        ),
        (
            HEADER + LINE + LINE.replace(",60,", ",300,"),
            "line 3: the period is 300 seconds, and 60 in line 2",
        ),
        (
            HEADER + LINE.replace(",60,", ",90,"),
            "line 2: a period is 1, 5, 10, 20, 30 or whole minutes in seconds, not '90'",
        ),
        (
            HEADER + LINE.replace(",1\n", ",NaN\n"),
            "line 2: 'NaN' is no number; a missing datapoint is no line",
        ),
        (
            HEADER + LINE.replace("Queue=a", "Queue"),
            "line 2: dimensions are Name=Value;Name=Value, not 'Queue'",
        ),
    ],
)
def test_csv_is_refused_with_the_line(tmp_path: Path, lines: str, message: str) -> None:
    file = tmp_path / "r.csv"
    file.write_text(lines, "utf-8")
    with pytest.raises(RefusedError) as refused:
        read_recording(file)
    fix = "mend the line: docs/alarm-tests.md shows the form"
    assert refused.value.brief == f"{file} is refused: {message}; {fix}"


def test_csv_within_a_period_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text(HEADER + LINE.replace("00Z", "10Z"), "utf-8")
    with pytest.raises(RefusedError, match="line 2"):
        read_recording(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        read_recording(tmp_path / "r.json")
    assert refused.value.brief == (
        f"{tmp_path}/r.json is refused: cannot be read: No such file or directory; name a file of "
        "`runbook alarms record` or `aws cloudwatch get-metric-data`, or CSV"
    )


def test_text_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"MetricDataResults": [', "utf-8")
    with pytest.raises(RefusedError, match="it is no JSON"):
        read_recording(tmp_path / "r.json")


def own() -> Json:
    """Give a whole recording of our own."""
    return answer() | {
        "MetricDataQueries": QUERIES,
        "Environment": "acme/production",
        "From": "2026-03-02T09:00:00Z",
        "Regions": {"m1": "us-east-1"},
        "Alarms": {"us-east-1": {"orders": {"q": "m1"}}},
        "StartTime": "2026-03-02T08:00:00Z",
        "EndTime": "2026-03-02T10:00:00Z",
    }


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner: list[tuple[Any, Json]] = []
    if isinstance(value, dict | list):
        inner = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, item in inner:
        yield from places(item, (*path, key))


def spoilt(value: Json, path: tuple[Any, ...], by: Json) -> Json:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = spoilt(value[path[0]], path[1:], by)
    return copy


@given(at=st.sampled_from(list(places(own()))), by=ANYTHING)
def test_whatever_stands_there_is_read_or_refused(at: tuple[Any, ...], by: Json) -> None:
    text = json.dumps(spoilt(own(), at, by))
    with suppress(RefusedError):
        read_json("r.json", text, None)
