"""The comparison fails closed: whatever it cannot read, resolve or find is a difference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runbook.deployed.comparison import compare
from runbook.deployed.description import Description, NotThereError, Part
from runbook.deployed.difference import Comparison
from runbook.deployed.equivalence import ABSENT
from runbook.deployed.intrinsics import Resolver, UnresolvableError
from runbook.deployed.known_differences import KnownDifference, judge


@dataclass
class Stack:
    """A stack with one queue as deployed; each test spoils one thing of it."""

    name: str = "orders"
    template: dict[str, Any] = field(
        default_factory=lambda: {
            "Resources": {
                "Queue": {
                    "Type": "AWS::SQS::Queue",
                    "Properties": {
                        "QueueName": {"Ref": "AWS::StackName"},
                        "DelaySeconds": 5,
                        "Extra": {"Ref": "AWS::NoValue"},
                    },
                }
            },
            "Outputs": {"Name": {"Value": {"Ref": "Queue"}}},
        }
    )
    termination_protection: bool = True
    outputs: dict[str, str] = field(default_factory=lambda: {"Name": "queue-1"})
    own_exports: dict[str, str] = field(default_factory=dict)
    resources: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {"Queue": ("AWS::SQS::Queue", "queue-1")}
    )
    live: dict[str, Any] = field(
        default_factory=lambda: {"QueueName": "orders", "DelaySeconds": "5", "Fifo": False}
    )
    failure: Exception | None = None
    closed: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = ()

    @property
    def resolver(self) -> Resolver:
        return Resolver(self.template, self)

    @property
    def properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.template["Resources"]["Queue"]["Properties"]
        return properties

    def describe(self, logical_id: str) -> Description:
        if self.failure:
            raise self.failure
        return Description(self.live, closed=self.closed, parts=self.parts)

    def reference(self, logical_id: str) -> str:
        return self.resources[logical_id][1]

    def attribute(self, logical_id: str, name: str) -> str:
        raise UnresolvableError(f"{logical_id}.{name}")

    def parameter(self, name: str) -> str:
        raise UnresolvableError(name)

    def pseudo_parameter(self, name: str) -> str:
        return self.name

    def exported(self, name: str) -> str:
        raise UnresolvableError(name)

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str:
        raise UnresolvableError(secret_id)


def compared(stack: Stack) -> Comparison:
    return compare([(stack, True)])


def only_message(stack: Stack) -> str:
    [difference] = compared(stack).differences
    return str(difference)


def test_finds_nothing_where_all_is_as_declared_and_counts_it() -> None:
    comparison = compared(Stack())
    assert comparison.differences == []
    assert (comparison.stacks, comparison.resources, comparison.properties) == (1, 1, 3)
    assert comparison.values == 3, "two properties and an output"
    assert comparison.types == {"AWS::SQS::Queue"}


def test_another_value() -> None:
    stack = Stack()
    stack.live["DelaySeconds"] = "6"
    assert only_message(stack) == (
        "orders Queue AWS::SQS::Queue.DelaySeconds: declared 5, found '6'"
    )


def test_a_property_that_the_describer_does_not_return() -> None:
    stack = Stack()
    del stack.live["DelaySeconds"]
    assert "DelaySeconds: declared 5, but the description does not have it" in only_message(stack)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (NotThereError("no queue queue-1"), "in the stack, but not there: no queue queue-1"),
        (UnresolvableError("no module reads it"), "cannot be described: no module reads it"),
        (ClientError({"Error": {"Code": "Throttling"}}, "GetQueue"), "reading it failed"),
    ],
)
def test_a_resource_that_cannot_be_read(failure: Exception, message: str) -> None:
    assert message in only_message(Stack(failure=failure))


def test_an_unresolvable_expression() -> None:
    stack = Stack(closed=frozenset({"DelaySeconds"}))
    stack.properties["DelaySeconds"] = {"Fn::GetAtt": ["Other", "Delay"]}
    assert "DelaySeconds is unresolvable: Other.Delay" in only_message(stack)


def test_a_resource_that_was_not_deployed() -> None:
    stack = Stack(outputs={}, resources={})
    stack.template["Outputs"] = {}
    assert "in the template, but not deployed" in only_message(stack)


def test_a_resource_that_the_template_does_not_have() -> None:
    stack = Stack()
    stack.resources["Left"] = ("AWS::SQS::Queue", "queue-2")
    assert "Left AWS::SQS::Queue: deployed, but not in the template" in only_message(stack)


def test_a_resource_of_another_type() -> None:
    stack = Stack(resources={"Queue": ("AWS::SNS::Topic", "queue-1")})
    assert "deployed as AWS::SNS::Topic" in only_message(stack)


def test_a_condition_that_does_not_hold_means_not_deployed() -> None:
    stack = Stack(outputs={}, resources={})
    stack.template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    stack.template["Resources"]["Queue"]["Condition"] = "Never"
    stack.template["Outputs"]["Name"]["Condition"] = "Never"
    assert compared(stack).differences == []
    stack.resources["Queue"] = ("AWS::SQS::Queue", "queue-1")
    assert "deployed, but not in the template" in only_message(stack)


def test_an_unresolvable_condition() -> None:
    stack = Stack()
    stack.template["Resources"]["Queue"]["Condition"] = "Missing"
    assert "unresolvable condition" in only_message(stack)


@pytest.mark.parametrize("outputs", [{}, {"Name": "queue-2"}])
def test_an_output_that_is_not_as_declared(outputs: dict[str, str]) -> None:
    assert "Name output: declared 'queue-1', found" in only_message(Stack(outputs=outputs))


def test_an_output_or_export_that_the_template_does_not_have() -> None:
    outputs = {"Name": "queue-1", "Url": "u"}
    assert "Url output: declared None, found 'u'" in only_message(Stack(outputs=outputs))
    assert "url export: declared None, found 'u'" in only_message(Stack(own_exports={"url": "u"}))


EXPORT = {"Name": {"Value": "q", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-queue"}}}}


@pytest.mark.parametrize(
    ("exports", "message"),
    [
        ({"orders-queue": "q"}, None),
        ({"orders-queue": "other"}, "orders-queue export: declared 'q', found 'other'"),
        ({}, "orders-queue export: declared 'q', found None"),
    ],
)
def test_exports(exports: dict[str, str], message: str | None) -> None:
    stack = Stack(outputs={"Name": "q"}, own_exports=exports)
    stack.template["Outputs"] = EXPORT
    messages = [str(difference) for difference in compared(stack).differences]
    assert messages == ([f"orders {message}"] if message else [])


def test_what_stands_at_a_closed_path_undeclared() -> None:
    stack = Stack(closed=frozenset({"Fifo", "Extra", "DelaySeconds"}))
    stack.live["Extra"] = ["x"]
    assert [str(difference) for difference in compared(stack).differences] == [
        "orders Queue AWS::SQS::Queue.Extra: not declared, found ['x']",
        "orders Queue AWS::SQS::Queue.Fifo: not declared, found False",
    ], "AWS::NoValue declares nothing"
    assert compared(Stack(live=stack.live)).differences == [], "an open path may hold more"


def test_a_part_of_another_resource_is_declared_there() -> None:
    stack = Stack(closed=frozenset({"Rules"}))
    stack.live["Rules"] = [{"Name": "a", "Port": 1}, {"Name": "b", "Port": 2}]
    part = Part("AWS::SQS::Queue", "queue-1", "Rules", {"Name": "a"})
    other = Stack(name="rules", live={**stack.live, "QueueName": "rules"}, parts=(part,))
    found = [
        (difference.property, difference.found)
        for difference in compare([(stack, True), (other, True)]).differences
    ]
    assert found == [("Rules", '[{"Name": "b", "Port": 2}]')], "those of all stacks count"


def test_a_part_may_be_a_text() -> None:
    stack = Stack(closed=frozenset({"Readers"}))
    stack.live["Readers"] = ["a", "b"]
    part = Part("AWS::SQS::Queue", "queue-1", "Readers", "a")
    other = Stack(name="readers", live={**stack.live, "QueueName": "readers"}, parts=(part,))
    found = [difference.found for difference in compare([(stack, True), (other, True)]).differences]
    assert found == ['["b"]']


@pytest.mark.parametrize(
    ("live", "found"), [(ABSENT, "nothing"), ("6", "6"), (6, "6"), ({"A": [True]}, '{"A": [true]}')]
)
def test_tells_what_it_found(live: object, found: str) -> None:
    stack = Stack()
    stack.live["DelaySeconds"] = live
    if live is ABSENT:
        del stack.live["DelaySeconds"]
    [difference] = compared(stack).differences
    assert difference.found == found


def test_termination_protection_that_is_off() -> None:
    assert "termination protection is off" in only_message(Stack(termination_protection=False))


DELAY = KnownDifference("AWS::SQS::Queue", "DelaySeconds", "the emulator drops it")


def test_a_known_difference_is_explained() -> None:
    stack = Stack()
    del stack.live["DelaySeconds"]
    verdict = judge(compared(stack), [DELAY])
    assert verdict.passed
    assert [known for _, known in verdict.explained] == [DELAY]


def test_a_known_difference_explains_no_other() -> None:
    stack = Stack()
    stack.live |= {"DelaySeconds": 6, "QueueName": "other"}
    verdict = judge(compared(stack), [DELAY])
    assert [difference.property for difference in verdict.failures] == ["QueueName"]


@pytest.mark.parametrize(("found", "passed"), [("nothing", False), ("6", True)])
def test_a_known_difference_explains_only_what_it_found(found: str, passed: bool) -> None:
    stack = Stack()
    stack.live["DelaySeconds"] = 6
    known = KnownDifference("AWS::SQS::Queue", "DelaySeconds", "the emulator adds one", found)
    assert judge(compared(stack), [known]).passed is passed


def test_no_entry_explains_a_whole_resource() -> None:
    stack = Stack(failure=NotThereError("gone"))
    everything = KnownDifference("AWS::SQS::Queue", "*", "anything")
    verdict = judge(compared(stack), [everything])
    assert not verdict.passed
    assert len(verdict.failures) == 1


def test_an_entry_that_explains_nothing_is_stale() -> None:
    verdict = judge(compared(Stack()), [DELAY])
    assert not verdict.passed
    assert list(verdict.stale) == [DELAY]


def test_an_entry_for_a_type_that_was_not_deployed_is_not_stale() -> None:
    elsewhere = KnownDifference("AWS::SNS::Topic", "DisplayName", "the emulator drops it")
    assert judge(compared(Stack()), [elsewhere]).passed


def test_an_entry_for_a_property_that_nothing_has_is_not_stale() -> None:
    nowhere = KnownDifference("AWS::SQS::Queue", "Policy.Statement[0]", "the emulator drops it")
    assert judge(compared(Stack()), [nowhere]).passed
    stack = Stack()
    stack.live["Policy"] = {}
    assert list(judge(compared(stack), [nowhere]).stale) == [nowhere]
