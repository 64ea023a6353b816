"""A CodeBuild project that a pipeline starts: one build at a time, logged, with an end."""

from collections.abc import Mapping

from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup

_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
# A build that finds no machine by then fails, and the pipeline says so.
_QUEUED_MINUTES = 60
STREAMS = "build"


class BuildProject(Construct):
    """One step of a pipeline.

    Outside the VPC: a build runs what packages bring along, and no way leads from it to the
    database. ``privileged`` for Docker alone; without ``buildspec`` the source's own is run.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        role: iam.IRole,
        key: CustomerKey,
        log_group: str,
        log_retention_days: int,
        minutes: int,
        variables: Mapping[str, str],
        buildspec: str | None = None,
        privileged: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        logs = EncryptedLogGroup(
            self, "Log", name=log_group, retention_days=log_retention_days, key=key
        )
        self.name = name
        self.resource = codebuild.CfnProject(
            self,
            "Resource",
            name=name,
            description=description,
            service_role=role.role_arn,
            encryption_key=key.key_arn,
            source=codebuild.CfnProject.SourceProperty(type="CODEPIPELINE", build_spec=buildspec),
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="CODEPIPELINE"),
            environment=codebuild.CfnProject.EnvironmentProperty(
                type="LINUX_CONTAINER",
                compute_type="BUILD_GENERAL1_SMALL",
                image=_IMAGE,
                privileged_mode=privileged,
                environment_variables=[
                    codebuild.CfnProject.EnvironmentVariableProperty(
                        name=variable, value=value, type="PLAINTEXT"
                    )
                    for variable, value in sorted(variables.items())
                ],
            ),
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=logs.log_group_name, stream_name=STREAMS
                )
            ),
            concurrent_build_limit=1,
            timeout_in_minutes=minutes,
            queued_timeout_in_minutes=_QUEUED_MINUTES,
            badge_enabled=False,
            visibility="PRIVATE",
        )
