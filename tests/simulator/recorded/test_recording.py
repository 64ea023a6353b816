"""`runbook alarms record` on moto: what is asked, what is written, and what stops it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws
from typer.testing import CliRunner, Result

from runbook.cli import app
from runbook.model.loader import load_environment
from simulator.cloudwatch.series import Grid
from simulator.recorded.deployed_metrics import looks_of
from simulator.recorded.instants import instant, shown
from simulator.recorded.recordings import read_recording, samples
from simulator.recorded.versions import over

Json = Any
ENVIRONMENT = load_environment("rovn/production")
SLUG = ENVIRONMENT.slug
NOW = instant("2026-03-10T12:00:00Z")
FROM, TO = "2026-03-10T06:00:00Z", "2026-03-10T08:00:00Z"
NAMESPACE = "Acme/Shop"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sign in to the environment's own account, at a time that does not move."""
    monkeypatch.setenv("MOTO_ACCOUNT_ID", ENVIRONMENT.account)
    monkeypatch.setattr("moto.core.models.DEFAULT_ACCOUNT_ID", ENVIRONMENT.account, raising=False)
    monkeypatch.setattr("time.time", lambda: float(NOW))
    with mock_aws():
        yield


def client(region: str = "us-east-2") -> Any:  # noqa: ANN401 - made at run time
    return boto3.client("cloudwatch", region_name=region)


def put_alarm(name: str, region: str = "us-east-2", **other: Json) -> None:
    plain = {
        "Namespace": NAMESPACE,
        "MetricName": "Orders",
        "Dimensions": [{"Name": "Queue", "Value": "a"}],
        "Statistic": "Sum",
        "Period": 300,
    }
    client(region).put_metric_alarm(
        AlarmName=f"{SLUG}-{name}",
        EvaluationPeriods=2,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        **(other or plain),
    )


def put_datapoint(at: str, value: float, region: str = "us-east-2", **other: Json) -> None:
    datum = {
        "MetricName": "Orders",
        "Dimensions": [{"Name": "Queue", "Value": "a"}],
        "Timestamp": datetime.fromtimestamp(instant(at), UTC),
        "Value": value,
    }
    client(region).put_metric_data(Namespace=NAMESPACE, MetricData=[datum | other])


def record(out: Path, *more: str, from_: str = FROM, to: str = TO) -> Result:
    asked = ["alarms", "record", ENVIRONMENT.name, "--from", from_, "--to", to, "--out", str(out)]
    return CliRunner().invoke(app, [*asked, *more])


def test_what_the_deployed_alarms_look_at_is_recorded(tmp_path: Path) -> None:
    put_alarm("orders")
    put_alarm("orders", "us-east-1")
    put_datapoint("2026-03-10T06:10:00Z", 7)
    put_datapoint("2026-03-10T07:59:00Z", 2)
    put_datapoint("2026-03-10T06:20:00Z", 9, "us-east-1")
    out = tmp_path / "r.json"
    result = record(out, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert {k: told[k] for k in ("alarms", "series", "datapoints", "start", "end")} == {
        "alarms": 2,
        "series": 2,
        "datapoints": 3,
        "start": "2026-03-10T05:00Z",
        "end": "2026-03-10T08:00Z",
    }
    recording = read_recording(out)
    assert recording.environment == ENVIRONMENT.name
    assert over(recording, "", "") == (instant(FROM), instant(TO))
    found = {
        region: samples(recorded, Grid(120, 60, instant(FROM))).values
        for (region, _, _), recorded in recording.series.items()
    }
    assert {
        region: {n: v for n, v in enumerate(values) if v == v} for region, values in found.items()
    } == {
        "us-east-2": {10: 7, 119: 2},
        "us-east-1": {20: 9},
    }
    assert list(tmp_path.iterdir()) == [out]


def test_it_says_what_to_do_next(tmp_path: Path) -> None:
    put_alarm("orders")
    out = tmp_path / "r.json"
    lines = record(out).stdout.splitlines()
    assert (
        f"{out}: 1 alarms, 1 metrics, 0 datapoints, 2026-03-10T05:00Z to 2026-03-10T08:00Z" in lines
    )
    assert lines[-1] == f"Next: runbook alarms backtest {ENVIRONMENT.name} --metrics {out}"


def test_more_queries_than_one_call_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.recorded.recording.MOST_QUERIES", 2)
    for name in ("a", "b", "c"):
        put_alarm(
            name,
            Namespace=NAMESPACE,
            MetricName="Orders",
            Dimensions=[{"Name": "Queue", "Value": name}],
            Statistic="Sum",
            Period=60,
        )
    put_datapoint("2026-03-10T06:10:00Z", 3, Dimensions=[{"Name": "Queue", "Value": "c"}])
    calls: list[Json] = []

    def kept(given: Json) -> Json:
        calls.append(given)
        return given

    answering(monkeypatch, "GetMetricData", kept)
    told = json.loads(record(tmp_path / "r.json", "--json").stdout)
    assert (told["series"], told["datapoints"]) == (3, 1)
    assert len(calls) == 2
    assert {len(page["MetricDataResults"]) for page in calls} == {1, 2}


def message(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


def test_no_alarms(tmp_path: Path) -> None:
    assert message(record(tmp_path / "r.json")) == (
        f"{ENVIRONMENT.name} is refused: alarms: no alarm's name begins with {SLUG}-; "
        "deploy the environment first, or name the one that is deployed"
    )


def test_an_old_file_is_never_written_over(tmp_path: Path) -> None:
    put_alarm("orders")
    out = tmp_path / "r.json"
    out.write_text("mine", "utf-8")
    assert message(record(out)) == (
        f"{out} is refused: --out: it is there already; name a new file, in a folder that is there"
    )
    assert out.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("from_", "to", "more", "said"),
    [
        (
            "2026-03-10T06:00:00",
            TO,
            [],
            "the command line is refused: --from why: '2026-03-10T06:00:00' names no zone "
            "fix: write it with its zone, such as 2026-03-02T09:00:00Z",
        ),
        (
            FROM,
            "2026-03-10T13:00:00Z",
            [],
            "the command line is refused: --from, --to: 2026-03-10T06:00Z to 2026-03-10T13:00Z is "
            "no time that has passed; name a past one: now is 2026-03-10T12:00Z",
        ),
        (
            "2026-02-20T00:00:00Z",
            TO,
            [],
            "the command line is refused: --from: CloudWatch keeps datapoints of 1 min for "
            "15 days; begin at 2026-02-23T12:01Z, or record with --period 300",
        ),
        (
            "2025-12-20T00:00:00Z",
            TO,
            ["--period", "300"],
            "the command line is refused: --from: CloudWatch keeps datapoints of 5 min for "
            "63 days; begin at 2026-01-06T12:01Z, or record with --period 3600",
        ),
    ],
)
def test_times_that_cannot_be_recorded(
    tmp_path: Path, from_: str, to: str, more: list[str], said: str
) -> None:
    put_alarm("orders")
    result = record(tmp_path / "r.json", *more, from_=from_, to=to)
    told = message(result) if result.stderr else " ".join(str(result.exception).split())
    assert told == said
    assert not list(tmp_path.iterdir())


def answering(
    monkeypatch: pytest.MonkeyPatch, operation: str, answer: Callable[[Json], Json]
) -> None:
    """Let CloudWatch answer one operation as a test wants."""
    whole = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answered(self: Json, name: str, asked: Json) -> Json:
        given = whole(self, name, asked)
        return answer(given) if name == operation else given

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("PartialData", "CloudWatch says PartialData of Sum of Acme/Shop Orders"),
        ("InternalError", "CloudWatch says InternalError of Sum of Acme/Shop Orders"),
    ],
)
def test_what_is_not_complete_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, said: str
) -> None:
    put_alarm("orders")

    def partly(given: Json) -> Json:
        given["MetricDataResults"][0]["StatusCode"] = status
        return given

    answering(monkeypatch, "GetMetricData", partly)
    assert message(record(tmp_path / "r.json")) == (
        f"{ENVIRONMENT.name} is refused: metrics: {said}; "
        "run the same command again, or for a shorter time; nothing was written"
    )
    assert not list(tmp_path.iterdir())


def test_a_message_of_cloudwatch_is_not_swallowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_alarm("orders")
    said = {"Messages": [{"Code": "MaxMetricsExceeded", "Value": "500"}]}
    answering(monkeypatch, "GetMetricData", lambda given: given | said)
    assert "CloudWatch has something to say: MaxMetricsExceeded: 500" in message(
        record(tmp_path / "r.json")
    )


def test_every_page_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_alarm("orders")
    put_datapoint("2026-03-10T06:10:00Z", 7)
    pages: list[Json] = []

    def paged(given: Json) -> Json:
        pages.append(given)
        if len(pages) == 1:
            given["MetricDataResults"][0] |= {
                "StatusCode": "PartialData",
                "Timestamps": [],
                "Values": [],
            }
            return given | {"NextToken": "more"}
        return given

    answering(monkeypatch, "GetMetricData", paged)
    result = record(tmp_path / "r.json", "--json")
    assert json.loads(result.stdout)["datapoints"] == 1
    assert len(pages) == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDenied", "deploy identity"),
        ("Throttling", "wait a minute, then run the same command again"),
    ],
)
def test_what_aws_refuses_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    from botocore.exceptions import ClientError

    put_alarm("orders")

    def refuse(given: Json) -> Json:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetMetricData")

    answering(monkeypatch, "GetMetricData", refuse)
    told = message(record(tmp_path / "r.json"))
    assert f"GetMetricData: {code}: no" in told
    assert said in told
    assert not list(tmp_path.iterdir())


def described(**other: Json) -> Json:
    stat = {
        "Metric": {"Namespace": NAMESPACE, "MetricName": "Orders", "Dimensions": []},
        "Period": 300,
        "Stat": "Average",
    }
    return {
        "AlarmName": "orders",
        "EvaluationPeriods": 2,
        "Metrics": [{"Id": "m", "MetricStat": stat | other, "ReturnData": True}],
    }


def asked(*alarms: Json, period: int = 60) -> list[tuple[str, int]]:
    return [(each.stat, each.period) for each in looks_of({"us-east-2": alarms}, period).series]


def test_averages_are_recorded_with_what_weighs_them() -> None:
    assert asked(described()) == [("Average", 60), ("SampleCount", 60)]


def test_percentiles_are_recorded_at_the_alarms_own_period() -> None:
    assert asked(described(Stat="p95")) == [("p95", 300)]


def test_short_periods_are_recorded_as_short() -> None:
    assert asked(described(Stat="Sum", Period=10)) == [("Sum", 10)]
    assert asked(described(Stat="Sum"), described(Stat="Sum", Period=60), period=300) == [
        ("Sum", 60)
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"Id": "q", "Expression": "SELECT SUM(Orders) FROM Shop"},
            "orders: a query of Metrics Insights is no metric, and CloudWatch answers it for hours "
            "only",
        ),
        (
            {"Id": "q", "MetricStat": {"Unit": "Bytes"}},
            "orders: it reads datapoints of the unit Bytes alone",
        ),
        (
            {"Id": "q", "AccountId": "444455556666", "MetricStat": {}},
            "orders: it reads a metric of the account 444455556666",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(query: Json, said: str) -> None:
    alarm = described() | {"Metrics": [query]}
    looks = looks_of({"us-east-2": [alarm]}, 60)
    assert looks.left_out == (said,)
    assert not looks.series


def test_shown_instants_are_read_again() -> None:
    assert instant(shown(NOW)) == NOW
