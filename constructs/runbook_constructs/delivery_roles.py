"""The roles of delivery, each with one policy in full view (ROVN-SEC-2, ROVN-DEP-8)."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook.access import delivery_names as names
from runbook.access.delivery_sources import delivery_sources
from runbook.access.deploy_policy import PUSH
from runbook.access.policy import Statement
from runbook.access.preflight_reads import preflight_reads
from runbook.access.principals import Principals
from runbook.access.roles import CODEBUILD
from runbook_constructs.build_project import STREAMS

_READ_STACKS = (
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
)
_READ_SERVICES = (
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServices",
    "ecs:ListServiceDeployments",
)
_PREVIEW = ("cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet")


@dataclass(frozen=True)
class Holdings:
    """What the roles are let into, by ARN: buckets, keys and the libraries that steps run."""

    source: s3.IBucket
    artifacts: s3.IBucket
    key_arn: str
    audit: s3.IBucket
    audit_key_arn: str
    library_object: str
    evidence_library_object: str
    topic_arn: str


class DeliveryRoles(Construct):
    """Build, preview and verify, release, evidence, the pipeline itself, and what starts it.

    The build pushes and knows no stack; the release executes and pushes nothing; what previews and
    verifies executes nothing; what publishes evidence writes nothing else; none of them approves.
    """

    def __init__(
        self, scope: Construct, id_: str, *, principals: Principals, holdings: Holdings
    ) -> None:
        super().__init__(scope, id_)
        self._principals, self._holds = principals, holdings
        self._environment = principals.environment
        self.policies: list[iam.ManagedPolicy] = []
        self.build = self._role(
            "Build",
            principals.image_build,
            "Builds images and pushes them",
            CODEBUILD,
            [*self._images(), *self._builds(["image-build"])],
        )
        self.checks = self._role(
            "Checks",
            principals.release_checks,
            "Previews releases and verifies them",
            CODEBUILD,
            [
                *self._reads(),
                *self._stacks("Preview", _PREVIEW),
                *self._builds(["preview", "verify"]),
                _library(self._holds.library_object),
            ],
        )
        self.release = self._role(
            "Release",
            principals.release,
            "Releases what was approved",
            CODEBUILD,
            [
                *self._reads(),
                *self._stacks("Release", (*_PREVIEW, "cloudformation:ExecuteChangeSet")),
                *self._records(),
                *self._builds(["release"]),
                _library(self._holds.library_object),
            ],
        )
        self.evidence = self._role(
            "Evidence",
            principals.evidence,
            "Judges what is deployed and publishes what was found",
            CODEBUILD,
            [
                *self._evidence(),
                *self._takes(),
                self._logs(["evidence"]),
                _library(self._holds.evidence_library_object),
            ],
        )
        self.pipeline = self._role(
            "Pipeline",
            principals.pipeline,
            "Hands artifacts from step to step and starts builds",
            "codepipeline.amazonaws.com",
            self._orchestration(),
        )
        self.events = self._role(
            "SourceEvents",
            principals.source_events,
            "Starts a pipeline when its source arrives",
            "events.amazonaws.com",
            [Statement("Start", ["codepipeline:StartPipelineExecution"], self._pipelines())],
        )

    # ---- what each may

    def _images(self) -> list[Statement]:
        repositories = self._repositories()
        reads = (
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:DescribeImageScanFindings",
            "ecr:DescribeImages",
            "ecr:GetDownloadUrlForLayer",
        )
        return [
            Statement("LogInToRegistry", ["ecr:GetAuthorizationToken"], ["*"]),
            Statement("PushImages", [*PUSH, *reads], repositories),
        ]

    def _reads(self) -> list[Statement]:
        slug = self._environment.slug
        services = [
            f"{kind}/{slug}/{name}{rest}"
            for kind, rest in (("service", ""), ("service-deployment", "/*"))
            for name in self._principals.service_names
        ]
        freeze = self._arns("ssm", [f"parameter/{self._environment.name}/release-freeze"])
        return [
            Statement("ReadServices", _READ_SERVICES, self._arns("ecs", services)),
            Statement("ReadTaskDefinitions", ["ecs:DescribeTaskDefinition"], ["*"]),
            Statement(
                "ReadImages",
                ["ecr:DescribeImageScanFindings", "ecr:DescribeImages"],
                self._repositories(),
            ),
            Statement("ReadFreeze", ["ssm:GetParameter"], freeze),
            *preflight_reads(self._principals),
        ]

    def _stacks(self, sid: str, actions: Sequence[str]) -> list[Statement]:
        stacks = [f"stack/{self._principals.named(key)}/*" for key in self._keys]
        return [Statement(sid, [*actions, *_READ_STACKS], self._arns("cloudformation", stacks))]

    def _records(self) -> list[Statement]:
        """Write what was done; nobody here reads it or takes it back."""
        stack = self._arns("cloudformation", [f"stack/{self._principals.named('audit')}/*"])
        objects = self._holds.audit.arn_for_objects("releases/*")
        return [
            Statement("FindAuditBucket", ["cloudformation:DescribeStacks"], stack),
            Statement("WriteRecords", ["s3:PutObject"], [objects]),
            Statement("EncryptRecords", ["kms:GenerateDataKey"], [self._holds.audit_key_arn]),
        ]

    def _evidence(self) -> list[Statement]:
        """Read templates wherever the environment has stacks; write bundles of releases alone."""
        account, named = self._environment.account, self._principals.named("*")
        regions = dict.fromkeys(self._environment.regions)
        stacks = [f"arn:aws:cloudformation:{region}:{account}:stack/{named}" for region in regions]
        objects = self._holds.audit.arn_for_objects(names.RELEASE_BUNDLES)
        return [
            Statement(
                "JudgeStacks",
                ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
                stacks,
            ),
            Statement("PublishEvidence", ["s3:GetObjectRetention", "s3:PutObject"], [objects]),
            Statement(
                "LookAtLock",
                ["s3:GetBucketObjectLockConfiguration"],
                [self._holds.audit.bucket_arn],
            ),
            Statement("EncryptEvidence", ["kms:GenerateDataKey"], [self._holds.audit_key_arn]),
        ]

    def _builds(self, steps: Sequence[str]) -> list[Statement]:
        return [*self._artifacts(), self._logs(steps)]

    def _logs(self, steps: Sequence[str]) -> Statement:
        groups = [
            f"log-group:{names.build_log_group(self._environment, key, step)}"
            f":log-stream:{STREAMS}/*"
            for key in self._keys
            for step in steps
        ]
        return Statement(
            "WriteLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            self._arns("logs", groups),
        )

    def _takes(self) -> list[Statement]:
        """Take what an earlier step made, and hand nothing on."""
        objects = self._holds.artifacts.arn_for_objects("*")
        return [
            Statement("Take", ["s3:GetObject", "s3:GetObjectVersion"], [objects]),
            Statement("UseKey", ["kms:Decrypt"], [self._holds.key_arn]),
        ]

    def _artifacts(self) -> list[Statement]:
        return [
            Statement(
                "HandOn",
                ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                [self._holds.artifacts.arn_for_objects("*")],
            ),
            Statement("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [self._holds.key_arn]),
        ]

    def _orchestration(self) -> list[Statement]:
        source, projects = self._holds.source, self._projects(*names.STEPS)
        objects = [source.arn_for_objects(names.source_key(key)) for key in self._keys]
        return [
            Statement("ReadSource", ["s3:GetObject", "s3:GetObjectVersion"], objects),
            Statement(
                "LookAtBuckets",
                ["s3:GetBucketLocation", "s3:GetBucketVersioning"],
                [source.bucket_arn, self._holds.artifacts.bucket_arn],
            ),
            *self._artifacts(),
            Statement("Build", ["codebuild:BatchGetBuilds", "codebuild:StartBuild"], projects),
            Statement("AskForApproval", ["sns:Publish"], [self._holds.topic_arn]),
        ]

    # ---- how they are made

    def _role(
        self,
        id_: str,
        arn: str,
        description: str,
        service: str,
        statements: Sequence[Statement],
    ) -> iam.Role:
        account = self._environment.account
        sources = delivery_sources(self._principals)[arn]
        role = iam.Role(
            self,
            id_,
            role_name=arn.rpartition("/")[2],
            description=description,
            assumed_by=iam.ServicePrincipal(
                service,
                conditions={
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnEquals": {"aws:SourceArn": sources[0] if len(sources) == 1 else sources},
                },
            ),
        )
        policy = iam.ManagedPolicy(
            self,
            f"{id_}Policy",
            roles=[role],
            description=description,
            statements=[iam.PolicyStatement.from_json(s.as_json()) for s in statements],
        )
        self.policies.append(policy)
        return role

    @property
    def _keys(self) -> list[str]:
        return list(self._environment.services)

    def _repositories(self) -> list[str]:
        return self._arns("ecr", [f"repository/{n}" for n in self._principals.service_names])

    def _projects(self, *steps: str) -> list[str]:
        return self._arns(
            "codebuild",
            [
                f"project/{names.project(self._environment, key, step)}"
                for key in self._keys
                for step in steps
            ],
        )

    def _pipelines(self) -> list[str]:
        return self._arns(
            "codepipeline", [names.pipeline(self._environment, key) for key in self._keys]
        )

    def _arns(self, service: str, resources: Sequence[str]) -> list[str]:
        stack = Stack.of(self)
        return [f"arn:aws:{service}:{stack.region}:{stack.account}:{r}" for r in resources]


def _library(object_arn: str) -> Statement:
    return Statement("FetchLibrary", ["s3:GetObject"], [object_arn])
