"""How a service's source becomes a release: buckets, builds, approvals, pipelines."""

from typing import cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook.access import delivery_names as names
from runbook.access.guard_rails import DELIVERY_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook_constructs.approvals import Approvals
from runbook_constructs.build_project import BuildProject
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.delivery_pipeline import DeliveryPipeline, Projects, Source
from runbook_constructs.delivery_roles import DeliveryRoles, Holdings
from runbook_constructs.private_bucket import PrivateBucket, expire_after
from runbook_constructs.registry import image_uri
from runbook_constructs.release_buildspec import (
    evidence_buildspec,
    preview_buildspec,
    release_buildspec,
    verify_buildspec,
)
from runbook_constructs.source_library import EVIDENCE, RELEASE, SourceLibrary
from stacks.audit_stack import AuditStack
from stacks.runbook_stack import RunbookStack

# A build of the release steps installs, looks, and waits: what it may take beside the release.
_AROUND_MINUTES = 15
# It asks CloudFormation twice for each stack, and replays every alarm.
_EVIDENCE_MINUTES = 30


class DeliveryStack(RunbookStack):
    """One pipeline for each service (ROVN-DEP-1, -2, -6, -8; ROVN-IMG-1).

    It stands before the first service does, and holds the history of the sources: stateful.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, audit: AuditStack
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="delivery",
            description="Pipelines",
            stateful=True,
            boundary=DELIVERY_BOUNDARY,
        )
        self._environment, self._principals = environment, Principals(environment)
        self._key = CustomerKey(
            self,
            "Key",
            alias=names.delivery_key_alias(environment),
            description=f"Sources, artifacts and approvals of {environment.name}",
            via=["s3", "sns"],
        )
        self._add_buckets()
        self._library = SourceLibrary(self, "Library", environment=environment, contents=RELEASE)
        self._evidence_library = SourceLibrary(
            self, "EvidenceLibrary", environment=environment, contents=EVIDENCE
        )
        approvals = self._approvals()
        audit_key = audit.audit_bucket.encryption_key
        assert audit_key is not None  # noqa: S101 - a locked bucket has one
        self._roles = DeliveryRoles(
            self,
            "Roles",
            principals=self._principals,
            holdings=Holdings(
                source=self._source,
                artifacts=self._artifacts,
                key_arn=self._key.key_arn,
                audit=audit.audit_bucket,
                audit_key_arn=audit_key.key_arn,
                library_object=self._library.object_arn,
                evidence_library_object=self._evidence_library.object_arn,
                topic_arn=approvals.topic_arn,
            ),
        )
        approvals.policy.node.add_dependency(self._roles.pipeline)
        for service in environment.services:
            self._add_pipeline(service, approvals)
        CfnOutput(self, "SourceBucket", value=self._source.bucket_name)

    def _add_buckets(self) -> None:
        delivery, buckets = self._environment.delivery, self._environment.buckets
        logs = PrivateBucket(
            self,
            "AccessLogs",
            lifecycle_rules=[expire_after(buckets.access_logs.expire_after_days)],
        )
        self._source = PrivateBucket(
            self,
            "Source",
            name=names.source_bucket(self._environment),
            key=self._key,
            access_logs=logs,
            access_logs_prefix="source/",
            # The newest source stays, whatever its age: a pipeline can be started with it.
            lifecycle_rules=[_superseded_after(delivery.source_days)],
        )
        source = cast(s3.CfnBucket, self._source.node.default_child)
        # The construct's own switch would bring a function of the CDK's along.
        source.add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", value=True
        )
        self._artifacts = PrivateBucket(
            self,
            "Artifacts",
            key=self._key,
            access_logs=logs,
            access_logs_prefix="artifacts/",
            lifecycle_rules=[expire_after(delivery.artifact_days)],
        )

    def _approvals(self) -> Approvals:
        return Approvals(
            self,
            "Approvals",
            topic_name=names.approval_topic(self._environment),
            publisher=self._principals.pipeline,
            key=self._key,
        )

    def _add_pipeline(self, service: str, approvals: Approvals) -> None:
        environment, delivery = self._environment, self._environment.delivery
        id_ = service.title().replace("-", "")
        DeliveryPipeline(
            self,
            id_,
            name=names.pipeline(environment, service),
            source=Source(names.source_bucket(environment), names.source_key(service)),
            artifacts=self._artifacts.bucket_name,
            key_arn=self._key.key_arn,
            topic_arn=approvals.topic_arn,
            approval_hours=delivery.approval_hours,
            projects=self._projects(service, id_),
            roles=self._roles,
        )

    def _projects(self, service: str, id_: str) -> Projects:
        delivery, images = self._environment.delivery, self._environment.images
        name = self._environment.services[service].name
        watched, library = delivery.release_minutes, self._library
        return Projects(
            build=self._project(
                service,
                id_,
                "image-build",
                minutes=delivery.build_minutes,
                variables={
                    "REPOSITORY_URI": image_uri(self, name, "").removesuffix(":"),
                    "SCAN_FAIL_SEVERITY": images.scan_fail_severity,
                },
            ),
            preview=self._step(
                service, id_, "preview", preview_buildspec(library), _AROUND_MINUTES
            ),
            release=self._step(
                service,
                id_,
                "release",
                release_buildspec(library, watched),
                watched + _AROUND_MINUTES,
            ),
            verify=self._step(
                service, id_, "verify", verify_buildspec(library), watched + _AROUND_MINUTES
            ),
            evidence=self._step(
                service,
                id_,
                "evidence",
                evidence_buildspec(self._evidence_library),
                _EVIDENCE_MINUTES,
            ),
        )

    def _step(
        self, service: str, id_: str, step: str, buildspec: str, minutes: int
    ) -> BuildProject:
        variables = {
            "ENVIRONMENT": self._environment.name,
            "SERVICE": service,
        }
        return self._project(
            service, id_, step, minutes=minutes, variables=variables, buildspec=buildspec
        )

    def _project(
        self,
        service: str,
        id_: str,
        step: str,
        *,
        minutes: int,
        variables: dict[str, str],
        buildspec: str | None = None,
    ) -> BuildProject:
        roles = {
            "image-build": self._roles.build,
            "preview": self._roles.checks,
            "release": self._roles.release,
            "verify": self._roles.checks,
            "evidence": self._roles.evidence,
        }
        return BuildProject(
            self,
            id_ + step.title().replace("-", ""),
            name=names.project(self._environment, service, step),
            description=f"{step} of {service} in {self._environment.name}",
            role=roles[step],
            key=self._key,
            log_group=names.build_log_group(self._environment, service, step),
            log_retention_days=self._environment.delivery.log_retention_days,
            minutes=minutes,
            variables=variables,
            buildspec=buildspec,
            privileged=buildspec is None,
        )


def _superseded_after(days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="ExpireSuperseded", noncurrent_version_expiration=Duration.days(days)
    )
