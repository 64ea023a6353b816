"""What follows a rotation: who is restarted by what, and what measures ages."""

import json
from typing import Any

import pytest

from policies.lookups.event_patterns import matches
from runbook.model.environment import Environment
from runbook_constructs.secret_restart.patterns import Watched, pattern
from runbook_constructs.secret_restart.state_machine import definition
from tests.access.evaluation import decides
from tests.assembly import Assembly, plain
from tests.constructs.events_read import NOTHING, event

RULE = "AWS::Events::Rule"
PLACE = "us-east-2:111122223333"
ARN = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/"
ROTATOR = "arn:aws:iam::111122223333:role/rovn-production-rotate-mcp-inbound-token"
STRIPE = Watched(f"{ARN}stripe-api-key-AbCdEf", "rovn/production/stripe-api-key", PLACE, None)
TOKEN = Watched(
    f"{ARN}mcp-inbound-token-AbCdEf", "rovn/production/mcp-inbound-token", PLACE, ROTATOR
)
PROMOTED, PUT = "update-secret-version-stage", "put-secret-value"
ISSUER = "detail__userIdentity__sessionContext__sessionIssuer__arn"
ASKED = "detail__requestParameters"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-secret-watch"


def policy(assembly: Assembly, stack: str, prefix: str) -> dict[str, Any]:
    found = assembly.named(stack, "AWS::IAM::ManagedPolicy", prefix)["Properties"]
    document: dict[str, Any] = plain(found["PolicyDocument"])
    return document


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("secret", "name", "changes", "found"),
    [
        (TOKEN, "rotation-succeeded", {}, True),
        (STRIPE, "rotation-succeeded", {}, False),
        (TOKEN, "rotation-succeeded", {"detail__eventName": "RotationStarted"}, False),
        (TOKEN, "rotation-succeeded", {"detail__eventName": "RotationFailed"}, False),
        # Promoted by a name, by the ARN, and by the ARN without its last letters.
        (STRIPE, PROMOTED, {}, True),
        (STRIPE, PROMOTED, {f"{ASKED}__secretId": STRIPE.arn}, True),
        (STRIPE, PROMOTED, {f"{ASKED}__secretId": f"{ARN}stripe-api-key"}, True),
        (TOKEN, PROMOTED, {}, False),
        (STRIPE, PROMOTED, {f"{ASKED}__versionStage": "AWSPENDING"}, False),
        (STRIPE, PROMOTED, {"detail__errorCode": "AccessDenied"}, False),
        # A value that is put as pending is nobody's yet.
        (STRIPE, PUT, {}, False),
        (STRIPE, PUT, {f"{ASKED}__versionStages": ["AWSCURRENT"]}, True),
        (STRIPE, PUT, {f"{ASKED}__versionStages": NOTHING}, True),
        (STRIPE, PUT, {"detail__eventName": "UpdateSecret"}, True),
        (
            STRIPE,
            PUT,
            {"detail__eventName": "UpdateSecret", "detail__responseElements__versionId": NOTHING},
            False,
        ),
        # What the function itself does comes before the end of its rotation; people's does not.
        (TOKEN, PROMOTED, {f"{ASKED}__secretId": TOKEN.name, ISSUER: ROTATOR}, False),
        (TOKEN, PROMOTED, {f"{ASKED}__secretId": TOKEN.name}, True),
        (
            TOKEN,
            PROMOTED,
            {f"{ASKED}__secretId": TOKEN.name, "detail__userIdentity": {"type": "IAMUser"}},
            True,
        ),
    ],
)
def test_what_counts_as_a_new_value(
    secret: Watched, name: str, changes: dict[str, Any], found: bool
) -> None:
    assert matches(pattern(secret), event(name, **changes)) is found


@pytest.mark.clause("ROVN-SEC-3")
def test_each_rule_hears_every_name_that_a_call_may_give_its_secret(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """In the template a secret's ARN is a token: no part of it can be cut out of that."""
    place = f"{environment.region}:{environment.account}"
    for name in (name for name, secret in environment.secrets.items() if secret.services):
        id_ = f"Restart{name.title().replace('-', '')}"
        rule = assembly.named(stack, RULE, id_)["Properties"]
        of_calls = [
            one for one in rule["EventPattern"]["detail"]["$or"] if "requestParameters" in one
        ]
        for asked in (one["requestParameters"]["secretId"] for one in of_calls):
            full = f"{environment.name}/{name}"
            assert "Fn::ImportValue" in asked[0]
            assert asked[1:] == [full, f"arn:aws:secretsmanager:{place}:secret:{full}"]


@pytest.mark.clause("ROVN-SEC-3")
def test_each_rule_starts_the_machine_for_each_service_that_reads_its_secret(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    place = f"{environment.region}:{environment.account}"
    started = {}
    for rule in assembly.of_type(stack, RULE).values():
        properties = plain(rule["Properties"])
        if "EventPattern" not in properties:
            continue
        inputs = []
        for target in properties["Targets"]:
            machine = f"arn:aws:states:{place}:stateMachine:{environment.slug}-secret-restart"
            assert (target["Arn"], target["RoleArn"]) == (machine, "<RestartEventsRole.Arn>")
            assert target["DeadLetterConfig"] == {"Arn": "<DeadLetters.Arn>"}
            inputs.append(json.loads(target["InputTransformer"]["InputTemplate"]))
        assert {given["rotated"] for given in inputs} == {"<aws.events.event.ingestion-time>"}
        (secret,) = {given["secret"] for given in inputs}
        assert properties["Name"] == f"{environment.slug}-secret-restart-{secret}"
        assert len(properties["Name"]) <= 64
        started[secret] = {given["service"] for given in inputs}
    assert started == {
        name: {environment.services[key].name for key in secret.services}
        for name, secret in environment.secrets.items()
        if secret.services
    }
    assert "database-master" not in started


@pytest.mark.clause("ROVN-DEP-3")
def test_the_machine_is_as_it_was_tried_and_may_restart_these_services_alone(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (machine,) = assembly.of_type(stack, "AWS::StepFunctions::StateMachine").values()
    properties = machine["Properties"]
    assert json.loads(properties["DefinitionString"]) == definition(environment.slug)
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert properties["LoggingConfiguration"]["Level"] == "ALL"
    document = policy(assembly, stack, "RestartRolePolicy")
    service = f"arn:aws:ecs:{environment.region}:{environment.account}:service/{environment.slug}"
    own = f"{service}/{next(iter(environment.services.values())).name}"
    assert decides(document, "ecs:UpdateService", own, {}) == "Allow"
    assert decides(document, "ecs:ListServiceDeployments", own, {}) == "Allow"
    assert decides(document, "ecs:UpdateService", f"{service}/another", {}) is None
    assert decides(document, "ecs:StopServiceDeployment", own, {}) is None
    # With a task definition the call is a deploy.
    deploy = {"ecs:task-definition": "arn:aws:ecs:us-east-2:111122223333:task-definition/x:1"}
    assert decides(document, "ecs:UpdateService", own, deploy) is None


@pytest.mark.clause("ROVN-SEC-3")
def test_ages_are_measured_every_six_hours_without_reading_a_value(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    scheduled = [
        rule["Properties"]
        for rule in assembly.of_type(stack, RULE).values()
        if "ScheduleExpression" in rule["Properties"]
    ]
    assert [rule["ScheduleExpression"] for rule in scheduled] == ["cron(20 0/6 * * ? *)"]
    function = assembly.named(stack, "AWS::Lambda::Function", "WatchAgesFunction")["Properties"]
    variables = function["Environment"]["Variables"]
    assert set(json.loads(variables["PLANS"])) == set(environment.secrets)
    assert (variables["EVERY_HOURS"], variables["DUE_SOON"]) == ("6", "80")
    # Lambda takes 4 KB of variables.
    assert len(json.dumps(plain(variables))) < 4096
    found = policy(assembly, stack, "WatchAgesPolicy")["Statement"]
    actions = {
        a for s in found for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }
    assert {a for a in actions if a.startswith("secretsmanager:")} == {
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecretVersionIds",
    }
    (put,) = [s for s in found if s["Action"] == "cloudwatch:PutMetricData"]
    assert put["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Runbook/Secrets"}}


def test_a_pattern_of_the_longest_names_is_as_short_as_eventbridge_wants_it() -> None:
    """The template has a token where the ARN will be."""
    name = f"organisation/environment/{'s' * 40}"
    place = "ap-southeast-2:111122223333"
    arn = f"arn:aws:secretsmanager:{place}:secret:{name}-AbCdEf"
    role = f"arn:aws:iam::111122223333:role/{'r' * 64}"
    written = json.dumps(pattern(Watched(arn, name, place, role)), separators=(",", ":"))
    assert len(written) <= 2048
