"""ROVN-DEP-8, ROVN-DEP-9: a release comes by its pipeline, and nobody helps it past a stage."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

START = ("codepipeline:PutActionRevision", "codepipeline:StartPipelineExecution")
# What lets an execution go on, again or another way than its stages say, or ends it.
STEER = (
    "codepipeline:DisableStageTransition",
    "codepipeline:EnableStageTransition",
    "codepipeline:OverrideStageCondition",
    "codepipeline:PutJobFailureResult",
    "codepipeline:PutJobSuccessResult",
    "codepipeline:PutThirdPartyJobFailureResult",
    "codepipeline:PutThirdPartyJobSuccessResult",
    "codepipeline:RetryStageExecution",
    "codepipeline:RollbackStage",
    "codepipeline:StopPipelineExecution",
)
# A build of the release step's project is a release; who starts it chooses what it runs.
BUILD = (
    "codebuild:RetryBuild",
    "codebuild:RetryBuildBatch",
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "codebuild:StartCommandExecution",
    "codebuild:StartSandbox",
    "codebuild:StartSandboxConnection",
)
EDIT = (
    "codebuild:CreateProject",
    "codebuild:CreateWebhook",
    "codebuild:DeleteProject",
    "codebuild:ImportSourceCredentials",
    "codebuild:PutResourcePolicy",
    "codebuild:UpdateProject",
    "codebuild:UpdateProjectVisibility",
    "codebuild:UpdateWebhook",
    "codepipeline:CreateCustomActionType",
    "codepipeline:CreatePipeline",
    "codepipeline:DeletePipeline",
    "codepipeline:PutWebhook",
    "codepipeline:RegisterWebhookWithThirdParty",
    "codepipeline:UpdateActionType",
    "codepipeline:UpdatePipeline",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    yield from outsiders(resource, scope, START, principals.may_start_pipelines)
    yield from outsiders(resource, scope, STEER, principals.break_glass)
    yield from outsiders(resource, scope, BUILD, principals.may_start_builds)
    yield from outsiders(resource, scope, EDIT, principals.builders)


RULE = Rule(
    id="who-moves-pipelines",
    title="A new source starts a pipeline, the pipeline its builds, CloudFormation makes both; "
    "only break-glass roles steer them",
    why="Whoever starts the release step by hand, or edits a pipeline, releases what nobody has "
    "approved.",
    remedy="Take the action out of the policy; who may start pipelines and builds stands in "
    "runbook/access/principals.py.",
    clauses=("ROVN-DEP-8", "ROVN-DEP-9"),
    controls=("NIST CM-3", "NIST CM-5", "SOC2 CC8.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
