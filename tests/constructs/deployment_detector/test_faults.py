"""Every page of the detector's, with everything that can happen between the bus and the topic.

The detector is rules alone: EventBridge publishes, tries again and gives up as the synthesized rule
says, and gives up into a queue only if that queue's policy lets the rule in. Whatever happens:
at least one page, or the event among the dead letters; never a page where nothing was touched.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from policies.lookups.event_patterns import matches
from tests.assembly import Assembly, plain
from tests.constructs.events_read import event
from tests.constructs.release_gate.faults import KINDS, CrashedError, Fault, Faulty
from tests.constructs.release_records.test_faults import TRIES

STACK, PREFIX = "rovn-production-records", "rovn-production-detector-"
LISTENER_RULE = "arn:aws:elasticloadbalancing:us-east-2:111122223333:listener-rule/app/x/1/2/3"
Json = dict[str, Any]
# For each rule an event that it must page.
TOUCHED: dict[str, Json] = {
    "configuration": event("update-service-configuration"),
    "functions": event("update-function-code"),
    "replacement": event("delete-service"),
    "routing": event(
        "update-service",
        detail__requestParameters={
            "cluster": "rovn-production",
            "service": "rovn-passport-api",
            "loadBalancers": [
                {"advancedConfiguration": {"productionListenerRule": LISTENER_RULE}},
            ],
        },
    ),
    "rules": event("disable-rule"),
    "state-machines": event("update-state-machine"),
    "traffic": event("modify-rule"),
    "ungated": event("update-service-no-hooks"),
}
CASES = [(what, kind) for what in TOUCHED for kind in KINDS]


class Topic:
    """SNS, as far as EventBridge asks for it."""

    exceptions = None

    def __init__(self) -> None:
        self.pages: list[str] = []

    def publish(self, *, Message: str) -> Json:  # noqa: N803
        self.pages.append(Message)
        return {"MessageId": str(len(self.pages))}


@dataclass
class Bus:
    """EventBridge with the deployed rules: how it publishes, tries again, and gives up."""

    rules: list[Json]
    let_in: set[str]
    topic: Topic = field(default_factory=Topic)
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    dead: list[Json] = field(default_factory=list)

    def put(self, found: Json) -> None:
        for rule in self.rules:
            if matches(rule["EventPattern"], found):
                (target,) = rule["Targets"]
                if not self._published(target, found) and rule["Name"] in self.let_in:
                    assert target["DeadLetterConfig"] == {"Arn": "<DeadLetters.Arn>"}
                    self.dead.append(found)

    def _published(self, target: Json, found: Json) -> bool:
        topic = Faulty(self, "sns", self.topic)
        for _ in range(1 + target["RetryPolicy"]["MaximumRetryAttempts"]):
            try:
                topic.publish(Message=page(target["InputTransformer"], found))
            except ClientError as refused:
                # What no other try would mend goes to the dead letters at once.
                if refused.response["Error"]["Code"] == "AccessDeniedException":
                    return False
            except (BotoCoreError, CrashedError):
                continue
            else:
                return True
        return False


def page(transformer: Json, found: Json) -> str:
    """Write the page; a value that the event has not is left out, as EventBridge does."""
    values = {}
    for name, path in transformer["InputPathsMap"].items():
        value: Any = found
        for step in path.removeprefix("$.").split("."):
            value = value.get(step) if isinstance(value, dict) else None
        values[name] = "" if value is None else str(value)
    return re.sub(r"<([a-z]+)>", lambda match: values[match[1]], transformer["InputTemplate"])


def bus_of(assembly: Assembly, prefix: str) -> Bus:
    """Read the rules whose names begin so, and what the dead letters let in."""
    rules = [
        plain(rule["Properties"]) for rule in assembly.of_type(STACK, "AWS::Events::Rule").values()
    ]
    policies = [
        plain(policy["Properties"])
        for policy in assembly.of_type(STACK, "AWS::SQS::QueuePolicy").values()
    ]
    [arns] = [
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        for policy in policies
        if policy["Queues"] == ["<DeadLetters>"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "SendByRules"
    ]
    return Bus(
        [rule for rule in rules if rule["Name"].startswith(prefix)],
        {arn.rpartition("/")[2] for arn in arns},
    )


@pytest.fixture
def bus(assembly: Assembly) -> Bus:
    return bus_of(assembly, PREFIX)


@pytest.mark.clause("ALL-3")
@pytest.mark.parametrize(
    ("what", "kind"), CASES, ids=[f"{w}-{k[0]}{' for good' if k[1] else ''}" for w, k in CASES]
)
def test_a_page_is_on_its_way(bus: Bus, what: str, kind: tuple[str, bool]) -> None:
    touched = TOUCHED[what]
    bus.fault = Fault("publish", 1, kind[0], lasting=kind[1])
    bus.put(touched)
    assert bus.topic.pages or bus.dead == [touched]
    assert kind[1] or bus.topic.pages or kind[0] == "aws error"
    for text in bus.topic.pages:
        detail = touched["detail"]
        message = json.loads(text)["content"]
        said = message["description"]
        assert f"({what})" in message["title"]
        assert f"*What*: {detail['eventName']}" in said
        assert f"({detail['userIdentity']['principalId']})" in said
        assert detail["eventID"] in said


@pytest.mark.clause("ALL-3")
def test_the_same_call_delivered_twice_pages_at_least_once(bus: Bus) -> None:
    for touched in TOUCHED.values():
        before = len(bus.topic.pages)
        bus.put(touched)
        bus.put(touched)
        assert len(bus.topic.pages) >= before + 1


def test_nothing_pages_where_nothing_was_touched(bus: Bus) -> None:
    for name in ("update-service", "update-service-by-cloudformation", "stop-service-deployment"):
        bus.put(event(name))
    assert (bus.topic.pages, bus.dead) == ([], [])


def test_the_table_names_every_rule_and_what_the_functions_rely_on(
    bus: Bus, assembly: Assembly, record_cases: list[str]
) -> None:
    assert {rule["Name"].removeprefix(PREFIX) for rule in bus.rules} == set(TOUCHED)
    queues = [plain(q["Properties"]) for q in assembly.of_type(STACK, "AWS::SQS::Queue").values()]
    [tries] = [q["RedrivePolicy"]["maxReceiveCount"] for q in queues if "RedrivePolicy" in q]
    assert tries == TRIES
    # Lambda's own two further tries of what EventBridge gives the janitor are not switched off.
    kinds = {each["Type"] for each in assembly.template(STACK)["Resources"].values()}
    assert "AWS::Lambda::EventInvokeConfig" not in kinds
    record_cases.append(
        f"detector: {len(CASES) + len(TOUCHED)} faults tried: {len(TOUCHED)} rules x {len(KINDS)} "
        f"kinds, {len(TOUCHED)} calls delivered twice"
    )
