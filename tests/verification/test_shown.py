"""What may hold a secret is never shown, wherever the difference is."""

from typing import Any

import pytest

from runbook.deployed.difference import Difference
from runbook.deployed.equivalence import ABSENT, Mismatch
from runbook.verification.shown import LONGEST, shown

Json = Any
# Not a secret: what a person might have pasted.
PASTED = "a-password-somebody-pasted"


def difference(type_: str, path: str, declared: Json, live: Json) -> Difference:
    mismatch = Mismatch(path, declared, live)
    return Difference("stack", "Thing", type_, path, f"{declared} {live}", mismatch=mismatch)


@pytest.mark.parametrize(
    ("type_", "path", "live"),
    [
        ("AWS::Lambda::Function", "Environment.Variables.TOKEN", PASTED),
        ("AWS::Lambda::Function", "Environment", {"Variables": {"TOKEN": PASTED}}),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions[0].Environment[1].Value", PASTED),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions[0].Command[0]", PASTED),
        (
            "AWS::ECS::TaskDefinition",
            "ContainerDefinitions",
            [{"Name": "app", "Environment": [{"Name": "TOKEN", "Value": PASTED}]}],
        ),
        ("AWS::CodeBuild::Project", "Environment.EnvironmentVariables[0].Value", PASTED),
        ("AWS::CodeBuild::Project", "Source.BuildSpec", PASTED),
        ("AWS::SSM::Parameter", "Value", PASTED),
        ("AWS::StepFunctions::StateMachine", "DefinitionString", PASTED),
        ("AWS::SNS::Topic", "Subscription", [{"Endpoint": f"https://x/{PASTED}"}]),
    ],
)
def test_what_somebody_may_have_pasted_is_not_shown(type_: str, path: str, live: Json) -> None:
    for pair in ((live, "declared"), ("declared", live), (ABSENT, live), (live, ABSENT)):
        text = shown(difference(type_, path, *pair))
        assert PASTED not in text
        assert "not shown" in text


def test_all_else_is_shown_in_a_line() -> None:
    one = difference("AWS::S3::Bucket", "VersioningConfiguration.Status", "Enabled", "Suspended")
    assert shown(one) == 'declared "Enabled", found "Suspended"'
    assert shown(difference("T", "P", ABSENT, 1)) == "not declared, found 1"
    assert shown(difference("T", "P", [1], ABSENT)) == "declared [1], and nothing is there"
    long = shown(difference("T", "P", 1, "x" * 1000))
    assert len(long) < LONGEST + 40
    assert "\n" not in shown(difference("T", "P", 1, "two\nlines"))
