"""Whatever a describer stumbles over is a difference, and never ends the command."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from runbook.deployed import deployed_stack
from runbook.deployed.comparison import compare
from runbook.deployed.deployed_stack import DeployedStack
from runbook.deployed.description import Description, NotThereError, Resource
from runbook.deployed.intrinsics import UnresolvableError
from sandbox.endpoint import Endpoint

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Queue": {
            "Type": "Test::Queue",
            "Properties": {"Size": 7, "Gone": {"Ref": "AWS::NoValue"}},
        },
        "Reader": {"Type": "Test::Reader", "Properties": {"Queue": {"Fn::GetAtt": "Queue.Arn"}}},
    }
}


def stack(monkeypatch: pytest.MonkeyPatch, describe: Any) -> DeployedStack:  # noqa: ANN401
    """Return a stack whose queue is read by `describe`."""
    found = {"Test::Queue": describe, "Test::Reader": lambda _: Description({"Queue": "arn"})}
    monkeypatch.setattr(deployed_stack, "describers", lambda: found)
    return DeployedStack(
        name="orders",
        stack_id="arn:aws:cloudformation:us-east-2:111122223333:stack/orders/1",
        place=Endpoint("http://127.0.0.1:9", "111122223333", "us-east-2"),
        template=TEMPLATE,
        termination_protection=True,
        parameters={},
        outputs={},
        resources={"Queue": ("Test::Queue", "q"), "Reader": ("Test::Reader", "r")},
        exports={},
        own_exports={},
    )


@pytest.mark.parametrize(
    "failure",
    [
        AttributeError("a"),
        IndexError("i"),
        KeyError("k"),
        TypeError("t"),
        ValueError("v"),
        UnresolvableError("u"),
        NotThereError("n"),
        ClientError({"Error": {"Code": "Throttling"}}, "GetQueue"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:9"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_describer_that_fails_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def describe(_: Resource) -> Description:
        raise failure

    differences = compare([(stack(monkeypatch, describe), True)]).differences
    assert [(difference.resource, difference.property) for difference in differences] == [
        ("Queue", ""),
        ("Reader", ""),
    ], "the queue, and the reader of its attribute"


def test_the_message_says_which_type_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    answer: dict[str, str] = {}
    deployed = stack(monkeypatch, lambda _: answer["Attributes"])
    with pytest.raises(UnresolvableError, match=r"describing Test::Queue failed: KeyError\("):
        deployed.describe("Queue")


@pytest.mark.parametrize("name", ["Colour", "Gone"])
def test_a_property_that_the_template_does_not_have(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    deployed = stack(monkeypatch, lambda resource: Description({"X": resource.declared(name)}))
    with pytest.raises(UnresolvableError, match=f"the template gives Queue no {name}"):
        deployed.describe("Queue")


def test_a_property_that_the_template_has(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = stack(monkeypatch, lambda resource: Description({"X": resource.declared("Size")}))
    assert deployed.describe("Queue").properties == {"X": 7}
