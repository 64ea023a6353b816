"""Change sets that tell what a resource was and will be, as `IncludePropertyValues` asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import emulator_process
from sandbox.endpoint import Endpoint
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port
from tests.sandbox.patience import eventually

pytestmark = pytest.mark.sandbox

LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
Members = dict[str, Any]
TEMPLATE: Members = {
    "Parameters": {"Tag": {"Type": "String"}},
    "Resources": {
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": "some",
                "ContainerDefinitions": [
                    {"Name": "app", "Image": {"Fn::Sub": "registry/some:${Tag}"}, "Memory": 64}
                ],
            },
        },
        "Names": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "task", "Type": "String", "Value": {"Ref": "Task"}},
        },
        "Other": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "other", "Type": "String", "Value": "same & <same>"},
        },
    },
}


@pytest.fixture(scope="module")
def cloudformation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    workplace = Workplace(ROOT, tmp_path_factory.mktemp("emulator"))
    emulator = emulator_process.start(workplace, free_port(), keep_running=False)
    try:
        emulator.wait_until_ready()
        client = Endpoint(emulator.url, "111122223333", "us-east-2").client("cloudformation")
        client.create_stack(
            StackName="some",
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=[{"ParameterKey": "Tag", "ParameterValue": "one"}],
        )
        eventually(lambda: status(client) == "CREATE_COMPLETE", "the stack")
        yield client
    finally:
        emulator.stop()


def status(client: Any) -> str:  # noqa: ANN401 - boto3
    return str(client.describe_stacks(StackName="some")["Stacks"][0]["StackStatus"])


def changes(client: Any, name: str, *, values: bool = True) -> dict[str, Members]:  # noqa: ANN401
    """Ask for a change set of another tag; return its changes by logical id."""
    client.create_change_set(
        StackName="some",
        ChangeSetName=name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Tag", "ParameterValue": "two"}],
    )
    told = client.describe_change_set(
        StackName="some", ChangeSetName=name, IncludePropertyValues=values
    )
    listed = [each["ResourceChange"] for each in told["Changes"]]
    return {each["LogicalResourceId"]: each for each in listed}


def properties(change: Members, when: str) -> Members:
    found: Members = json.loads(change[f"{when}Context"])["Properties"]
    return found


def test_a_changed_image_is_told_before_and_after(cloudformation: Any) -> None:  # noqa: ANN401
    task = changes(cloudformation, "image")["Task"]
    assert (task["Action"], task["Replacement"]) == ("Modify", "True")
    before, after = properties(task, "Before"), properties(task, "After")
    assert before["ContainerDefinitions"][0].pop("Image") == "registry/some:one"
    assert after["ContainerDefinitions"][0].pop("Image") == "registry/some:two"
    assert before == after


def test_what_names_a_resource_made_anew_is_known_later(cloudformation: Any) -> None:  # noqa: ANN401
    names = changes(cloudformation, "names")["Names"]
    before, after = properties(names, "Before"), properties(names, "After")
    assert before["Value"].startswith("arn:aws:ecs:us-east-2:111122223333:task-definition/some:")
    assert after == {**before, "Value": LATER}


def test_what_does_not_change_is_not_told(cloudformation: Any) -> None:  # noqa: ANN401
    assert set(changes(cloudformation, "both")) == {"Task", "Names"}


def test_values_are_told_to_those_alone_who_ask(cloudformation: Any) -> None:  # noqa: ANN401
    for change in changes(cloudformation, "plain", values=False).values():
        assert not {"BeforeContext", "AfterContext"} & set(change)
