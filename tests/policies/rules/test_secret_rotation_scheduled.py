"""secret-rotation-scheduled (ROVN-SEC-3)."""

import pytest

from policies.rules.secret_rotation_scheduled import RULE, SCHEDULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, plain_id, template, verdicts
from tests.policies.rules.spoiling import ABSENT, all_pass, faults, setting

PART, ADMIN, JWT = "rotation", "AdminTokenSchedule", "JwtSigningKeysSchedule"
ROTATING = load_environment("rovn/production").rotating_secrets
RULES = "RotationRules.ScheduleExpression"


def schedules(name: str) -> str:
    return f"{name.title().replace('-', '')}Schedule"


@pytest.mark.clause("ROVN-SEC-3")
def test_every_secret_that_a_machine_can_make_rotates(real: Real) -> None:
    assert all_pass(real, RULE, *map(schedules, ROTATING))


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (
            ADMIN,
            RULES,
            "rate(91 days)",
            "it rotates admin-token by rate(91 days), not rate(90 days)",
        ),
        (
            JWT,
            RULES,
            "rate(90 days)",
            "it rotates jwt-signing-keys by rate(90 days), not rate(180 days)",
        ),
        (ADMIN, RULES, ABSENT, "it rotates admin-token by no schedule, not rate(90 days)"),
        (
            ADMIN,
            "RotationRules.AutomaticallyAfterDays",
            90,
            "AutomaticallyAfterDays says the days a second time",
        ),
        (
            ADMIN,
            "RotateImmediatelyOnUpdate",
            False,
            "RotateImmediatelyOnUpdate is not true: admin-token waits 90 days",
        ),
        (
            ADMIN,
            "HostedRotationLambda",
            {"RotationType": "PostgreSQLSingleUser"},
            "HostedRotationLambda has a function made that nobody here wrote",
        ),
        (
            ADMIN,
            "RotationLambdaARN",
            "arn:aws:lambda:us-east-2:111122223333:function:another",
            "its function is that of no secret, not of admin-token",
        ),
    ],
)
def test_one_spoiled_property_is_told(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, setting(SCHEDULE, name, path, value)) == {name: message}


def test_the_function_of_another_secret_is_told(production: Real) -> None:
    def spoil(body: Json) -> None:
        one, other = (found(body, schedules(name)) for name in ("admin-token", "jwt-signing-keys"))
        one["RotationLambdaARN"] = other["RotationLambdaARN"]

    assert faults(production, RULE, PART, spoil) == {
        ADMIN: "its function is that of jwt-signing-keys, not of admin-token"
    }


@pytest.mark.parametrize("name", ROTATING)
def test_a_secret_without_a_schedule_is_told(production: Real, name: str) -> None:
    def spoil(body: Json) -> None:
        gone = [i for i in body["Resources"] if plain_id(i) == schedules(name)]
        del body["Resources"][gone[0]]

    message = f"{name} has 0 schedules for its rotation, not one"
    assert faults(production, RULE, PART, spoil) == {None: message}


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (
            "rovn/production/stripe-api-key",
            "it rotates stripe-api-key, whose next value no function can make",
        ),
        ("rovn/production/unknown", "it rotates a secret that is not in [secrets]"),
        ("elsewhere", "it rotates a secret that is not in [secrets]"),
        (OPEN, "SecretId: ${SomeParameter} is open"),
    ],
)
def test_a_secret_that_no_function_makes(secret: object, message: str) -> None:
    body = {"Type": SCHEDULE, "Properties": {"SecretId": secret}}
    assert message in verdicts(RULE, template(PART, {"Thing": body}))["Thing"]


def test_an_open_schedule_fails(production: Real) -> None:
    told = faults(production, RULE, PART, setting(SCHEDULE, ADMIN, RULES, OPEN))
    assert "${SomeParameter} is open" in told[ADMIN]


def test_what_is_no_schedule_is_not_looked_at() -> None:
    body = {"Type": "AWS::S3::Bucket", "Properties": {}}
    nothing = {None: "rovn/production has nothing that the rule looks at"}
    assert verdicts(RULE, template(PART, {"Thing": body})) == nothing


def test_only_this_rule_sees_another_cadence(real: Real) -> None:
    spoil = setting(SCHEDULE, JWT, RULES, "rate(365 days)")
    assert real.caught(PART, spoil) == {("secret-rotation-scheduled", JWT)}


def found(body: Json, name: str) -> Json:
    """Find the properties of a schedule."""
    (only,) = (r for i, r in body["Resources"].items() if plain_id(i) == name)
    properties: Json = only["Properties"]
    return properties
