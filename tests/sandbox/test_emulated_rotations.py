"""Secrets in the emulator: rotated by their functions as Secrets Manager does, stage by stage."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runbook.deployed.comparison import compare
from runbook.deployed.difference import Difference
from runbook.deployed.known_differences import UNTOLD, judge, load
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.aws_cli import typed
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal.rig import zipped
from tests.sandbox.templates.secrets import BUCKET, FUNCTION, KEY, rotating
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
SECRET = "some/token"  # noqa: S105 - a name
DAY = 86400


@dataclass
class Rotating:
    """The stack, the folder of its function, and its secret."""

    stack: Stack
    folder: Path

    @property
    def manager(self) -> Any:  # noqa: ANN401 - boto3
        return self.stack.endpoint.client("secretsmanager")

    def failures(self) -> list[Difference]:
        comparison = compare([(self.stack.deployed(), False)])
        return list(judge(comparison, load(UNTOLD)).failures)

    def steps(self) -> list[dict[str, str]]:
        kept = self.folder / "steps.jsonl"
        lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
        return [json.loads(line) for line in lines]

    def forget(self) -> None:
        (self.folder / "steps.jsonl").unlink(missing_ok=True)

    def fail_at(self, step: str) -> None:
        (self.folder / "fails").write_text(step, "utf-8")

    def described(self) -> dict[str, Any]:
        return dict(self.manager.describe_secret(SecretId=SECRET))

    def stages(self, version: str) -> list[str]:
        return list(self.described()["VersionIdsToStages"].get(version, []))

    def value(self, stage: str = "AWSCURRENT") -> str:
        told = self.manager.get_secret_value(SecretId=SECRET, VersionStage=stage)
        return str(told["SecretString"])

    def current(self) -> str:
        return str(self.manager.get_secret_value(SecretId=SECRET)["VersionId"])

    def rotated(self, version: str) -> None:
        eventually(
            lambda: "AWSCURRENT" in self.stages(version) and self.is_dated(), f"rotation {version}"
        )

    def is_dated(self) -> bool:
        return "LastRotatedDate" in self.described()

    def gave_up(self, step: str) -> list[str]:
        """Wait for the last attempt at a rotation that fails at a step; return what was asked."""
        eventually(
            lambda: [each["Step"] for each in self.steps()].count(step) == 3, "the last attempt"
        )
        return [each["Step"] for each in self.steps()]


def refused(code: str, call: Callable[..., object], **given: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


@pytest.fixture(scope="module")
def made(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Rotating:
    s3 = endpoint.client("s3")
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": endpoint.region}
    )
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=zipped("index.py", FUNCTION))
    found = Rotating(Stack(endpoint, "rotating"), tmp_path_factory.mktemp("function"))
    found.stack.deploy(rotating(str(found.folder)))
    return found


@pytest.fixture
def secret(made: Rotating) -> Iterator[Rotating]:
    """Return the stack with a secret that rests, having rotated at least once."""
    eventually(made.is_dated, "the first rotation")
    made.forget()
    yield made
    for name in ("fails", "held"):
        (made.folder / name).unlink(missing_ok=True)
    made.manager.put_secret_value(SecretId=SECRET, SecretString="of the next test")


def test_a_schedule_rotates_at_once(made: Rotating) -> None:
    eventually(made.is_dated, "the first rotation")
    assert [each["Step"] for each in made.steps()] == STEPS
    [told] = {(each["SecretId"], each["ClientRequestToken"]) for each in made.steps()}
    assert told == (made.described()["ARN"], made.current())
    assert made.value() == f"value of {made.current()}"
    described = made.described()
    function = f"arn:aws:lambda:us-east-2:{made.stack.endpoint.account}:function:rotate-token"
    assert (described["RotationEnabled"], described["RotationLambdaARN"]) == (True, function)
    rules = {"ScheduleExpression": "rate(90 days)", "Duration": "2h"}
    assert described["RotationRules"] == rules
    due = described["NextRotationDate"] - described["LastRotatedDate"]
    assert due.total_seconds() == 90 * DAY
    [listed] = made.manager.list_secrets()["SecretList"]
    told_twice = ("RotationLambdaARN", "RotationRules", "LastRotatedDate", "NextRotationDate")
    assert [listed[name] for name in told_twice] == [described[name] for name in told_twice]


def test_what_is_deployed_is_as_declared(secret: Rotating) -> None:
    assert secret.failures() == []


def test_a_rotation_keeps_the_value_before_as_the_previous_one(secret: Rotating) -> None:
    before, value = secret.current(), secret.value()
    version = secret.manager.rotate_secret(SecretId=SECRET)["VersionId"]
    secret.rotated(version)
    assert "AWSPREVIOUS" in secret.stages(before)
    assert (secret.value("AWSPREVIOUS"), secret.value()) == (value, f"value of {version}")
    again = secret.manager.rotate_secret(SecretId=SECRET)["VersionId"]
    secret.rotated(again)
    assert secret.stages(before) == []
    listed = secret.manager.list_secret_version_ids(SecretId=SECRET)["Versions"]
    assert {each["VersionId"] for each in listed} == {version, again}


def test_the_aws_cli_rotates(secret: Rotating) -> None:
    done = typed(f"aws secretsmanager rotate-secret --secret-id {SECRET}", secret.stack.endpoint)
    assert (done.code, done.complained) == (0, "")
    answer = done.answer
    assert isinstance(answer, dict)
    secret.rotated(answer["VersionId"])
    assert secret.value() == f"value of {answer['VersionId']}"


def test_a_token_that_comes_again_begins_no_second_rotation(secret: Rotating) -> None:
    token = str(uuid.uuid4())
    for _ in range(2):
        told = secret.manager.rotate_secret(SecretId=SECRET, ClientRequestToken=token)
        assert told["VersionId"] == token
    secret.rotated(token)
    assert [each["Step"] for each in secret.steps()] == STEPS
    assert secret.manager.rotate_secret(SecretId=SECRET, ClientRequestToken=token)["VersionId"]
    assert [each["Step"] for each in secret.steps()] == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_fails_leaves_the_version_pending(secret: Rotating, step: str) -> None:
    current, rotated = secret.current(), secret.described()["LastRotatedDate"]
    secret.fail_at(step)
    version = secret.manager.rotate_secret(SecretId=SECRET)["VersionId"]
    said = refused("InvalidRequestException", secret.manager.rotate_secret, SecretId=SECRET)
    assert said == "A previous rotation isn't complete. That rotation will be reattempted."
    asked = secret.gave_up(step)
    assert asked == STEPS[: STEPS.index(step) + 1] * 3, "the whole, again and again"
    assert (secret.current(), secret.stages(version)) == (current, ["AWSPENDING"])
    assert secret.described()["LastRotatedDate"] == rotated

    # It must not end before it was asked for again: that would begin another.
    (secret.folder / "held").touch()
    (secret.folder / "fails").unlink()

    def taken_up() -> bool:
        refused("InvalidRequestException", secret.manager.rotate_secret, SecretId=SECRET)
        return len(secret.steps()) > len(asked)

    eventually(taken_up, "another attempt at the rotation")
    (secret.folder / "held").unlink()
    secret.rotated(version)


def test_a_version_without_a_value_has_none_to_give(secret: Rotating) -> None:
    secret.fail_at("createSecret")
    version = secret.manager.rotate_secret(SecretId=SECRET)["VersionId"]
    for which in ({"VersionStage": "AWSPENDING"}, {"VersionId": version}):
        refused(
            "ResourceNotFoundException", secret.manager.get_secret_value, SecretId=SECRET, **which
        )
    refused(
        "InvalidRequestException",
        secret.manager.get_secret_value,
        SecretId=SECRET,
        VersionId=version,
        VersionStage="AWSCURRENT",
    )
    secret.gave_up("createSecret")


def test_a_value_by_hand_abandons_what_is_pending(secret: Rotating) -> None:
    secret.fail_at("setSecret")
    version = secret.manager.rotate_secret(SecretId=SECRET)["VersionId"]
    eventually(lambda: len(secret.steps()) >= 2, "the step that fails")
    secret.manager.put_secret_value(SecretId=SECRET, SecretString="by hand")
    assert (secret.value(), secret.stages(version)) == ("by hand", [])
    (secret.folder / "fails").unlink()
    secret.rotated(secret.manager.rotate_secret(SecretId=SECRET)["VersionId"])


def test_a_cancelled_secret_rotates_no_more_until_it_is_asked_to(secret: Rotating) -> None:
    secret.manager.cancel_rotate_secret(SecretId=SECRET)
    described = secret.described()
    assert described["RotationEnabled"] is False
    assert "NextRotationDate" not in described
    [gone] = secret.failures()
    assert (gone.type, gone.property) == ("AWS::SecretsManager::RotationSchedule", "")
    secret.rotated(secret.manager.rotate_secret(SecretId=SECRET)["VersionId"])
    assert secret.failures() == []


def test_other_rules_are_found_and_a_rotation_may_wait(secret: Rotating) -> None:
    rules = {"ScheduleExpression": "rate(900 days)", "Duration": "2h"}
    function = secret.described()["RotationLambdaARN"]
    told = secret.manager.rotate_secret(
        SecretId=SECRET, RotationRules=rules, RotationLambdaARN=function, RotateImmediately=False
    )
    assert "VersionId" not in told
    assert [each.property for each in secret.failures()] == ["RotationRules.ScheduleExpression"]
    assert secret.steps() == []
    back = copy.deepcopy(secret.stack.template)
    properties = back["Resources"]["Schedule"]["Properties"]
    properties["RotationRules"]["ScheduleExpression"] = "rate(30 days)"
    before = secret.current()
    secret.stack.deploy(back, "update")
    eventually(lambda: secret.current() != before, "the rotation of an update")
    assert secret.failures() == []


def test_an_alarm_that_was_changed_is_found(secret: Rotating) -> None:
    cloudwatch = secret.stack.endpoint.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=["secret-overdue"])
    assert [each.property for each in secret.failures()] == ["ActionsEnabled"]
    cloudwatch.enable_alarm_actions(AlarmNames=["secret-overdue"])
    assert secret.failures() == []


def test_who_may_not_be_called_rotates_nothing(secret: Rotating) -> None:
    functions = secret.stack.endpoint.client("lambda")
    role = secret.stack.endpoint.client("iam").get_role(RoleName=secret.stack.physical_id("Role"))[
        "Role"
    ]["Arn"]
    code = functions.get_function(FunctionName="rotate-token")["Configuration"]
    functions.create_function(
        FunctionName="stranger",
        Runtime=code["Runtime"],
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": zipped("index.py", "def handler(*_): pass\n")},
    )
    stranger = code["FunctionArn"].replace("rotate-token", "stranger")
    before = secret.described()["RotationLambdaARN"]
    for function in (stranger, f"{stranger}-that-is-not-there"):
        said = refused(
            "AccessDeniedException",
            secret.manager.rotate_secret,
            SecretId=SECRET,
            RotationLambdaARN=function,
        )
        assert "secretsmanager.amazonaws.com" in said
    assert secret.described()["RotationLambdaARN"] == before


# --- Stages, without any rotation ---


@pytest.fixture
def plain(endpoint: Endpoint) -> tuple[Any, str]:
    """Return Secrets Manager, and a secret without any value."""
    manager, name = endpoint.client("secretsmanager"), str(uuid.uuid4())
    manager.create_secret(Name=name, SecretString="first")
    return manager, name


def stages(manager: Any, name: str) -> dict[str, list[str]]:  # noqa: ANN401 - boto3
    found = manager.describe_secret(SecretId=name)["VersionIdsToStages"]
    return {
        manager.get_secret_value(SecretId=name, VersionId=version)["SecretString"]: sorted(names)
        for version, names in found.items()
    }


def test_a_token_makes_one_version_with_one_value(plain: tuple[Any, str]) -> None:
    manager, name = plain
    token = str(uuid.uuid4())
    for _ in range(2):
        told = manager.put_secret_value(
            SecretId=name, ClientRequestToken=token, SecretString="second"
        )
        assert (told["VersionId"], told["VersionStages"]) == (token, ["AWSCURRENT"])
    assert stages(manager, name) == {"first": ["AWSPREVIOUS"], "second": ["AWSCURRENT"]}
    refused(
        "ResourceExistsException",
        manager.put_secret_value,
        SecretId=name,
        ClientRequestToken=token,
        SecretString="another",
    )


def test_a_stage_is_on_one_version_alone(plain: tuple[Any, str]) -> None:
    manager, name = plain
    for value in ("second", "third"):
        manager.put_secret_value(SecretId=name, SecretString=value, VersionStages=["AWSPENDING"])
    found = manager.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert sorted(found.values()) == [["AWSCURRENT"], ["AWSPENDING"]]
    manager.put_secret_value(
        SecretId=name, SecretString="fourth", VersionStages=["AWSCURRENT", "BLUE"]
    )
    assert stages(manager, name) == {
        "first": ["AWSPREVIOUS"],
        "fourth": ["AWSCURRENT", "BLUE"],
    }


def test_the_current_stage_takes_the_previous_one_along_to_and_fro(plain: tuple[Any, str]) -> None:
    manager, name = plain
    first = manager.get_secret_value(SecretId=name)["VersionId"]
    second = manager.put_secret_value(
        SecretId=name, SecretString="second", VersionStages=["AWSPENDING"]
    )["VersionId"]
    move = {"SecretId": name, "VersionStage": "AWSCURRENT"}
    refused(
        "InvalidParameterException",
        manager.update_secret_version_stage,
        **move,
        MoveToVersionId=second,
    )
    for to, off in ((second, first), (first, second)):
        manager.update_secret_version_stage(**move, MoveToVersionId=to, RemoveFromVersionId=off)
        found = manager.describe_secret(SecretId=name)["VersionIdsToStages"]
        assert "AWSCURRENT" in found[to]
        assert "AWSPREVIOUS" in found[off]


def test_the_first_value_of_a_secret_is_current_whatever_stage_it_is_given(
    endpoint: Endpoint,
) -> None:
    stack = Stack(endpoint, "valueless")
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "valueless"}}
    stack.deploy({"Resources": {"Secret": secret}})
    manager = endpoint.client("secretsmanager")
    manager.put_secret_value(
        SecretId="valueless", SecretString="first", VersionStages=["AWSPENDING"]
    )
    assert stages(manager, "valueless") == {"first": ["AWSCURRENT", "AWSPENDING"]}


def test_a_secret_without_a_function_does_not_rotate(plain: tuple[Any, str]) -> None:
    manager, name = plain
    refused("InvalidRequestException", manager.rotate_secret, SecretId=name)
    refused("ResourceNotFoundException", manager.rotate_secret, SecretId="nobody")
    refused("ResourceNotFoundException", manager.cancel_rotate_secret, SecretId="nobody")
    manager.delete_secret(SecretId=name)
    refused("InvalidRequestException", manager.rotate_secret, SecretId=name)


def test_a_stack_that_goes_lets_its_secret_rotate_no_more(made: Rotating) -> None:
    template = copy.deepcopy(made.stack.template)
    del template["Resources"]["Schedule"]
    made.stack.deploy(template, "update")
    assert made.described()["RotationEnabled"] is False
    assert made.failures() == []
