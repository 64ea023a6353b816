"""The whole of a verification: stacks, differences judged by what they break, and how it ends."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from runbook.model.refusal import RefusedError
from runbook.verification.finding import Finding, Kind
from runbook.verification.judgement import Broken, Judgement, LiveStack
from runbook.verification.verify import Report, Verification
from tests.verification.aws import DENIED, ENVIRONMENT, NOW, Aws
from tests.verification.orders import (
    ELSEWHERE,
    STACK,
    TEMPLATE,
    assembly,
    attributes,
    deployed,
    described,
    summary,
)

Json = Any
KEPT = {(STACK, "Queue"): ("ROVN-SEC-2",), (STACK, ""): ("ROVN-BCK-1",)}
GONE = ("QueueDoesNotExist", "no such queue")


class Rules:
    """Rules of which one wants a delay of five seconds; remembers what it was given."""

    def __init__(self) -> None:
        self.given: dict[str, LiveStack] = {}

    def judge(self, folder: Path, environment: str, live: Mapping[str, LiveStack]) -> Judgement:
        assert environment == "rovn/production"
        self.given = dict(live)
        broken = []
        for stack, found in live.items():
            queue = found.template["Resources"].get("Queue", {})
            if queue and str(queue["Properties"].get("DelaySeconds")) != "5":
                message = "DelaySeconds is not 5"
                broken.append(Broken("delay", stack, "Queue", message, "5!", ("ROVN-DEP-1",)))
        return Judgement(tuple(broken), (), KEPT)


@pytest.fixture
def rules() -> Rules:
    return Rules()


def verify(folder: Path, rules: Rules, aws: Aws, *, quotas: bool = False) -> Report:
    said: list[str] = []
    account = aws.account()
    return Verification(account, folder, rules.judge, said.append, NOW, quotas=quotas).run()


def test_all_is_verified(tmp_path: Path, rules: Rules) -> None:
    aws = deployed()
    report = verify(assembly(tmp_path), rules, aws)
    assert report.findings == ()
    assert report.verified
    assert report.looked["resources"] == report.looked["stacks"] == 1
    assert report.looked["values"] >= 5
    assert rules.given == {}, "nothing differs, so nothing is judged anew"
    reads = ("BatchGet", "Describe", "Get", "List")
    assert all(call.partition(":")[2].startswith(reads) for call in aws.calls)


def only(report: Report) -> Finding:
    assert not report.verified
    (finding,) = report.findings
    return finding


@pytest.mark.clause("ALL-9")
def test_a_difference_that_breaks_a_rule_is_told_with_its_clause(
    tmp_path: Path, rules: Rules
) -> None:
    aws = deployed(GetQueueAttributes=attributes(DelaySeconds="7"))
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert finding.kind is Kind.BREACH
    assert finding.clauses == ("ROVN-DEP-1",)
    assert finding.where == f"{STACK} Queue"
    assert finding.what == (
        'delay: DelaySeconds is not 5 (AWS::SQS::Queue DelaySeconds: declared 5, found "7")'
    )
    assert finding.fix.endswith("In a template: 5!")


def test_what_is_judged_says_by_expressions_what_the_template_does(
    tmp_path: Path, rules: Rules
) -> None:
    policy = '{"maxReceiveCount": 9, "deadLetterTargetArn": "key-1"}'
    aws = deployed(GetQueueAttributes=attributes(RedrivePolicy=policy))
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert finding.kind is Kind.DRIFT
    assert finding.what == ("AWS::SQS::Queue RedrivePolicy.maxReceiveCount: declared 3, found 9")
    properties = rules.given[STACK].template["Resources"]["Queue"]["Properties"]
    assert properties["RedrivePolicy"] == {
        "maxReceiveCount": 9,
        "deadLetterTargetArn": {"Ref": "Key"},
    }
    assert properties["KmsMasterKeyId"] == {"Ref": "Key"}


def test_what_is_gone_breaks_what_it_kept(tmp_path: Path, rules: Rules) -> None:
    aws = deployed(GetQueueAttributes=GONE)
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert (finding.kind, finding.clauses) == (Kind.BREACH, ("ROVN-SEC-2",))
    assert "in the stack, but not there" in finding.what


@pytest.mark.parametrize(
    "error",
    [("AccessDenied", "you may not"), ReadTimeoutError(endpoint_url="https://aws")],
    ids=["denied", "lost"],
)
@pytest.mark.parametrize("call", ["GetQueueAttributes", "ListQueueTags"])
def test_what_cannot_be_read_is_never_good(
    tmp_path: Path, rules: Rules, call: str, error: Json
) -> None:
    finding = only(verify(assembly(tmp_path), rules, deployed(**{call: error})))
    assert finding.kind is Kind.UNVERIFIED
    assert finding.where == f"{STACK} Queue"
    assert "docs/decisions/0030" in finding.fix


@pytest.mark.parametrize(
    "call", ["DescribeStacks", "GetTemplate", "ListStackResources", "ListExports"]
)
@pytest.mark.parametrize(
    "error",
    [("AccessDenied", "you may not"), ReadTimeoutError(endpoint_url="https://aws")],
    ids=["denied", "lost"],
)
def test_a_stack_that_cannot_be_read_is_not_verified(
    tmp_path: Path, rules: Rules, call: str, error: Json
) -> None:
    report = verify(assembly(tmp_path), rules, deployed(**{call: error}))
    assert (Kind.UNVERIFIED, STACK) in {(f.kind, f.where) for f in report.findings}
    assert not report.bare


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ({"StackStatus": "UPDATE_IN_PROGRESS"}, Kind.UNVERIFIED, "a change is under way"),
        ({"StackStatus": "UPDATE_ROLLBACK_FAILED"}, Kind.DRIFT, "repair it first"),
        ({"EnableTerminationProtection": False}, Kind.DRIFT, "termination protection is off"),
    ],
)
def test_how_a_stack_stands(
    tmp_path: Path, rules: Rules, change: Json, kind: Kind, told: str
) -> None:
    aws = deployed(DescribeStacks=described(**change))
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert (finding.kind, finding.where) == (kind, STACK)
    assert told in finding.what


def test_protection_that_is_off_is_judged_by_the_rules(tmp_path: Path, rules: Rules) -> None:
    aws = deployed(DescribeStacks=described(EnableTerminationProtection=False))
    verify(assembly(tmp_path), rules, aws)
    assert rules.given[STACK].termination_protection is False


def test_another_template_than_that_of_the_assembly_is_told(tmp_path: Path, rules: Rules) -> None:
    aws = deployed(GetTemplate={"TemplateBody": TEMPLATE | {"Resources": {}}})
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert finding.kind is Kind.DRIFT
    assert finding.what == "the deployed template is not that of the assembly in Queue"


def test_the_same_template_as_yaml_is_the_same(tmp_path: Path, rules: Rules) -> None:
    """The CDK's command hands small templates over as YAML, dates of policies without quotes."""
    template = TEMPLATE | {"Mappings": {"Versions": {"Iam": {"of": "2012-10-17"}}}}
    text = (
        "Metadata: {Runbook: {Organisation: rovn, Environment: production, Tier: phi}}\n"
        "Parameters: {Key: {Type: String}}\n"
        "Mappings: {Versions: {Iam: {of: 2012-10-17}}}\n"
        "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n"
        "      QueueName: orders\n      DelaySeconds: 5\n      KmsMasterKeyId: {Ref: Key}\n"
        "      RedrivePolicy: {maxReceiveCount: 3, deadLetterTargetArn: {Ref: Key}}\n"
    )
    aws = deployed(GetTemplate={"TemplateBody": text})
    assert verify(assembly(tmp_path, template), rules, aws).verified
    aws = deployed(GetTemplate={"TemplateBody": "Resources: ]"})
    assert "cannot be read" in only(verify(assembly(tmp_path), rules, aws)).what


def test_nothing_is_deployed_yet(tmp_path: Path, rules: Rules) -> None:
    missing = ("ValidationError", f"Stack with id {STACK} does not exist")
    report = verify(assembly(tmp_path), rules, deployed(DescribeStacks=missing))
    assert report.bare
    assert not report.verified
    assert report.findings == ()


def test_a_stack_that_was_never_finished_is_not_deployed(tmp_path: Path, rules: Rules) -> None:
    aws = deployed(DescribeStacks=described(StackStatus="ROLLBACK_COMPLETE"))
    assert verify(assembly(tmp_path), rules, aws).bare


@pytest.mark.parametrize(
    ("artifact", "told"),
    [
        ({"environment": "aws://999988887777/us-east-2"}, "was synthesized for 999988887777"),
        ({"environment": "aws://111122223333/eu-west-1"}, "in eu-west-1"),
    ],
)
def test_an_assembly_of_another_place_is_refused(
    tmp_path: Path, rules: Rules, artifact: Json, told: str
) -> None:
    with pytest.raises(RefusedError, match=told):
        verify(assembly(tmp_path, **artifact), rules, deployed())


def test_an_assembly_without_the_environment_is_refused(tmp_path: Path, rules: Rules) -> None:
    label = {"Runbook": {"Organisation": "rovn", "Environment": "staging"}}
    with pytest.raises(RefusedError, match="it holds no stack of rovn/production"):
        verify(assembly(tmp_path, TEMPLATE | {"Metadata": label}), rules, deployed())
    with pytest.raises(RefusedError, match="make synth ENV=rovn/production"):
        verify(tmp_path / "nowhere", rules, deployed())


def test_a_stack_that_the_assembly_does_not_have_is_told(tmp_path: Path, rules: Rules) -> None:
    listed = [
        summary(STACK),
        summary("rovn-production-old"),
        summary("rovn-production-gone", "DELETE_COMPLETE"),
        summary("CDKToolkit"),
    ]
    aws = deployed(ListStacks={"StackSummaries": listed})
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert (finding.kind, finding.where) == (Kind.DRIFT, "rovn-production-old")
    assert finding.what.startswith(f"it is UPDATE_COMPLETE in {ENVIRONMENT.region}, and no stack")
    denied = only(verify(assembly(tmp_path), rules, deployed(ListStacks=DENIED)))
    assert denied.kind is Kind.UNVERIFIED


def test_a_stack_in_a_region_that_the_assembly_has_nothing_in_is_told(
    tmp_path: Path, rules: Rules
) -> None:
    """By a name of the assembly's own, too: it has that one elsewhere."""
    aws = deployed()
    aws.answers[f"cloudformation:ListStacks@{ELSEWHERE}"] = {"StackSummaries": [summary(STACK)]}
    finding = only(verify(assembly(tmp_path), rules, aws))
    assert (finding.kind, finding.where) == (Kind.DRIFT, STACK)
    assert f"in {ELSEWHERE}, and no stack of the assembly there" in finding.what


def test_ctrl_c_ends_it_at_once(tmp_path: Path, rules: Rules) -> None:
    aws, said = deployed(), []

    def tell(line: str) -> None:
        said.append(line)
        if len(said) > 1:
            raise KeyboardInterrupt

    asked = Verification(aws.account(), assembly(tmp_path), rules.judge, tell, NOW)
    with pytest.raises(KeyboardInterrupt):
        asked.run()
    assert len(said) == 2, "nothing goes on after it"
    assert "ecs:DescribeServices" not in aws.calls
