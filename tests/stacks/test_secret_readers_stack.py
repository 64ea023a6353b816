"""The detector of readers, and what hands IAM's events on to it."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.access.principals import Principals
from runbook.access.reader_lists import reader_lists
from runbook.model.environment import IDENTITY_REGION, Environment
from tests.assembly import Assembly, plain

EVENTBRIDGE = {"Service": "events.amazonaws.com"}
FUNCTION, RULE, ROLE = "AWS::Lambda::Function", "AWS::Events::Rule", "AWS::IAM::Role"
HANDLER = {
    *("account.py", "conditions.py", "globs.py", "identities.py", "judge.py", "lists.py"),
    *("page.py", "statements.py", "watch.py"),
}


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-secret-readers"


@pytest.fixture
def away(environment: Environment) -> str:
    return f"{environment.slug}-identity-events"


def statements(assembly: Assembly, stack: str, kind: str, prefix: str) -> list[dict[str, Any]]:
    found = assembly.named(stack, kind, prefix)["Properties"]["PolicyDocument"]["Statement"]
    said: list[dict[str, Any]] = plain(found)
    return said


@pytest.mark.clause("ROVN-SEC-6")
def test_every_rule_and_the_hour_set_the_function_to_work(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    name = f"{environment.slug}-secret-readers"
    rules = {
        rule["Properties"]["Name"]: plain(rule["Properties"])
        for rule in assembly.of_type(stack, RULE).values()
    }
    assert set(rules) == {f"{name}-{what}" for what in ("hourly", "identities", "keys", "secrets")}
    place = f"{environment.region}:{environment.account}"
    permissions = [
        plain(p["Properties"]) for p in assembly.of_type(stack, "AWS::Lambda::Permission").values()
    ]
    assert {p["SourceArn"] for p in permissions} == {
        f"arn:aws:events:{place}:rule/{rule}" for rule in rules
    }
    for rule in rules.values():
        assert rule["State"] == "ENABLED"
        (target,) = rule["Targets"]
        assert target["Arn"] == "<ReadersWatchFunction.Arn>"
        assert target["DeadLetterConfig"] == {"Arn": "<DeadLetters.Arn>"}
        assert ("ScheduleExpression" in rule) is ("EventPattern" not in rule)
    assert rules[f"{name}-hourly"]["ScheduleExpression"] == "cron(30 * * * ? *)"


@pytest.mark.clause("ROVN-SEC-6")
def test_the_function_is_told_the_lists_and_runs_the_handler_alone(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    resource = assembly.named(stack, FUNCTION, "ReadersWatchFunction")
    properties = plain(resource["Properties"])
    variables = properties["Environment"]["Variables"]
    assert json.loads(variables["LISTS"]) == reader_lists(Principals(environment))
    # Lambda takes no more.
    assert sum(len(part) for pair in variables.items() for part in pair) <= 4096
    assert properties["ReservedConcurrentExecutions"] == 1
    assert properties["DeadLetterConfig"] == {"TargetArn": "<DeadLetters.Arn>"}
    folder = (
        assembly.directory / f"assembly-{environment.slug}" / resource["Metadata"]["aws:asset:path"]
    )
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert found == {Path("handler") / name for name in HANDLER}


@pytest.mark.clause("ROVN-SEC-6")
def test_it_may_look_and_page_and_reads_no_value(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    said = statements(assembly, stack, "AWS::IAM::ManagedPolicy", "ReadersWatchPolicy")
    actions = {a for s in said for a in _listed(s["Action"])}
    assert actions == {
        *("cloudwatch:PutMetricData", "iam:GetAccountAuthorizationDetails", "kms:Decrypt"),
        *("kms:GenerateDataKey", "kms:GetKeyPolicy", "kms:ListGrants", "logs:CreateLogStream"),
        *("logs:PutLogEvents", "secretsmanager:DescribeSecret"),
        *("secretsmanager:GetResourcePolicy", "sns:Publish", "sqs:SendMessage"),
    }
    for statement in said:
        resources = _listed(statement["Resource"])
        used = set(_listed(statement["Action"]))
        if "kms:Decrypt" in used:
            # Of its own queue, and of the topic: never that of the secrets.
            assert not any("Secrets" in resource for resource in resources)
        if "secretsmanager:DescribeSecret" in used:
            assert len(resources) == len(environment.secrets)
            assert not any("*" in resource for resource in resources)
    (measure,) = [s for s in said if s["Action"] == "cloudwatch:PutMetricData"]
    assert measure["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Runbook/Secrets"}}


@pytest.mark.clause("ROVN-SEC-6")
def test_an_environment_has_one_satellite_that_may_put_events_and_no_more(
    assembly: Assembly, environment: Environment, away: str
) -> None:
    assert assembly.environments[away] == f"aws://{environment.account}/{IDENTITY_REGION}"
    (rule,) = (plain(r["Properties"]) for r in assembly.of_type(away, RULE).values())
    bus = f"arn:aws:events:{environment.region}:{environment.account}:event-bus/default"
    (target,) = rule["Targets"]
    assert target["Arn"] == bus
    assert target["RoleArn"] == "<Sender.Arn>"
    assert target["DeadLetterConfig"] == {"Arn": "<DeadLetters.Arn>"}
    (role,) = (plain(r["Properties"]) for r in assembly.of_type(away, ROLE).values())
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == EVENTBRIDGE
    place = f"{IDENTITY_REGION}:{environment.account}"
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": environment.account},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:events:{place}:rule/{rule['Name']}"},
    }
    (said,) = statements(assembly, away, "AWS::IAM::ManagedPolicy", "SenderPolicy")
    assert (said["Action"], said["Resource"]) == ("events:PutEvents", bus)


@pytest.mark.parametrize("part", ["secret-readers", "identity-events"])
def test_dead_letters_are_encrypted_kept_and_taken_from_these_rules_alone(
    assembly: Assembly, environment: Environment, part: str
) -> None:
    name = f"{environment.slug}-{part}"
    queue = assembly.named(name, "AWS::SQS::Queue", "DeadLetters")
    assert plain(queue["Properties"])["KmsMasterKeyId"] == "<Key.Arn>"
    assert queue["DeletionPolicy"] == "RetainExceptOnCreate"
    said = statements(assembly, name, "AWS::SQS::QueuePolicy", "DeadLettersPolicy")
    (allow,) = [s for s in said if s["Effect"] == "Allow"]
    region = assembly.environments[name].rpartition("/")[2]
    names = {r["Properties"]["Name"] for r in assembly.of_type(name, RULE).values()}
    assert set(_listed(allow["Condition"]["ArnEquals"]["aws:SourceArn"])) == {
        f"arn:aws:events:{region}:{environment.account}:rule/{rule}" for rule in names
    }


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    return value if isinstance(value, list) else [value]
