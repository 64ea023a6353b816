"""A release from preview to record, and every way it can go wrong (ROVN-DEP-6, ROVN-DEP-8)."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from runbook.operations.protocol import Consent, Exit, OperationFailedError
from runbook.operations.stacks import change_set_name
from tests.operations.aws import ACTOR, NEW, OLD, Aws, context, definition, resource
from tests.operations.conftest import NOW, Operator

WRITES = {"ExecuteChangeSet", "PutObject"}
LOST = ReadTimeoutError(endpoint_url="https://aws")


def writes(aws: Aws) -> list[str]:
    return [call for call in aws.calls if call in WRITES]


@pytest.mark.clause("ROVN-DEP-3")
@pytest.mark.clause("ROVN-DEP-8")
def test_a_release_is_previewed_confirmed_executed_verified_and_logged(operator: Operator) -> None:
    aws = operator.aws
    assert operator.deploy(answers="rovn/production\n") == Exit.DONE
    order = ["CreateChangeSet", "PutObject", "ExecuteChangeSet", "PutObject"]
    assert [call for call in aws.calls if call in order] == order
    assert aws.calls.index("GetCallerIdentity") < aws.calls.index("PutObject")
    assert f"{OLD} -> {NEW}" in operator.said
    assert "3 of 3 running" in operator.said
    first, last = aws.records.values()
    assert [record["outcome"] for record in (first, last)] == ["started", "succeeded"]
    assert last["actor"] == ACTOR
    assert (last["before"]["image_tag"], last["after"]["image_tag"]) == (OLD, NEW)


@pytest.mark.clause("ROVN-DEP-8")
def test_what_is_not_confirmed_does_not_begin(operator: Operator) -> None:
    for answer in ("\n", "y\n", "yes\n", "rovn/staging\n", ""):
        assert operator.deploy(answers=answer) == Exit.REFUSED
    assert not writes(operator.aws)


def test_made_up_data_asks_for_less(at: Callable[[str], Operator]) -> None:
    assert at("rovn/staging").deploy(answers="y\n") == Exit.DONE
    assert at("rovn/staging").deploy(answers="\n") == Exit.REFUSED


@pytest.mark.clause("ROVN-DEP-8")
def test_a_script_says_yes_or_is_refused(operator: Operator) -> None:
    assert operator.deploy(consent=Consent()) == Exit.REFUSED
    assert "this is no terminal" in operator.said
    assert not writes(operator.aws)


def test_records_are_where_the_contract_says(operator: Operator) -> None:
    operator.deploy()
    first, last = operator.aws.records
    assert first.startswith(f"releases/2026/06/01/{NOW:%Y%m%dT%H%M%SZ}-release-start-")
    assert last.endswith(".json")
    assert first.replace("-start-", "-end-") == last
    for record in operator.aws.records.values():
        assert set(record) == {
            "schema",
            "time",
            "source",
            "kind",
            "environment",
            "actor",
            "before",
            "after",
            "outcome",
            "detail",
        }


# ---- refused, before anything is executed


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


DENIED = ("AccessDenied", "you may not")
BUSY = ("ThrottlingException", "rate exceeded")
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
    assert not writes(operator.aws)


def test_what_was_approved_is_what_is_done(operator: Operator) -> None:
    assert operator.deploy(instead_of="prod-20260101000000") == Exit.REFUSED
    assert "what was approved is not what would happen" in operator.said
    assert operator.deploy(instead_of=OLD) == Exit.DONE


# ---- anything beside the image


@pytest.mark.clause("ROVN-DEP-6")
@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"Cpu": "2048"}, "Cpu: 1024 -> 2048"),
        ({"Memory": "8192"}, "Memory: 4096 -> 8192"),
        (
            {"container": {"Environment": [{"Name": "LOG", "Value": "debug"}]}},
            "Environment.LOG: info -> debug",
        ),
        ({"container": {"Environment": []}}, "Environment.LOG: info -> (none)"),
        (
            {"container": {"Secrets": [{"Name": "ADMIN_TOKEN", "ValueFrom": "arn:secret:other"}]}},
            "Secrets.ADMIN_TOKEN: arn:secret:admin -> arn:secret:other",
        ),
        ({"container": {"Image": f"elsewhere.example/image:{NEW}"}}, "Image: "),
        ({"container": {"DockerLabels": {}}}, "DockerLabels.runbook.migrations"),
    ],
    ids=["cpu", "memory", "variable", "variable gone", "secret", "registry", "label"],
)
def test_a_change_beside_the_image_is_shown_and_has_to_be_agreed_to(
    operator: Operator, changed: dict[str, object], where: str
) -> None:
    old = operator.aws.changes[0]["ResourceChange"]["BeforeContext"]
    operator.aws.changes[0] = resource(
        "AWS::ECS::TaskDefinition", "App", old, context(NEW, **changed)
    )
    assert operator.deploy() == Exit.REFUSED
    assert where in operator.said
    assert "--accept-changes" in operator.said
    assert not writes(operator.aws)
    assert operator.deploy(consent=Consent(yes=True, accept_changes=True)) == Exit.DONE


@pytest.mark.clause("ROVN-DEP-6")
def test_drift_of_what_runs_is_shown(operator: Operator) -> None:
    """The stack sees no change, and the running revision has a variable it does not know."""
    operator.aws.definition = definition(OLD, EXTRA="by hand")
    assert operator.deploy() == Exit.REFUSED
    assert "Environment.EXTRA: by hand -> (none)" in operator.said


def test_a_change_set_without_values_is_not_taken_for_the_image(operator: Operator) -> None:
    for entry in operator.aws.changes:
        del entry["ResourceChange"]["AfterContext"]
    assert operator.deploy() == Exit.REFUSED
    assert "(not told)" in operator.said


@pytest.mark.parametrize("action", ["Add", "Remove", "Dynamic", "Import"])
def test_other_resources_are_no_part_of_a_release(operator: Operator, action: str) -> None:
    operator.aws.changes[1]["ResourceChange"]["Action"] = action
    assert operator.deploy() == Exit.REFUSED
    assert "Service: AWS::ECS::Service -> " + action in operator.said


# ---- once it has begun


def fails(aws: Aws, last: str = "UPDATE_ROLLBACK_COMPLETE") -> None:
    aws.story = [
        ("App/UPDATE_COMPLETE", ""),
        ("Service/UPDATE_FAILED", "the deployment failed"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
        (last, ""),
    ]
    aws.deployment = {
        "status": "ROLLBACK_SUCCESSFUL",
        "lifecycleStage": "PRE_SCALE_UP",
        "statusReason": "hook FAILED: 0002 cannot be read by the previous image",
    }


def test_a_failed_release_says_why_and_what_serves(operator: Operator) -> None:
    fails(operator.aws)
    assert operator.deploy() == Exit.FAILED
    assert "Service UPDATE_FAILED: the deployment failed" in operator.said
    assert "at PRE_SCALE_UP: hook FAILED: 0002 cannot be read" in operator.said
    assert "rolled back by itself" in operator.said
    _, last = operator.aws.records.values()
    assert last["outcome"] == "failed"
    assert any("0002" in why for why in last["detail"]["why"])


def test_a_rollback_that_fails_has_an_advice_of_its_own(operator: Operator) -> None:
    fails(operator.aws, last="UPDATE_ROLLBACK_FAILED")
    assert operator.deploy() == Exit.FAILED
    assert "continue-update-rollback --stack-name rovn-production-passport-api" in operator.said


def test_another_image_than_wanted_is_no_success(operator: Operator) -> None:
    """The stack says it is done, and something else runs."""
    operator.aws.during["DescribeTaskDefinition"] = lambda: setattr(
        operator.aws, "definition", definition(OLD)
    )
    assert operator.deploy() == Exit.FAILED
    assert f"{NEW} does not serve as it should" in operator.said
    assert f"{OLD} runs" in operator.said


@pytest.mark.parametrize(
    ("tasks", "rollout", "said"),
    [
        ((2, 3), "COMPLETED", "2 of 3 tasks run"),
        ((0, 0), "COMPLETED", "0 of 0 tasks run"),
        ((3, 3), "IN_PROGRESS", "its deployment is IN_PROGRESS"),
    ],
)
def test_too_few_tasks_are_no_success(
    operator: Operator, tasks: tuple[int, int], rollout: str, said: str
) -> None:
    operator.aws.tasks, operator.aws.rollout = tasks, rollout
    assert operator.deploy() == Exit.FAILED
    assert said in operator.said


def test_progress_is_one_line_an_event(operator: Operator) -> None:
    operator.aws.story.insert(0, ("App/CREATE_COMPLETE", "a reason\nof two lines"))
    operator.deploy()
    (line,) = [line for line in operator.said.splitlines() if "App CREATE_COMPLETE" in line]
    assert line.endswith("App CREATE_COMPLETE: a reason of two lines")


def test_a_release_that_takes_too_long_goes_on_alone(operator: Operator) -> None:
    operator.aws.story = [("Service/UPDATE_IN_PROGRESS", "")] * 999
    assert operator.deploy(timeout_minutes=10) == Exit.FAILED
    assert "not done after 10 minutes" in operator.said
    assert "runbook release verify rovn/production --service passport-api" in operator.said


def test_throttling_while_it_is_watched_is_waited_out(operator: Operator) -> None:
    def throttle() -> None:
        del operator.aws.during["ExecuteChangeSet"]
        operator.aws.faults["DescribeStackEvents"] = [BUSY] * 4

    operator.aws.during["ExecuteChangeSet"] = throttle
    assert operator.deploy() == Exit.DONE
    assert operator.said.count("asking again: DescribeStackEvents: ThrottlingException") == 4


def test_aws_that_stays_away_is_told_with_how_to_go_on(operator: Operator) -> None:
    operator.aws.during["ExecuteChangeSet"] = lambda: operator.aws.faults.update(
        DescribeStackEvents=[BUSY] * 999
    )
    assert operator.deploy() == Exit.FAILED
    assert "AWS does not answer" in operator.said
    assert "watch it with: runbook release verify" in operator.said


@pytest.mark.parametrize("error", [LOST, ConnectTimeoutError(endpoint_url="https://aws")])
def test_an_answer_lost_after_the_start_is_looked_up(
    operator: Operator, error: BaseException
) -> None:
    def lose() -> None:
        operator.aws.begin()
        operator.aws.faults["ExecuteChangeSet"] = [error]

    operator.aws.during["ExecuteChangeSet"] = lose
    assert operator.deploy() == Exit.DONE
    assert "the answer of AWS was lost" in operator.said


def test_a_start_that_never_came_through_is_told(operator: Operator) -> None:
    operator.aws.faults["ExecuteChangeSet"] = [LOST]
    assert operator.deploy() == Exit.FAILED
    _, last = operator.aws.records.values()
    assert last["outcome"] == "not watched to its end"


def test_an_outcome_that_cannot_be_recorded_is_printed(operator: Operator) -> None:
    aws = operator.aws
    aws.during["ExecuteChangeSet"] = lambda: aws.faults.update(PutObject=[DENIED])
    assert operator.deploy() == Exit.FAILED
    assert "The outcome is not recorded" in operator.said
    assert '"outcome":"succeeded"' in operator.said
    assert [record["outcome"] for record in aws.records.values()] == ["started"]


# ---- run again


def test_a_second_operator_watches_the_release_that_is_under_way(operator: Operator) -> None:
    operator.aws.begin()
    assert operator.deploy() == Exit.DONE
    assert "under way already" in operator.said
    assert "ExecuteChangeSet" not in operator.aws.calls


def test_a_change_set_of_a_preview_is_taken(operator: Operator) -> None:
    release, _ = operator.release()
    release.preview()
    assert operator.deploy() == Exit.DONE
    assert operator.aws.calls.count("CreateChangeSet") == 1


@pytest.mark.parametrize(
    "left",
    [
        {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE"},
        {"Status": "CREATE_COMPLETE", "ExecutionStatus": "OBSOLETE"},
        {"Status": "CREATE_COMPLETE", "ExecutionStatus": "EXECUTE_FAILED"},
    ],
)
def test_a_change_set_that_cannot_be_executed_is_replaced(
    operator: Operator, left: dict[str, str]
) -> None:
    name = change_set_name(NEW)
    operator.aws.change_sets[name] = {"ChangeSetId": "arn:old", "Changes": [], **left}
    assert operator.deploy() == Exit.DONE
    calls = operator.aws.calls
    assert calls.index("DeleteChangeSet") < calls.index("CreateChangeSet")


def test_a_change_set_that_is_being_made_is_waited_for(operator: Operator) -> None:
    name = change_set_name(NEW)
    operator.aws.change_sets[name] = {"Status": "CREATE_IN_PROGRESS", "Changes": []}
    assert operator.deploy() == Exit.REFUSED
    assert "CREATE_IN_PROGRESS for minutes" in operator.said


def test_after_a_failed_release_the_same_command_tries_again(operator: Operator) -> None:
    fails(operator.aws)
    assert operator.deploy() == Exit.FAILED
    aws = operator.aws
    aws.stack["Parameters"][0]["ParameterValue"] = OLD
    aws.change_sets[change_set_name(NEW)]["ExecutionStatus"] = "EXECUTE_FAILED"
    aws.story = [("UPDATE_COMPLETE", "")]
    assert operator.deploy() == Exit.DONE


# ---- Ctrl-C


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("DescribeServices", "Nothing was changed"),
        ("CreateChangeSet", "Nothing was changed"),
        ("GetCallerIdentity", "Nothing was changed"),
        ("ExecuteChangeSet", "To watch it: runbook release verify"),
    ],
)
def test_ctrl_c_says_what_goes_on_without_you(operator: Operator, call: str, said: str) -> None:
    operator.aws.faults[call] = [KeyboardInterrupt()]
    assert operator.deploy() == Exit.INTERRUPTED
    assert said in operator.said


def test_ctrl_c_while_it_is_watched_is_recorded(operator: Operator) -> None:
    operator.aws.during["ExecuteChangeSet"] = lambda: operator.aws.faults.update(
        DescribeStackEvents=[KeyboardInterrupt()]
    )
    assert operator.deploy() == Exit.INTERRUPTED
    assert "The release goes on in CloudFormation" in operator.said
    _, last = operator.aws.records.values()
    assert last["outcome"] == "not watched to its end"


# ---- preview and verify alone


def test_a_preview_writes_nothing(operator: Operator) -> None:
    release, _ = operator.release()
    found = release.preview()
    assert not found.unexpected
    assert not writes(operator.aws)


def test_a_preview_of_a_first_release_names_the_way(operator: Operator) -> None:
    operator.aws.stack["StackStatus"], operator.aws.running = "none", ""
    found = operator.release()[0].preview()
    assert not found.refusals, "an approver can wait for the service to be made"
    assert "make deploy ENV=rovn/production" in found.summary


def test_verify_waits_for_a_release_that_is_under_way(operator: Operator) -> None:
    operator.aws.begin()
    assert operator.release()[0].verify()["image tag"] == NEW


def test_verify_of_a_release_that_rolled_back_fails(operator: Operator) -> None:
    fails(operator.aws)
    operator.aws.begin()
    with pytest.raises(OperationFailedError, match="was not released"):
        operator.release()[0].verify()


def test_verify_without_a_service_fails(operator: Operator) -> None:
    operator.aws.running = ""
    with pytest.raises(OperationFailedError) as failed:
        operator.release()[0].verify()
    assert failed.value.why == ("there is no such service in the cluster",)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        (NEW, f"release-{NEW}"),
        ("v1.2_3", "release-v1-2-3-"),
        ("x" * 128, "release-xxx"),
    ],
)
def test_a_change_set_has_a_name_that_cloudformation_takes(tag: str, name: str) -> None:
    assert change_set_name(tag).startswith(name)
    assert len(change_set_name(tag)) <= 128
    assert change_set_name("v1.2_3") != change_set_name("v1_2.3")
