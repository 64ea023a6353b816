"""Records of releases, the janitor, the detector: who sends what where, and under which key."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.access.principals import Principals
from runbook.model.environment import Environment
from tests.access.evaluation import decides
from tests.assembly import Assembly, Resource, plain

EVENTBRIDGE = {"Service": "events.amazonaws.com"}
FUNCTION, RULE = "AWS::Lambda::Function", "AWS::Events::Rule"
DEAD = "<DeadLetters.Arn>"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-records"


def policy(assembly: Assembly, stack: str, kind: str, prefix: str) -> list[dict[str, Any]]:
    found = assembly.named(stack, kind, prefix)["Properties"]["PolicyDocument"]["Statement"]
    statements: list[dict[str, Any]] = plain(found)
    return statements


def rules(assembly: Assembly, stack: str) -> list[dict[str, Any]]:
    return [plain(rule["Properties"]) for rule in assembly.of_type(stack, RULE).values()]


def rule_arns(assembly: Assembly, environment: Environment, prefix: str) -> set[str]:
    place = f"{environment.region}:{environment.account}"
    stack = f"{environment.slug}-records"
    names = {rule["Name"] for rule in rules(assembly, stack)}
    return {f"arn:aws:events:{place}:rule/{name}" for name in names if name.startswith(prefix)}


def function(assembly: Assembly, stack: str, prefix: str) -> Resource:
    return assembly.named(stack, FUNCTION, prefix)


@pytest.mark.clause("ROVN-AUD-1")
def test_every_rule_sends_to_the_queue_or_pages_and_loses_nothing(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    slug, sent = environment.slug, set()
    for rule in rules(assembly, stack):
        assert rule["State"] == "ENABLED"
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": DEAD}
        assert target["RetryPolicy"] == {
            "MaximumEventAgeInSeconds": 86_400,
            "MaximumRetryAttempts": 185,
        }
        # By a role EventBridge could not send to what is encrypted.
        assert "RoleArn" not in target
        by = {
            "<ReleasesQueue.Arn>": (f"{slug}-release-records-",),
            "<DetectorTopic>": (f"{slug}-detector-", f"{slug}-secret-events-"),
            "<SnapshotsJanitorFunction.Arn>": (f"{slug}-snapshot-janitor",),
        }
        assert rule["Name"].startswith(by[target["Arn"]])
        assert ("InputTransformer" in target) is (target["Arn"] == "<DetectorTopic>")
        sent.add(target["Arn"])
    assert len(sent) == 3


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize("queue", ["ReleasesQueue", "DeadLetters"])
def test_queues_are_encrypted_and_take_from_these_rules_alone(
    assembly: Assembly, environment: Environment, stack: str, queue: str
) -> None:
    properties = plain(assembly.named(stack, "AWS::SQS::Queue", queue)["Properties"])
    assert properties["KmsMasterKeyId"] == "<RecordsKey.Arn>"
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    statements = policy(assembly, stack, "AWS::SQS::QueuePolicy", f"{queue}Policy")
    (deny,) = [s for s in statements if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (allow,) = [s for s in statements if s["Effect"] == "Allow"]
    arns = set(allow.pop("Condition")["ArnEquals"]["aws:SourceArn"])
    assert allow == {
        "Sid": "SendByRules",
        "Effect": "Allow",
        "Principal": EVENTBRIDGE,
        "Action": "sqs:SendMessage",
        "Resource": f"<{queue}.Arn>",
    }
    prefix = "release-records-" if queue == "ReleasesQueue" else ""
    assert arns == rule_arns(assembly, environment, f"{environment.slug}-{prefix}")


@pytest.mark.clause("ROVN-AUD-1")
def test_an_event_waits_until_it_is_recorded_and_then_with_the_dead(
    assembly: Assembly, stack: str
) -> None:
    queue = plain(assembly.named(stack, "AWS::SQS::Queue", "ReleasesQueue")["Properties"])
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": DEAD, "maxReceiveCount": 5}
    recorder = function(assembly, stack, "ReleasesRecorderFunction")["Properties"]
    assert queue["VisibilityTimeout"] == 6 * recorder["Timeout"]
    source = assembly.named(stack, "AWS::Lambda::EventSourceMapping", "ReleasesSource")
    found = plain(source["Properties"])
    del found["Tags"]
    assert found == {
        "BatchSize": 10,
        "EventSourceArn": "<ReleasesQueue.Arn>",
        "FunctionName": "<ReleasesRecorderFunction>",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    }
    # What Lambda throttles counts as a try of the five.
    assert recorder["ReservedConcurrentExecutions"] == 3
    # Lambda refuses a source that the role cannot read.
    assert [i[:-8] for i in source["DependsOn"]] == ["ReleasesRecorderPolicy"]
    dead = assembly.named(stack, "AWS::SQS::Queue", "DeadLetters")
    assert dead["DeletionPolicy"] == "RetainExceptOnCreate"
    assert dead["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(
    ("prefix", "entry", "files"),
    [
        (
            "ReleasesRecorder",
            "handler.recorder.handler",
            {
                *("calls.py", "readers.py", "recorder.py", "records.py", "rotations.py"),
                *("shapes.py", "states.py"),
            },
        ),
        ("SnapshotsJanitor", "handler.janitor.handler", {"choice.py", "janitor.py"}),
    ],
)
def test_functions_run_the_handlers_and_nothing_beside(
    assembly: Assembly,
    environment: Environment,
    stack: str,
    prefix: str,
    entry: str,
    files: set[str],
) -> None:
    resource = function(assembly, stack, f"{prefix}Function")
    properties = plain(resource["Properties"])
    assert properties["Handler"] == entry
    assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["x86_64"])
    assert properties["ReservedConcurrentExecutions"] <= 3
    assert properties["DeadLetterConfig"] == {"TargetArn": DEAD}
    assert properties["Role"] == f"<{prefix}Role.Arn>"
    name = properties["FunctionName"].removeprefix(f"{environment.slug}-")
    assert properties["LoggingConfig"]["LogGroup"] == f"/{environment.name}/{name}"
    asset = resource["Metadata"]["aws:asset:path"]
    folder = assembly.directory / f"assembly-{environment.slug}" / asset
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert found == {Path("handler") / name for name in files}


@pytest.mark.clause("ROVN-AUD-1")
def test_the_recorder_writes_records_and_can_do_nothing_else(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    recorder = function(assembly, stack, "ReleasesRecorderFunction")["Properties"]
    variables = plain(recorder["Environment"]["Variables"])
    assert variables["ENVIRONMENT_NAME"] == environment.name
    assert "AuditRecords" in variables["AUDIT_BUCKET"]
    found = policy(assembly, stack, "AWS::IAM::ManagedPolicy", "ReleasesRecorderPolicy")
    actions = {a for s in found for a in listed(s["Action"])}
    assert actions == {
        *("kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents"),
        *("s3:PutObject", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
        "sqs:SendMessage",
    }
    (put,) = [s for s in found if s["Action"] == "s3:PutObject"]
    assert "AuditRecords" in put["Resource"]
    assert put["Resource"].endswith("/releases/*")
    keys = [s["Resource"] for s in found if "kms:GenerateDataKey" in listed(s["Action"])]
    assert any("AuditKey" in key for key in keys)
    assert "<RecordsKey.Arn>" in keys


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize(
    ("folder", "writers"),
    [
        ("releases", ("release-records", "release")),
        ("evidence", ("evidence",)),
    ],
)
def test_each_folder_is_written_by_its_writers_and_hidden_by_nobody(
    assembly: Assembly, environment: Environment, folder: str, writers: tuple[str, ...]
) -> None:
    """Operations write records, too: what runs them would stop at its first (ROVN-DEP-8)."""
    audit = f"{environment.slug}-audit"
    found = policy(assembly, audit, "AWS::S3::BucketPolicy", "AuditRecordsPolicy")
    document = {"Statement": [s for s in found if f"/{folder}/" in json.dumps(s["Resource"])]}
    record = f"<AuditRecords.Arn>/{folder}/2026/11/21/x.json"
    role = f"arn:aws:iam::{environment.account}:role/"
    own = [f"{role}{environment.slug}-{name}" for name in writers]
    people = [*Principals(environment).break_glass, Principals(environment).deploy_identity]
    others = {"release-records", "release", "evidence", "release-checks", "snapshot-janitor"}
    strangers = [f"{role}{environment.slug}-{name}" for name in others - set(writers)]
    for arn, wanted in (
        *((arn, None) for arn in (*own, *people)),
        *((arn, "Deny") for arn in (*strangers, f"{role}administrator")),
    ):
        somebody = {"aws:PrincipalArn": arn}
        assert decides(document, "s3:PutObject", record, somebody) == wanted, arn
        assert decides(document, "s3:DeleteObject", record, somebody) == "Deny", arn
    other = "<AuditRecords.Arn>/operations/x.json"
    assert decides(document, "s3:PutObject", other, {"aws:PrincipalArn": role}) is None
    assert {json.dumps(s["Principal"]) for s in document["Statement"]} == {'{"AWS": "*"}'}


@pytest.mark.clause("ROVN-MIG-2")
def test_the_janitor_comes_daily_and_knows_its_database(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (daily,) = [r for r in rules(assembly, stack) if "ScheduleExpression" in r]
    assert daily["ScheduleExpression"] == "cron(30 9 * * ? *)"
    variables = function(assembly, stack, "SnapshotsJanitorFunction")["Properties"]["Environment"]
    database = assembly.named(
        f"{environment.slug}-data", "AWS::RDS::DBInstance", "DatabaseInstance"
    )
    assert variables["Variables"] == {
        "INSTANCE": database["Properties"]["DBInstanceIdentifier"],
        "KEEP_DAYS": "90",
        "PREFIXES": json.dumps([f"{s.name}-" for s in environment.services.values()]),
    }
    permission = assembly.named(stack, "AWS::Lambda::Permission", "SnapshotsInvoke")["Properties"]
    (arn,) = rule_arns(assembly, environment, daily["Name"])
    assert plain(permission) == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": "<SnapshotsJanitorFunction.Arn>",
        "Principal": "events.amazonaws.com",
        "SourceArn": arn,
    }


@pytest.mark.clause("ROVN-MIG-2")
def test_iam_lets_the_janitor_delete_only_what_the_gate_tagged_and_named(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    found = {
        "Statement": policy(assembly, stack, "AWS::IAM::ManagedPolicy", "SnapshotsJanitorPolicy")
    }
    snapshot = f"arn:aws:rds:{environment.region}:{environment.account}:snapshot"
    ours = f"{snapshot}:rovn-passport-api-0002-x-20260801120000"
    tagged = {"aws:ResourceTag/runbook:purpose": "pre-deploy"}
    delete = "rds:DeleteDBSnapshot"
    assert decides(found, delete, ours, tagged) == "Allow"
    for resource, context in (
        (ours, {}),
        (ours, {"aws:ResourceTag/runbook:purpose": "pre-deploy-keep"}),
        (ours, {"aws:ResourceTag/purpose": "pre-deploy"}),
        (f"{snapshot}:another-20260801120000", tagged),
        (f"{snapshot}:rds:rovn-production-postgres-2026-08-01", tagged),
        (ours.replace(environment.region, "us-west-2"), tagged),
        (ours.replace(":snapshot:", ":cluster-snapshot:"), tagged),
    ):
        assert decides(found, delete, resource, context) is None, (resource, context)
    rds = {a for s in found["Statement"] for a in listed(s["Action"]) if a.startswith("rds:")}
    looks = {"rds:DescribeDBSnapshotAttributes", "rds:DescribeDBSnapshots"}
    assert rds == looks | {delete}


@pytest.mark.clause("ALL-3")
def test_the_page_is_encrypted_and_eventbridge_may_send_it(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    topic = plain(assembly.named(stack, "AWS::SNS::Topic", "DetectorTopic")["Properties"])
    assert topic["TopicName"] == f"{environment.slug}-security"
    assert topic["KmsMasterKeyId"] == "<SecurityKey.Arn>"
    statements = policy(assembly, stack, "AWS::SNS::TopicPolicy", "DetectorTopicPolicy")
    (deny,) = [s for s in statements if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    # Alarms have topics of their own, one for each severity.
    (allow,) = [s for s in statements if s["Effect"] == "Allow"]
    # EventBridge tells topics no source: what asks for one would refuse the page.
    assert allow == {
        "Sid": "PublishByRules",
        "Effect": "Allow",
        "Principal": EVENTBRIDGE,
        "Action": "sns:Publish",
        "Resource": "<DetectorTopic>",
        "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": environment.account}},
    }
    assert plain(assembly.template(stack)["Outputs"]["SecurityTopic"]["Value"]) == "<DetectorTopic>"


def test_the_page_says_who_did_what_and_no_parameter(assembly: Assembly, stack: str) -> None:
    pages = pages_of(assembly, stack, "detector")
    assert len(pages) == 8
    for page in pages:
        transformer = page["InputTransformer"]
        names = set(transformer["InputPathsMap"])
        assert names == {
            *("account", "call", "event", "from", "kind", "principal"),
            *("refused", "region", "role", "time", "user"),
        }
        template = transformer["InputTemplate"]
        assert all(f"<{name}>" in template for name in names)
        assert "requestParameters" not in json.dumps(transformer)
        # Slack shows no other form.
        message = json.loads(template)
        assert (message["version"], message["source"]) == ("1.0", "custom")


@pytest.mark.clause("ROVN-SEC-5")
def test_what_is_told_of_secrets_says_what_happened_and_what_to_do(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    restart, rotation = sorted(
        pages_of(assembly, stack, "secret-events"), key=lambda page: json.dumps(page)
    )
    if "execution" not in restart["InputTransformer"]["InputPathsMap"]:
        restart, rotation = rotation, restart
    for page, names, said in (
        (rotation, {"event", "id", "secret", "time"}, f"runbook secrets {environment.name}"),
        (restart, {"execution", "status", "time"}, f"runbook restart {environment.name}"),
    ):
        transformer = page["InputTransformer"]
        assert set(transformer["InputPathsMap"]) == names
        content = json.loads(transformer["InputTemplate"])["content"]
        assert all(f"<{name}>" in content["description"] for name in names)
        assert said in " ".join(content["nextSteps"])


def pages_of(assembly: Assembly, stack: str, what: str) -> list[dict[str, Any]]:
    found = [r for r in rules(assembly, stack) if f"-{what}-" in r["Name"]]
    return [t for r in found for t in r["Targets"] if "InputTransformer" in t]


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    return value if isinstance(value, list) else [value]
