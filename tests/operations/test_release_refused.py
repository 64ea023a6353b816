"""What is refused, before anything is executed (ROVN-DEP-8)."""

from collections.abc import Callable

import pytest

from runbook.operations.operation import Exit
from runbook.operations.stacks import change_set_name
from tests.operations.aws import BUSY, DENIED, LOST, Aws
from tests.operations.conftest import Operator
from tests.operations.revisions import NEW, OLD


def no_image(aws: Aws) -> None:
    del aws.images[NEW]


def not_scanned(aws: Aws) -> None:
    aws.images[NEW] = None


def scan_under_way(aws: Aws) -> None:
    aws.images[NEW] = {"imageScanStatus": {"status": "IN_PROGRESS"}}


def scan_failed(aws: Aws) -> None:
    aws.images[NEW] = {"imageScanStatus": {"status": "UNSUPPORTED_IMAGE"}}


def findings(severity: str) -> Callable[[Aws], None]:
    def found(aws: Aws) -> None:
        aws.images[NEW] = {
            "imageScanStatus": {"status": "ACTIVE"},
            "imageScanFindings": {"findingSeverityCounts": {severity: 2, "LOW": 7}},
        }

    return found


def frozen(text: str | None) -> Callable[[Aws], None]:
    def freeze(aws: Aws) -> None:
        aws.freeze = text

    return freeze


def stack_is(status: str) -> Callable[[Aws], None]:
    def stand(aws: Aws) -> None:
        aws.stack["StackStatus"] = status

    return stand


def astray(aws: Aws) -> None:
    aws.stack["Parameters"][0]["ParameterValue"] = NEW


def taken_away(aws: Aws) -> None:
    aws.stack["Parameters"][0]["ParameterValue"] = NEW
    aws.running = ""


def in_another_account(aws: Aws) -> None:
    aws.signed_in = "999988887777"


def change_set_fails(aws: Aws) -> None:
    name = change_set_name(NEW)

    def fail() -> None:
        if name in aws.change_sets:
            aws.change_sets[name] |= {"Status": "FAILED", "StatusReason": "no export of that name"}

    aws.during["DescribeChangeSet"] = fail


def fault(operation: str, *faults: object) -> Callable[[Aws], None]:
    def inject(aws: Aws) -> None:
        aws.faults[operation] = list(faults)  # type: ignore[arg-type]

    return inject


REFUSED = {
    "image not in ECR": (no_image, "is not in the repository"),
    "image not scanned": (not_scanned, "is missing"),
    "scan under way": (scan_under_way, "is IN_PROGRESS"),
    "scan failed": (scan_failed, "is UNSUPPORTED_IMAGE"),
    "findings at the threshold": (findings("HIGH"), "2 HIGH"),
    "findings above it": (findings("CRITICAL"), "2 CRITICAL"),
    "findings nobody knows": (findings("APOCALYPTIC"), "2 APOCALYPTIC"),
    "freeze": (
        frozen('{"frozen": true, "by": "on-call", "reason": "audit", "since": "today"}'),
        "on-call froze releases at today: audit",
    ),
    "freeze without a parameter": (frozen(None), "it is not there"),
    "freeze that is no JSON": (frozen("no"), "is not JSON"),
    "freeze that says nothing": (frozen("{}"), "is not JSON"),
    "freeze that is no truth": (frozen('{"frozen": "false"}'), "froze releases"),
    "freeze that may not be read": (fault("GetParameter", DENIED), "count as frozen"),
    "who may read it": (fault("GetParameter", DENIED), "use the deploy identity"),
    "rollback failed before": (stack_is("UPDATE_ROLLBACK_FAILED"), "continue-update-rollback"),
    "another change": (stack_is("UPDATE_IN_PROGRESS"), "another change is under way"),
    "rolling back": (stack_is("UPDATE_ROLLBACK_IN_PROGRESS"), "another change is under way"),
    "failed update": (stack_is("UPDATE_FAILED"), "takes no change set"),
    "first release": (stack_is("none"), "make deploy ENV=rovn/production IMAGE_TAG="),
    "first release failed": (stack_is("ROLLBACK_COMPLETE"), "delete-stack"),
    "service beside its stack": (astray, "somebody moved the service"),
    "change set that fails": (change_set_fails, "no export of that name"),
    "change set denied": (fault("CreateChangeSet", DENIED), "use the deploy identity"),
    "stack denied": (fault("DescribeStacks", DENIED), "use the deploy identity"),
    "images denied": (fault("DescribeImages", DENIED), "use the deploy identity"),
    "ECS throttled": (fault("DescribeServices", *[BUSY] * 9), "wait a minute"),
    "AWS away": (fault("DescribeServices", *[LOST] * 9), "begins where it stands"),
    "no identity": (fault("GetCallerIdentity", ("ExpiredToken", "old")), "sign in"),
    "another account": (in_another_account, "are of the account 999988887777"),
    "service taken away": (taken_away, "no release brings it back"),
    "record not written": (fault("PutObject", DENIED), "what cannot be recorded does not begin"),
    "no audit bucket": (lambda aws: aws.audit_outputs.clear(), "has no output"),
}


@pytest.mark.parametrize(("spoil", "said"), REFUSED.values(), ids=REFUSED)
@pytest.mark.clause("ROVN-DEP-8")
def test_refused_with_a_reason_and_nothing_changed(
    operator: Operator, spoil: Callable[[Aws], None], said: str
) -> None:
    spoil(operator.aws)
    assert operator.deploy() == Exit.REFUSED
    assert said in operator.said
    assert "ExecuteChangeSet" not in operator.aws.calls
    assert not operator.aws.records


@pytest.mark.parametrize("tag", ["latest", "prod-2026", "prod-20260601120000;rm", "", f"{NEW}\n"])
def test_a_tag_of_another_form_is_refused_before_aws_is_asked_for_it(
    operator: Operator, tag: str
) -> None:
    assert operator.deploy(tag) == Exit.REFUSED
    assert "does not match" in operator.said
    assert "DescribeImages" not in operator.aws.calls


@pytest.mark.parametrize("severity", ["MEDIUM", "LOW", "UNDEFINED", "INFORMATIONAL"])
def test_findings_below_the_threshold_do_not_matter(operator: Operator, severity: str) -> None:
    findings(severity)(operator.aws)
    assert operator.deploy() == Exit.DONE


def test_the_tag_that_runs_is_nothing_to_do(operator: Operator) -> None:
    assert operator.deploy(OLD) == Exit.DONE
    assert "nothing to release" in operator.said
    assert not operator.aws.writes


def test_what_was_approved_is_what_is_done(operator: Operator) -> None:
    assert operator.deploy(instead_of="prod-20260101000000") == Exit.REFUSED
    assert "what was approved is not what would happen" in operator.said
    assert operator.deploy(instead_of=OLD) == Exit.DONE
