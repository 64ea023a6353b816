"""The pipeline of one service: source, build, preview, approval, release, checks, evidence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_events as events
from constructs import Construct

from runbook.access.delivery_names import APPROVE
from runbook_constructs.build_project import BuildProject
from runbook_constructs.delivery_roles import DeliveryRoles

Stage = codepipeline.CfnPipeline.StageDeclarationProperty
Action = codepipeline.CfnPipeline.ActionDeclarationProperty
_SOURCE, _BUILT = "Source", "Image"
PREVIEW = "Preview"
# Names the change in an image's tag; main is what the example's workflow uploads from.
_SUFFIX = "IMAGE_SUFFIX"
_SUFFIX_DEFAULT = "main"


@dataclass(frozen=True)
class Projects:
    """What the steps run."""

    build: BuildProject
    preview: BuildProject
    release: BuildProject
    verify: BuildProject
    evidence: BuildProject


@dataclass(frozen=True)
class Source:
    """Where the source arrives: a bucket, and the one object in it that is this service's."""

    bucket: str
    key: str


class DeliveryPipeline(Construct):
    """A V2 pipeline that each new version of the source starts (ROVN-DEP-1, ROVN-DEP-8).

    QUEUED: sources are built and asked about in the order they came, and none is dropped for a
    newer one. A step that only looks or builds is tried once more when it fails; a release never
    is (docs/decisions/0027).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        source: Source,
        artifacts: str,
        key_arn: str,
        topic_arn: str,
        approval_hours: int,
        projects: Projects,
        roles: DeliveryRoles,
    ) -> None:
        super().__init__(scope, id_)
        self._source, self._projects = source, projects
        self.resource = codepipeline.CfnPipeline(
            self,
            "Resource",
            name=name,
            role_arn=roles.pipeline.role_arn,
            pipeline_type="V2",
            execution_mode="QUEUED",
            restart_execution_on_update=False,
            artifact_store=codepipeline.CfnPipeline.ArtifactStoreProperty(
                type="S3",
                location=artifacts,
                encryption_key=codepipeline.CfnPipeline.EncryptionKeyProperty(
                    id=key_arn, type="KMS"
                ),
            ),
            variables=[
                codepipeline.CfnPipeline.VariableDeclarationProperty(
                    name=_SUFFIX,
                    default_value=_SUFFIX_DEFAULT,
                    description="Names the change in the image's tag",
                )
            ],
            stages=[
                Stage(name=_SOURCE, actions=[self._source_action()]),
                _retried("Build", self._build()),
                _retried(PREVIEW, self._preview()),
                # Rejected or timed out, it ends there: nothing was begun.
                Stage(name=APPROVE, actions=[_approval(topic_arn, approval_hours)]),
                # The stack undoes itself. A second try, or the release before as another one, is
                # for somebody who has read why the first failed.
                Stage(name="Release", actions=[self._release()]),
                _retried("Verify", self._verify()),
                _retried("Evidence", self._evidence()),
            ],
        )
        # Its first run begins when it is made.
        self.resource.node.add_dependency(*roles.policies)
        self._start_on_source(name, roles)

    def _start_on_source(self, name: str, roles: DeliveryRoles) -> None:
        """Start with exactly the version that the event tells of, not with the newest."""
        stack = Stack.of(self)
        arn = f"arn:aws:codepipeline:{stack.region}:{stack.account}:{self.resource.ref}"
        revision = {
            "actionName": _SOURCE,
            "revisionType": "S3_OBJECT_VERSION_ID",
            "revisionValue": "<version>",
        }
        events.CfnRule(
            self,
            "OnSource",
            name=f"{name}-source",
            description=f"Starts {name} when its source arrives",
            state="ENABLED",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [self._source.bucket]},
                    "object": {"key": [self._source.key]},
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="Pipeline",
                    arn=arn,
                    role_arn=roles.events.role_arn,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={"version": "$.detail.object.version-id"},
                        input_template=json.dumps({"sourceRevisions": [revision]}),
                    ),
                )
            ],
        )

    def _source_action(self) -> Action:
        return _action(
            _SOURCE,
            "Source",
            "S3",
            {
                "S3Bucket": self._source.bucket,
                "S3ObjectKey": self._source.key,
                "PollForSourceChanges": "false",
            },
            output=_SOURCE,
        )

    def _build(self) -> Action:
        variables = {_SUFFIX: f"#{{variables.{_SUFFIX}}}"}
        return _build(self._projects.build, "Build", _SOURCE, variables, output=_BUILT)

    def _preview(self) -> Action:
        return _build(self._projects.preview, PREVIEW, _BUILT, {}, namespace=PREVIEW)

    def _release(self) -> Action:
        return _build(self._projects.release, "Release", _BUILT, _approved("INSTEAD_OF"))

    def _verify(self) -> Action:
        return _build(self._projects.verify, "Verify", _BUILT, _approved())

    def _evidence(self) -> Action:
        return _build(self._projects.evidence, "Evidence", _BUILT, _approved())


def _approved(*more: str) -> dict[str, str]:
    """Hand on what the approver saw, not what the build said."""
    return {name: f"#{{{PREVIEW}.{name}}}" for name in ("IMAGE_TAG", *more)}


def _approval(topic_arn: str, hours: int) -> Action:
    asked = f"#{{{PREVIEW}.PREVIEW_SUMMARY}} (#{{{PREVIEW}.PREVIEW_LOG}})"
    return Action(
        name=APPROVE,
        action_type_id=_type("Approval", "Manual"),
        run_order=1,
        timeout_in_minutes=hours * 60,
        configuration={"NotificationArn": topic_arn, "CustomData": asked},
    )


def _retried(name: str, action: Action) -> Stage:
    return Stage(
        name=name,
        actions=[action],
        on_failure=codepipeline.CfnPipeline.FailureConditionsProperty(
            result="RETRY",
            retry_configuration=codepipeline.CfnPipeline.RetryConfigurationProperty(
                retry_mode="FAILED_ACTIONS"
            ),
        ),
    )


def _build(
    project: BuildProject,
    name: str,
    source: str,
    variables: Mapping[str, str],
    *,
    output: str | None = None,
    namespace: str | None = None,
) -> Action:
    configuration = {"ProjectName": project.resource.ref}
    if variables:
        listed = [
            {"name": variable, "value": value, "type": "PLAINTEXT"}
            for variable, value in variables.items()
        ]
        configuration["EnvironmentVariables"] = json.dumps(listed)
    return _action(
        name,
        "Build",
        "CodeBuild",
        configuration,
        input_artifacts=[codepipeline.CfnPipeline.InputArtifactProperty(name=source)],
        output=output,
        namespace=namespace,
    )


def _action(
    name: str,
    category: str,
    provider: str,
    configuration: Mapping[str, str],
    *,
    output: str | None = None,
    **more: Any,  # noqa: ANN401 - properties of the action
) -> Action:
    return Action(
        name=name,
        action_type_id=_type(category, provider),
        run_order=1,
        configuration=configuration,
        output_artifacts=(
            [codepipeline.CfnPipeline.OutputArtifactProperty(name=output)] if output else None
        ),
        **more,
    )


def _type(category: str, provider: str) -> codepipeline.CfnPipeline.ActionTypeIdProperty:
    return codepipeline.CfnPipeline.ActionTypeIdProperty(
        category=category, owner="AWS", provider=provider, version="1"
    )
