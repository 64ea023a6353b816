"""What is judged, what is only told, and what the other checks look at."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runbook.deployed.cloud_assembly import SynthesizedStack
from runbook.deployed.deployed_stack import DeployedStack
from runbook.deployed.description import Description
from runbook.verification.drift import Compared, compared
from runbook.verification.finding import Kind
from runbook.verification.judgement import Judgement, LiveStack
from runbook.verification.live import LivePlace
from runbook.verification.stacks import StackRead
from tests.verification.aws import ENVIRONMENT, PLACE, good

Json = Any
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
SERVICE = "AWS::ECS::Service"


def read(type_: str, declared: Json, live: Description | None) -> StackRead:
    """Give a stack with one resource, as declared and as described; None is a stack not there."""
    template = {"Resources": {"Thing": {"Type": type_, "Properties": declared}}}
    wanted = SynthesizedStack(
        name="rovn-production-app",
        account=ENVIRONMENT.account,
        region=ENVIRONMENT.region,
        termination_protection=True,
        template=template,
    )
    if live is None:
        return StackRead(wanted, None, missing=True)
    stack = DeployedStack(
        name=wanted.name,
        stack_id=f"arn:aws:cloudformation:{PLACE}:stack/app/1",
        place=LivePlace(good().account(), ENVIRONMENT.region),
        template=template,
        termination_protection=True,
        parameters={},
        outputs={},
        resources={"Thing": (type_, "thing-1")},
        exports={},
        own_exports={},
        _descriptions={"Thing": live},
    )
    return StackRead(wanted, stack)


class Rules:
    """Remembers what it was given to judge, and finds nothing but what was kept."""

    def __init__(self, *unjudged: str) -> None:
        self.given: dict[str, LiveStack] = {}
        self.unjudged = unjudged

    def __call__(self, _: Path, __: str, live: Mapping[str, LiveStack]) -> Judgement:
        self.given = dict(live)
        kept = {("rovn-production-app", "Thing"): ("ROVN-DEP-4", "ROVN-BCK-1")}
        return Judgement((), self.unjudged, kept)


def run(each: StackRead, rules: Rules) -> Compared:
    return compared([each], Path("cdk.out"), ENVIRONMENT.name, rules)


def actions(weight: int) -> Json:
    groups = [{"TargetGroupArn": "blue", "Weight": weight}]
    return {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}


def test_the_weights_that_ecs_writes_are_no_drift() -> None:
    rules = Rules()
    found = run(read(RULE, actions(100), Description(actions(0))), rules)
    assert (found.findings, rules.given) == ((), {})


def test_another_target_of_the_rule_is() -> None:
    other = actions(100)
    other["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"] = "elsewhere"
    rules = Rules()
    (finding,) = run(read(RULE, actions(100), Description(other)), rules).findings
    assert finding.kind is Kind.DRIFT
    assert rules.given


def test_the_revision_after_a_rollback_is_told_and_not_judged() -> None:
    rules = Rules()
    live = Description({"TaskDefinition": "app:6"})
    (finding,) = run(read(SERVICE, {"TaskDefinition": "app:7"}, live), rules).findings
    assert finding.kind is Kind.DRIFT
    assert 'declared "app:7", found "app:6"' in finding.what
    assert rules.given == {}


def test_a_missing_stack_breaks_what_was_kept_in_it() -> None:
    (finding,) = run(read(SERVICE, {}, None), Rules()).findings
    assert (finding.kind, finding.where) == (Kind.BREACH, "rovn-production-app")
    assert finding.clauses == ("ROVN-BCK-1", "ROVN-DEP-4")
    assert finding.what == "the stack is not deployed"


def test_what_the_rules_cannot_judge_is_not_verified() -> None:
    live = Description({"TaskDefinition": "app:7"})
    each = read(SERVICE, {"TaskDefinition": "app:7"}, live)
    (finding,) = run(each, Rules("cdk.out/x: it is not there")).findings
    assert (finding.kind, finding.what) == (Kind.UNVERIFIED, "cdk.out/x: it is not there")


@pytest.mark.parametrize("names", [(), ("GenerateSecretString",)])
def test_what_only_a_secret_tells_is_counted_and_not_compared(names: tuple[str, ...]) -> None:
    declared = {"Name": "a", "GenerateSecretString": {"PasswordLength": 40}}
    live = Description({"Name": "a"}, withheld=frozenset(names))
    found = run(read("AWS::SecretsManager::Secret", declared, live), Rules())
    assert found.withheld == len(names)
    assert [finding.kind for finding in found.findings] == [Kind.DRIFT] * (1 - len(names))
