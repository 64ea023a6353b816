"""The function in front of Secrets Manager: every secret measured, every failure told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.stub import ANY, Stubber

from runbook_constructs.secret_ages.handler import ages

NOW = datetime.now(UTC).replace(microsecond=0)
TOPIC = "arn:aws:sns:us-east-2:111122223333:rovn-production-security"
PLANS = {
    "stripe-api-key": {"days": 90, "owner": "platform-engineering", "supplied": True},
    "mcp-inbound-token": {"days": 90, "owner": "ai-engineering", "supplied": False},
}
SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-2",
    "DUE_SOON": "80",
    "ENVIRONMENT_NAME": "rovn/production",
    "EVERY_HOURS": "6",
    "METRIC": "AgePercentOfCadence",
    "NAMESPACE": "Runbook/Secrets",
    "PLANS": json.dumps(PLANS),
    "TOPIC": TOPIC,
}
EVENT = {"time": NOW.isoformat().replace("+00:00", "Z")}
STRIPE, TOKEN = PLANS
Stubbers = dict[str, Stubber]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubbers]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    clients = {
        "cloudwatch": boto3.client("cloudwatch"),
        "secretsmanager": boto3.client("secretsmanager"),
        "sns": boto3.client("sns"),
    }
    monkeypatch.setattr(ages, "_client", clients.__getitem__)
    stubbers = {name: Stubber(client) for name, client in clients.items()}
    for stubber in stubbers.values():
        stubber.activate()
    yield stubbers
    for stubber in stubbers.values():
        stubber.assert_no_pending_responses()


def described(aws: Stubbers, name: str, **more: Any) -> None:  # noqa: ANN401 - JSON is any value
    secret = f"rovn/production/{name}"
    told = {"Name": secret, "CreatedDate": NOW - timedelta(days=400), **more}
    aws["secretsmanager"].add_response("describe_secret", told, {"SecretId": secret})


def versions(aws: Stubbers, name: str, *pages: dict[str, timedelta]) -> None:
    """Let it list versions, page by page: each page maps stages to ages."""
    for index, page in enumerate(pages):
        listed = [
            {"VersionId": "v" * 32, "VersionStages": stages.split(), "CreatedDate": NOW - age}
            for stages, age in page.items()
        ]
        more = {"NextToken": f"t{index + 1}"} if index + 1 < len(pages) else {}
        asked = {"NextToken": f"t{index}"} if index else {}
        aws["secretsmanager"].add_response(
            "list_secret_version_ids",
            {"Versions": listed, **more},
            {"SecretId": f"rovn/production/{name}", **asked},
        )


def secret(aws: Stubbers, name: str, *pages: dict[str, timedelta]) -> None:
    described(aws, name)
    versions(aws, name, *pages)


def put(aws: Stubbers, **values: float) -> None:
    data = [
        {
            "MetricName": "AgePercentOfCadence",
            "Dimensions": [
                {"Name": "Environment", "Value": "rovn/production"},
                {"Name": "Secret", "Value": name.replace("_", "-")},
            ],
            "Timestamp": ANY,
            "Value": value,
            "Unit": "Percent",
        }
        for name, value in values.items()
    ]
    wanted = {"Namespace": "Runbook/Secrets", "MetricData": data}
    aws["cloudwatch"].add_response("put_metric_data", {}, wanted)


def published(aws: Stubbers, subject: str) -> None:
    wanted = {"TopicArn": TOPIC, "Subject": subject, "Message": ANY}
    aws["sns"].add_response("publish", {"MessageId": "m"}, wanted)


DAYS = timedelta(days=1)


@pytest.mark.clause("ROVN-SEC-3")
def test_every_secret_is_measured_over_all_its_pages(aws: Stubbers) -> None:
    secret(
        aws, STRIPE, {"AWSPENDING": 0 * DAYS}, {"AWSPREVIOUS": 99 * DAYS, "AWSCURRENT": 9 * DAYS}
    )
    secret(aws, TOKEN, {"AWSCURRENT AWSPENDING": 45 * DAYS})
    put(aws, stripe_api_key=10, mcp_inbound_token=50)
    told = ages.handler(EVENT, None)
    assert told == {"ages": {STRIPE: 10.0, TOKEN: 50.0}, "asked": []}


@pytest.mark.clause("ROVN-SEC-3")
def test_who_owns_a_due_secret_is_asked_after_the_ages_are_put(
    aws: Stubbers, capsys: pytest.CaptureFixture[str]
) -> None:
    secret(aws, STRIPE, {"AWSCURRENT": 72 * DAYS})
    secret(aws, TOKEN, {"AWSCURRENT": 72 * DAYS})
    put(aws, stripe_api_key=80, mcp_inbound_token=80)
    published(aws, "rovn/production: rotate stripe-api-key")
    assert ages.handler(EVENT, None)["asked"] == ["rovn/production: rotate stripe-api-key"]
    assert json.loads(capsys.readouterr().out) == {
        "what": "measured",
        "ages": {STRIPE: 80.0, TOKEN: 80.0},
        "asked": ["rovn/production: rotate stripe-api-key"],
        "failed": {},
    }


def test_a_secret_without_a_value_counts_as_late(aws: Stubbers) -> None:
    secret(aws, STRIPE, {})
    secret(aws, TOKEN, {"AWSPENDING": 0 * DAYS})
    put(aws, stripe_api_key=1000, mcp_inbound_token=1000)
    assert ages.handler(EVENT, None)["ages"] == {STRIPE: 1000.0, TOKEN: 1000.0}


@pytest.mark.parametrize("call", ["describe_secret", "list_secret_version_ids"])
def test_one_that_cannot_be_read_holds_up_no_other(aws: Stubbers, call: str) -> None:
    if call == "list_secret_version_ids":
        described(aws, STRIPE)
    aws["secretsmanager"].add_client_error(call, "ResourceNotFoundException", "of secrets")
    secret(aws, TOKEN, {"AWSCURRENT": 9 * DAYS})
    put(aws, mcp_inbound_token=10)
    with pytest.raises(ages.UnmeasuredError) as raised:
        ages.handler(EVENT, None)
    assert str(raised.value) == "1 of them failed: stripe-api-key (ResourceNotFoundException)"


def test_one_that_is_to_be_deleted_has_no_age(aws: Stubbers) -> None:
    described(aws, STRIPE, DeletedDate=NOW)
    secret(aws, TOKEN, {"AWSCURRENT": 9 * DAYS})
    put(aws, mcp_inbound_token=10)
    with pytest.raises(ages.UnmeasuredError, match=r"stripe-api-key \(to be deleted\)"):
        ages.handler(EVENT, None)


def test_when_none_can_be_read_nothing_is_put(aws: Stubbers) -> None:
    for _ in PLANS:
        aws["secretsmanager"].add_client_error("describe_secret", "AccessDeniedException")
    with pytest.raises(ages.UnmeasuredError, match="2 of them failed"):
        ages.handler(EVENT, None)


def test_who_is_asked_hears_it_though_the_ages_are_not_taken(aws: Stubbers) -> None:
    for name in PLANS:
        secret(aws, name, {"AWSCURRENT": 72 * DAYS})
    aws["cloudwatch"].add_client_error("put_metric_data", "InternalServiceFault")
    published(aws, "rovn/production: rotate stripe-api-key")
    with pytest.raises(ages.UnmeasuredError, match=r"metrics \(InternalServiceFault\)"):
        ages.handler(EVENT, None)


def test_an_ask_that_is_not_taken_is_no_ask(
    aws: Stubbers, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PLANS:
        secret(aws, name, {"AWSCURRENT": 72 * DAYS})
    put(aws, stripe_api_key=80, mcp_inbound_token=80)
    aws["sns"].add_client_error("publish", "KMSAccessDeniedException")
    with pytest.raises(ages.UnmeasuredError, match="KMSAccessDeniedException"):
        ages.handler(EVENT, None)
    assert json.loads(capsys.readouterr().out)["asked"] == []


def test_a_network_that_is_away_is_a_failure_like_others(
    aws: Stubbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> Any:  # noqa: ANN401 - a client
        raise ConnectTimeoutError(endpoint_url="secretsmanager")

    monkeypatch.setattr(ages, "_client", away)
    with pytest.raises(ages.UnmeasuredError, match="ConnectTimeoutError"):
        ages.handler(EVENT, None)
    assert aws


def test_by_hand_it_works_by_the_clock(aws: Stubbers) -> None:
    for name in PLANS:
        secret(aws, name, {"AWSCURRENT": 9 * DAYS})
    put(aws, stripe_api_key=10, mcp_inbound_token=10)
    assert ages.handler({}, None)["asked"] == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("PLANS", "{}", ValueError),
        ("PLANS", "no json", ValueError),
        ("EVERY_HOURS", "often", ValueError),
        ("TOPIC", None, KeyError),
    ],
)
def test_without_its_settings_it_does_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, error: type[Exception]
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(error):
        ages.handler(EVENT, None)


@pytest.mark.usefixtures("aws")
def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        ages.handler({"time": "2026-11-22T00:20:00"}, None)


def test_an_error_that_is_nobodys_is_raised(aws: Stubbers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLANS:
        secret(aws, name, {"AWSCURRENT": 9 * DAYS})
    monkeypatch.delenv("METRIC")
    with pytest.raises(KeyError):
        ages.handler(EVENT, None)


def test_errors_of_aws_are_told_by_their_code() -> None:
    odd: Any = {}
    assert ages._code(ClientError(odd, "X")) == "unknown"
