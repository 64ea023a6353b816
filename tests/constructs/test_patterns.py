"""Which events are recorded and which page, by the rules as they are synthesized."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ListShape, ServiceModel, Shape, StructureShape
from botocore.session import get_session

from policies.lookups.event_patterns import matches
from runbook_constructs.deployment_detector.patterns import CONFIGURATION, ROUTING
from runbook_constructs.release_records.patterns import WRITES
from tests.assembly import Assembly
from tests.constructs.events_read import NAMES, NOTHING, event

STACK = "rovn-production-records"
RECORDS, DETECTOR = "rovn-production-release-records-", "rovn-production-detector-"
SECRETS = "rovn-production-secret-events-"
ECS, STATES = "arn:aws:ecs:us-east-2:111122223333", "arn:aws:states:us-east-2:111122223333"
# Each event of the folder: the rule that records it, the rules that page.
EXPECTED: dict[str, tuple[str | None, set[str]]] = {
    "create-db-snapshot": ("writes-rds", set()),
    "delete-db-snapshot": ("writes-rds", set()),
    "delete-service": ("writes-ecs", {"replacement"}),
    "disable-rule": (None, {"rules"}),
    "ecs-deployment": ("services", set()),
    "ecs-service-action": ("services", set()),
    "ecs-task": ("migration-tasks", set()),
    "execute-change-set": ("writes-cloudformation", set()),
    "migration": ("migrations", set()),
    "modify-rule": ("writes-elasticloadbalancing", {"traffic"}),
    "pipeline": ("pipelines", set()),
    "pipeline-action": ("pipelines", set()),
    "pipeline-stage": ("pipelines", set()),
    "put-parameter": ("freeze", set()),
    "put-secret-value": ("writes-secretsmanager", set()),
    "restart": ("restarts", set()),
    "rotation-failed": ("rotations", set()),
    "rotation-succeeded": ("rotations", set()),
    "run-task": ("writes-ecs", set()),
    "stack": ("stacks", set()),
    "stop-service-deployment": ("writes-ecs", set()),
    "update-function-code": (None, {"functions"}),
    "update-secret-version-stage": ("writes-secretsmanager", set()),
    "update-service": ("writes-ecs", set()),
    "update-service-by-cloudformation": ("writes-ecs", set()),
    "update-service-configuration": ("writes-ecs", {"configuration"}),
    "update-service-denied": ("writes-ecs", {"configuration"}),
    "update-service-no-hooks": ("writes-ecs", {"ungated"}),
    "update-state-machine": (None, {"state-machines"}),
    # Of who may read secrets (tests/constructs/secret_readers).
    **dict.fromkeys(
        (
            *("add-user-to-group", "attach-role-policy", "create-grant", "create-policy-version"),
            *("delete-role-permissions-boundary", "put-key-policy", "put-role-policy"),
            *("put-user-policy", "update-assume-role-policy"),
        ),
        (None, set()),
    ),
    "delete-resource-policy": ("writes-secretsmanager", set()),
    "put-resource-policy": ("writes-secretsmanager", set()),
}


@pytest.fixture
def rules(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Map the name of each rule of production to its pattern."""
    found = assembly.of_type(STACK, "AWS::Events::Rule").values()
    return {
        rule["Properties"]["Name"]: rule["Properties"]["EventPattern"]
        for rule in found
        if "EventPattern" in rule["Properties"]
    }


def model(service: str) -> ServiceModel:
    return get_session().get_service_model(service)


def taken(rules: dict[str, dict[str, Any]], prefix: str, found: dict[str, Any]) -> set[str]:
    return {
        name.removeprefix(prefix)
        for name, pattern in rules.items()
        if name.startswith(prefix) and matches(pattern, found)
    }


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.clause("ALL-3")
@pytest.mark.parametrize("name", NAMES)
def test_each_event_is_recorded_once_and_pages_as_it_should(
    rules: dict[str, dict[str, Any]], name: str
) -> None:
    recorded, pages = EXPECTED[name]
    assert taken(rules, RECORDS, event(name)) == ({recorded} if recorded else set())
    assert taken(rules, DETECTOR, event(name)) == pages


# And what those on call are told of secrets.
TOLD = {"restart": "restart", "rotation-failed": "rotation", "rotation-succeeded": "rotation"}
ELSEWHERE = "arn:aws:secretsmanager:us-east-2:111122223333:secret:rovn/staging/x-AbCdEf"


@pytest.mark.clause("ROVN-SEC-5")
@pytest.mark.parametrize("name", NAMES)
def test_rotations_and_failed_restarts_are_told(
    rules: dict[str, dict[str, Any]], name: str
) -> None:
    told = {TOLD[name]} if name in TOLD else set()
    assert taken(rules, SECRETS, event(name)) == told


@pytest.mark.clause("ROVN-SEC-5")
@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        *(
            ("rotation-failed", {"detail__eventName": f"Rotation{what}"}, {"rotation"})
            for what in ("Abandoned", "Failed", "Started", "Succeeded")
        ),
        ("rotation-failed", {"detail__eventName": "StartSecretVersionDelete"}, set()),
        ("rotation-failed", {"detail__additionalEventData__SecretId": ELSEWHERE}, set()),
        *(("restart", {"detail__status": s}, {"restart"}) for s in ("ABORTED", "TIMED_OUT")),
        *(("restart", {"detail__status": status}, set()) for status in ("RUNNING", "SUCCEEDED")),
        ("restart", {"detail__stateMachineArn": f"{STATES}:stateMachine:another"}, set()),
    ],
)
def test_near_misses_of_secrets(
    rules: dict[str, dict[str, Any]], name: str, changes: dict[str, Any], told: set[str]
) -> None:
    found = event(name, **changes)
    assert taken(rules, SECRETS, found) == told
    assert taken(rules, DETECTOR, found) == set()


def test_no_rule_is_without_an_event(rules: dict[str, dict[str, Any]]) -> None:
    seen = {what for recorded, pages in EXPECTED.values() for what in (recorded, *pages)}
    # Each takes a call of one of the lists below, or an UpdateService with other parameters.
    besides = {"writes-codepipeline", "writes-ecr", "writes-states", "routing"}
    names = {name for name in rules if not name.startswith(SECRETS)}
    names = {name.removeprefix(RECORDS).removeprefix(DETECTOR) for name in names}
    assert names == (seen - {None}) | besides


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("ecs-deployment", {"resources": [f"{ECS}:service/rovn-production-b/x"]}),
        ("ecs-deployment", {"resources": [f"{ECS}:service/other/rovn-passport-api"]}),
        ("ecs-task", {"detail__clusterArn": f"{ECS}:cluster/other"}),
        ("ecs-task", {"detail__taskDefinitionArn": f"{ECS}:task-definition/rovn-passport-api:3"}),
        ("migration", {"detail__stateMachineArn": f"{STATES}:stateMachine:rovn-production-x"}),
        ("pipeline", {"detail__pipeline": "another-pipeline"}),
        ("stack", {"resources": ["arn:aws:cloudformation:us-east-2:111122223333:stack/rovn-x/1"]}),
        ("put-parameter", {"detail__requestParameters__name": "/rovn/production/other"}),
        ("update-service", {"detail__eventName": "DescribeServices"}),
    ],
)
def test_what_is_of_another_is_not_recorded(
    rules: dict[str, dict[str, Any]], name: str, changes: dict[str, Any]
) -> None:
    assert taken(rules, RECORDS, event(name, **changes)) == set()


def test_a_freeze_that_is_deleted_is_recorded(rules: dict[str, dict[str, Any]]) -> None:
    freeze = "/rovn/production/release-freeze"
    for call, parameters in (
        ("DeleteParameter", {"name": freeze}),
        ("DeleteParameters", {"names": ["/x", freeze]}),
    ):
        changes = {"detail__eventName": call, "detail__requestParameters": parameters}
        assert taken(rules, RECORDS, event("put-parameter", **changes)) == {"freeze"}


@pytest.mark.parametrize("service", sorted(WRITES))
def test_every_call_is_one_of_the_services_own_and_is_recorded(
    rules: dict[str, dict[str, Any]], service: str
) -> None:
    """A misspelt call records nothing, and says nothing."""
    client = {"states": "stepfunctions", "elasticloadbalancing": "elbv2"}.get(service, service)
    known = model(client).operation_names
    assert set(WRITES[service]) <= set(known)
    for call in WRITES[service]:
        changes = {
            "source": f"aws.{service}",
            "detail__eventSource": f"{service}.amazonaws.com",
            "detail__eventName": call,
        }
        assert taken(rules, RECORDS, event("run-task", **changes)) == {f"writes-{service}"}


def test_every_value_that_a_call_may_carry_there_pages(rules: dict[str, dict[str, Any]]) -> None:
    """Botocore's model tells them: one that ECS invents fails here, not in production."""
    shape = model("ecs").operation_model("UpdateService").input_shape
    assert isinstance(shape, StructureShape)
    members = shape.members
    configuration = set(_single_values(members["deploymentConfiguration"]))
    # An object of any content; the hook that it is for has a target or a stage, too.
    assert set(CONFIGURATION) == configuration - {"lifecycleHooks.hookDetails"}
    assert set(ROUTING) == {
        f"{name}.{path}"
        for name in ("deploymentController", "loadBalancers")
        for path in _single_values(members[name])
    }
    for path in [f"deploymentConfiguration.{path}" for path in CONFIGURATION] + list(ROUTING):
        parameters = {"cluster": "rovn-production", "service": "x", **_nested(path.split("."))}
        found = event("update-service", detail__requestParameters=parameters)
        what = "configuration" if path.startswith("deploymentConfiguration") else "routing"
        assert taken(rules, DETECTOR, found) == {what}, path


def _single_values(shape: Shape) -> Iterator[str]:
    if isinstance(shape, StructureShape) and shape.members:
        for name, member in shape.members.items():
            for path in _single_values(member):
                yield f"{name}.{path}".rstrip(".")
    elif isinstance(shape, ListShape):
        yield from _single_values(shape.member)
    else:
        yield ""


def _nested(steps: list[str]) -> dict[str, Any]:
    if len(steps) == 1:
        return {steps[0]: "x"}
    inner = _nested(steps[1:])
    return {steps[0]: [inner] if steps[0] in ("lifecycleHooks", "loadBalancers") else inner}


CONFIGURED = "update-service-configuration"
CLUSTER = f"{ECS}:cluster/rovn-production"


@pytest.mark.clause("ALL-3")
@pytest.mark.parametrize(
    ("name", "changes", "pages"),
    [
        # By anyone: people, the deploy identity, another service in somebody's name.
        (CONFIGURED, {"detail__sourceIPAddress": "ssm.amazonaws.com"}, {"configuration"}),
        (CONFIGURED, {"detail__sourceIPAddress": "cloudformation.amazonaws.com"}, set()),
        (
            CONFIGURED,
            {"detail__sourceIPAddress": "cloudformation.amazonaws.com.x"},
            {"configuration"},
        ),
        (CONFIGURED, {"detail__userIdentity": {"type": "Root"}}, {"configuration"}),
        # The cluster by name and by ARN; another's is nobody's business here.
        (CONFIGURED, {"detail__requestParameters__cluster": CLUSTER}, {"configuration"}),
        (CONFIGURED, {"detail__requestParameters__cluster": "rovn-productio"}, set()),
        (CONFIGURED, {"detail__requestParameters__cluster": NOTHING}, set()),
        (CONFIGURED, {"detail__eventName": "DescribeServices"}, set()),
        # Nothing set in the configuration: the answer tells what is left of it.
        (
            "update-service-no-hooks",
            {"detail__requestParameters__deploymentConfiguration": {}},
            {"ungated"},
        ),
        (
            "update-service",
            {"detail__responseElements__service__deploymentConfiguration__strategy": "ROLLING"},
            {"ungated"},
        ),
        # Refused without touching the configuration: nothing is left ungated by it.
        (
            "update-service",
            {"detail__errorCode": "ClientException", "detail__responseElements": None},
            set(),
        ),
        # ECS shifts traffic itself.
        ("modify-rule", {"detail__sourceIPAddress": "ecs.amazonaws.com"}, set()),
        (
            "modify-rule",
            {
                "detail__requestParameters__ruleArn": "arn:aws:elasticloadbalancing:us-east-2:"
                "111122223333:listener-rule/app/other/1/2/3"
            },
            set(),
        ),
        (
            "modify-rule",
            {
                "detail__eventName": "SetRulePriorities",
                "detail__requestParameters": {
                    "rulePriorities": [
                        {
                            "priority": 1,
                            "ruleArn": "arn:aws:elasticloadbalancing:us-east-2:111122223333:"
                            "listener-rule/app/rovn-production/1/2/3",
                        }
                    ]
                },
            },
            {"traffic"},
        ),
        ("update-function-code", {"detail__eventName": "DeleteFunction20150331"}, {"functions"}),
        ("update-function-code", {"detail__eventName": "Invoke"}, set()),
        (
            "update-function-code",
            {"detail__requestParameters__functionName": "rovn-production-passport-api-gate"},
            {"functions"},
        ),
        ("update-function-code", {"detail__requestParameters__functionName": "other"}, set()),
        (
            "disable-rule",
            {
                "detail__eventName": "RemoveTargets",
                "detail__requestParameters": {"rule": "rovn-production-detector-ungated"},
            },
            {"rules"},
        ),
        ("disable-rule", {"detail__requestParameters__name": "other"}, set()),
    ],
)
def test_near_misses(
    rules: dict[str, dict[str, Any]], name: str, changes: dict[str, Any], pages: set[str]
) -> None:
    assert taken(rules, DETECTOR, event(name, **changes)) == pages


RESTARTER = "arn:aws:iam::111122223333:role/rovn-production-secret-restart"


@pytest.mark.clause("ROVN-SEC-5")
def test_a_restart_after_a_rotation_is_recorded_and_pages_nobody(
    rules: dict[str, dict[str, Any]],
) -> None:
    asked = {"cluster": "rovn-production", "service": "x", "forceNewDeployment": True}
    found = event(
        "update-service",
        detail__requestParameters=asked,
        detail__sourceIPAddress="states.amazonaws.com",
        detail__userIdentity__sessionContext__sessionIssuer__arn=RESTARTER,
    )
    assert taken(rules, RECORDS, found) == {"writes-ecs"}
    assert taken(rules, DETECTOR, found) == set()
    # Whoever changes or stops the machine by hand pages, as with the gate's.
    arn = f"{STATES}:stateMachine:rovn-production-secret-restart"
    for call in ("DeleteStateMachine", "UpdateStateMachine"):
        changes = {"detail__eventName": call, "detail__requestParameters__stateMachineArn": arn}
        assert "state-machines" in taken(rules, DETECTOR, event("update-state-machine", **changes))
    for rule in ("secret-restart-stripe-api-key", "secret-ages", "secret-events-rotation"):
        name = f"rovn-production-{rule}"
        shut_off = event("disable-rule", detail__requestParameters__name=name)
        assert taken(rules, DETECTOR, shut_off) == {"rules"}


def test_replacements_page(rules: dict[str, dict[str, Any]]) -> None:
    known = model("ecs").operation_names
    calls = rules[f"{DETECTOR}replacement"]["detail"]["eventName"]
    assert set(calls) <= set(known)
    for call in calls:
        found = event("delete-service", detail__eventName=call)
        assert taken(rules, DETECTOR, found) == {"replacement"}


def test_patterns_are_as_short_as_eventbridge_wants_them(
    rules: dict[str, dict[str, Any]],
) -> None:
    assert len(rules) > 15
    for name, pattern in rules.items():
        assert len(json.dumps(pattern, separators=(",", ":"))) <= 2048, name
        assert len(name) <= 64, name
