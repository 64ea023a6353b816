"""key-rotation."""

from policies.rules.key_rotation import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

FAULT = "EnableKeyRotation is not true: the key's material is never replaced"


def said(**given: object) -> str:
    key = {"Type": "AWS::KMS::Key", "Properties": given}
    return verdicts(RULE, template("data", {"Key": key}))["Key"]


def test_a_key_that_rotates_passes() -> None:
    assert said(EnableKeyRotation=True) == "pass"


def test_a_key_that_does_not_fails() -> None:
    assert said() == FAULT
    assert said(EnableKeyRotation=False) == FAULT


def test_an_open_value_fails() -> None:
    assert said(EnableKeyRotation=OPEN).startswith("EnableKeyRotation: ${SomeParameter} is open")


def test_a_key_that_cannot_rotate_is_not_looked_at() -> None:
    assert said(KeySpec="HMAC_256") == "not_applicable"


def test_only_this_rule_sees_a_key_that_stopped_rotating(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::KMS::Key", "DatabaseKey")["EnableKeyRotation"] = False

    assert real.caught("data", spoil) == {("key-rotation", "DatabaseKey")}


def test_a_year_is_the_longest() -> None:
    assert said(EnableKeyRotation="true", RotationPeriodInDays="90") == "pass"
    assert said(EnableKeyRotation=True, RotationPeriodInDays=2560) == (
        "RotationPeriodInDays is 2560, not at most 365"
    )
