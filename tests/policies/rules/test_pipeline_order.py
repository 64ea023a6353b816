"""pipeline-order (ROVN-DEP-2, ROVN-DEP-8)."""

import json

import pytest

from policies.rules.pipeline_order import ORDER, RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, add, all_pass, faults, setting

PIPELINE, NAME, PART = "AWS::CodePipeline::Pipeline", "PassportApi", "delivery"
MINUTES = load_environment("rovn/production").delivery.approval_hours * 60
CALLED = "rovn-production-passport-api"
WANTED = f"not {', '.join(ORDER)} one after the other"
ROLE = "arn:aws:iam::111122223333:role/rovn-production"
SKIP = {"Conditions": [{"Result": "SKIP"}]}
TAG = "#{Preview.IMAGE_TAG}"


def put(path: str, value: object) -> Spoil:
    return setting(PIPELINE, NAME, path, value)


def of(step: str, path: str, value: object) -> Spoil:
    """Set something of a step's one action."""
    return put(f"Stages.{ORDER.index(step)}.Actions.0.{path}", value)


def stage(step: str, path: str, value: object) -> Spoil:
    return put(f"Stages.{ORDER.index(step)}.{path}", value)


def told(step: str, **variables: str) -> Spoil:
    listed = [{"name": name, "value": value} for name, value in variables.items()]
    return of(step, "Configuration.EnvironmentVariables", json.dumps(listed))


def stages(body: Json) -> list[Json]:
    found: list[Json] = properties(body, PIPELINE, NAME)["Stages"]
    return found


def swapped(one: str, other: str) -> Spoil:
    def spoil(body: Json) -> None:
        all_, a, b = stages(body), ORDER.index(one), ORDER.index(other)
        all_[a], all_[b] = all_[b], all_[a]

    return spoil


def renamed(body: Json) -> None:
    """Swap what the approval and the release do, and leave the stages their names."""
    all_ = stages(body)
    all_[3]["Actions"], all_[4]["Actions"] = all_[4]["Actions"], all_[3]["Actions"]


def beside(body: Json) -> None:
    """Let a second action of the approval's stage release."""
    all_ = stages(body)
    all_[3]["Actions"].append(all_[4]["Actions"][0])


def without_approval(body: Json) -> None:
    del stages(body)[3]


def without_evidence(body: Json) -> None:
    del stages(body)[ORDER.index("evidence")]


def failing(result: str, **more: object) -> Json:
    return {"Result": result} | more


def test_every_pipeline_passes(real: Real) -> None:
    assert all_pass(real, RULE, NAME)


DONE = "its stages do source, image-build, preview"


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (swapped("approval", "release"), f"{DONE}, release, approval, verify, evidence, {WANTED}"),
        (renamed, f"{DONE}, release, approval, verify, evidence, {WANTED}"),
        (beside, f"{DONE}, approval+release, release, verify, evidence, {WANTED}"),
        (without_evidence, f"{DONE}, approval, release, verify, {WANTED}"),
        (
            swapped("release", "evidence"),
            f"{DONE}, approval, evidence, verify, release, {WANTED}",
        ),
        (without_approval, f"{DONE}, release, verify, evidence, {WANTED}"),
        (stage("approval", "Actions", []), f"{DONE}, nothing, release, verify, evidence, {WANTED}"),
        (put("Stages", ABSENT), f"its stages do , {WANTED}"),
        (
            of("approval", "ActionTypeId.Provider", "Automatic"),
            f"{DONE}, Approval/Automatic, release, verify, evidence, {WANTED}",
        ),
        (
            of("approval", "ActionTypeId.Owner", "Custom"),
            f"{DONE}, Approval/Manual of Custom, release, verify, evidence, {WANTED}",
        ),
        (
            of("verify", "ActionTypeId", {"Category": "Deploy", "Owner": "AWS", "Provider": "ECS"}),
            f"{DONE}, approval, release, Deploy/ECS, evidence, {WANTED}",
        ),
        (
            of("preview", "Configuration.ProjectName", f"{CALLED}-release"),
            "its stages do source, image-build, release, approval, release, verify, evidence, "
            + WANTED,
        ),
        (
            of("release", "Configuration.ProjectName", "another"),
            f"{DONE}, approval, another, verify, evidence, {WANTED}",
        ),
    ],
)
def test_another_order_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


def could(step: str, name: str) -> str:
    return f"the stage of {step} has {name}: it could be skipped, retried or rolled back"


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (stage("approval", "BeforeEntry", SKIP), could("approval", "BeforeEntry")),
        (stage("approval", "OnFailure", failing("RETRY")), could("approval", "OnFailure")),
        (stage("release", "OnFailure", failing("RETRY")), could("release", "OnFailure")),
        (stage("release", "OnFailure", failing("ROLLBACK")), could("release", "OnFailure")),
        (stage("verify", "OnSuccess", SKIP), could("verify", "OnSuccess")),
        (stage("verify", "OnFailure", failing("ROLLBACK")), could("verify", "OnFailure")),
        (stage("evidence", "OnFailure", failing("SKIP")), could("evidence", "OnFailure")),
        (stage("preview", "OnFailure", failing("SKIP")), could("preview", "OnFailure")),
        (stage("preview", "OnFailure", failing("RETRY") | SKIP), could("preview", "OnFailure")),
    ],
)
def test_what_could_skip_or_repeat_a_stage_fails(
    production: Real, spoil: Spoil, message: str
) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("PipelineType", ABSENT), "PipelineType is V1, not V2"),
        (put("ExecutionMode", "PARALLEL"), "ExecutionMode is PARALLEL, not QUEUED"),
        (put("ExecutionMode", ABSENT), "ExecutionMode is SUPERSEDED, not QUEUED"),
        (put("RestartExecutionOnUpdate", "true"), "RestartExecutionOnUpdate is True, not False"),
        (put("RoleArn", f"{ROLE}-release"), f"RoleArn is {ROLE}-release, not {ROLE}-pipeline"),
        (
            put("DisableInboundStageTransitions", [{"StageName": "Verify", "Reason": "none"}]),
            "DisableInboundStageTransitions is set: a stage could be shut, or a run begin, beside "
            "its source",
        ),
        (
            put("Triggers", [{"ProviderType": "CodeStarSourceConnection"}]),
            "Triggers is set: a stage could be shut, or a run begin, beside its source",
        ),
        (
            stage("approval", "Name", "Ask"),
            "the approval is Ask/Approve, not Approve/Approve: nobody may",
        ),
        (
            of("approval", "TimeoutInMinutes", ABSENT),
            f"the approval waits 10080 minutes, not {MINUTES}",
        ),
        (
            of("approval", "TimeoutInMinutes", 5),
            f"the approval waits 5 minutes, not {MINUTES}",
        ),
        (
            of("approval", "Configuration", ABSENT),
            "the approval is asked for at None, not at rovn-production-approvals",
        ),
        (
            of("release", "RoleArn", "x"),
            "release says RoleArn, which may make something else of it",
        ),
        (of("verify", "Region", "x"), "verify says Region, which may make something else of it"),
        (
            put("Name", "another"),
            "no service of the environment file is released by another",
        ),
    ],
)
def test_another_setting_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil)[NAME] == message


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            told("release", IMAGE_TAG="#{Build.IMAGE_TAG}", INSTEAD_OF="#{Preview.INSTEAD_OF}"),
            "release is told {'IMAGE_TAG': '#{Build.IMAGE_TAG}', 'INSTEAD_OF': "
            "'#{Preview.INSTEAD_OF}'}, not {'IMAGE_TAG': '#{Preview.IMAGE_TAG}', 'INSTEAD_OF': "
            "'#{Preview.INSTEAD_OF}'}",
        ),
        (
            told("verify", IMAGE_TAG=TAG, SERVICE="another"),
            "verify is told {'IMAGE_TAG': '#{Preview.IMAGE_TAG}', 'SERVICE': 'another'}, not "
            "{'IMAGE_TAG': '#{Preview.IMAGE_TAG}'}",
        ),
        (
            of("preview", "Configuration.EnvironmentVariables", "no JSON"),
            "preview is told no JSON, not {}",
        ),
        (
            of(
                "verify",
                "Configuration.EnvironmentVariables",
                '[{"name": "IMAGE_TAG", "value": "one", "type": "PARAMETER_STORE"}]',
            ),
            'verify is told [{"name": "IMAGE_TAG", "value": "one", "type": "PARAMETER_STORE"}], '
            "not {'IMAGE_TAG': '#{Preview.IMAGE_TAG}'}",
        ),
        (
            of("release", "InputArtifacts", [{"Name": "Source"}]),
            "release takes Source, not what image-build made",
        ),
        (
            told("evidence", IMAGE_TAG="another"),
            f"evidence is told {{'IMAGE_TAG': 'another'}}, not {{'IMAGE_TAG': '{TAG}'}}",
        ),
        (of("verify", "InputArtifacts", ABSENT), "verify takes nothing, not what image-build made"),
        (
            of("release", "Configuration.BatchEnabled", "true"),
            "release sets BatchEnabled, which its project does not expect",
        ),
    ],
)
def test_what_the_approver_did_not_see_is_not_released(
    production: Real, spoil: Spoil, message: str
) -> None:
    assert faults(production, RULE, PART, spoil) == {NAME: message}


def test_what_says_the_same_in_other_words_passes(production: Real) -> None:
    spoils = (
        put("RestartExecutionOnUpdate", ABSENT),
        stage("verify", "OnFailure", ABSENT),
        stage("evidence", "OnFailure", ABSENT),
        stage("preview", "OnFailure", failing("FAIL")),
        stage("release", "Name", "Another"),
        of("approval", "TimeoutInMinutes", str(MINUTES)),
        of("release", "Configuration.ProjectName", f"{CALLED}-release"),
    )
    assert faults(production, RULE, PART, *spoils) == {}


@pytest.mark.parametrize("path", ["Stages", "Stages.3", "Name", "ExecutionMode", "Triggers"])
def test_an_open_value_fails(production: Real, path: str) -> None:
    said = faults(production, RULE, PART, put(path, OPEN))[NAME]
    assert "${SomeParameter} is open" in said


def test_each_service_has_one_pipeline(production: Real) -> None:
    said = f"2 pipelines are called {CALLED}, not 1"
    again = faults(production, RULE, PART, add("Again", PIPELINE, Name=CALLED))
    assert again[None] == said

    def gone(body: Json) -> None:
        kept = {k: v for k, v in body["Resources"].items() if v["Type"] != PIPELINE}
        body["Resources"] = kept

    assert faults(production, RULE, PART, gone) == {None: f"0 pipelines are called {CALLED}, not 1"}


def test_what_is_no_pipeline_is_not_looked_at() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {}}
    assert verdicts(RULE, template(PART, {"One": bucket})).get("One") in (None, "not_applicable")


def test_only_this_rule_sees_an_approval_skipped(real: Real) -> None:
    spoil = stage("approval", "BeforeEntry", SKIP)
    assert real.caught(PART, spoil) == {("pipeline-order", NAME)}
