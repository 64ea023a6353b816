"""What the deploy identity may do (ROVN-DEP-9): start a deploy, push, release, watch."""

from collections.abc import Sequence

from runbook.access.delivery_names import (
    EVIDENCE,
    delivery_key_alias,
    source_bucket,
    source_key,
)
from runbook.access.guard_rails import DEPLOY_BOUNDARY
from runbook.access.policy import ManagedPolicy, Statement
from runbook.access.preflight_reads import preflight_reads
from runbook.access.principals import Principals
from runbook.access.roles import ECS_TASKS

PUSH = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
UPDATE_SERVICE = (
    "ecs:ContinueServiceDeployment",
    "ecs:StopServiceDeployment",
    "ecs:UpdateService",
)
# Only of these may it assume: the CDK's image assets are not used.
CDK_ROLES = ("deploy", "file-publishing", "lookup")


def deploy_statements(principals: Principals) -> list[Statement]:
    """List what it is granted; the boundary it carries says the same."""
    return [
        _assume_cdk_roles(principals),
        _images(principals),
        _services(principals),
        *_migrations(principals),
        *_releases(principals),
        *_evidence(principals),
        _sources(principals),
        _keys(principals),
        *_watch(principals),
    ]


def deploy_boundary(principals: Principals) -> ManagedPolicy:
    """Build its boundary, the same as its policy: that one, widened by hand, widens nothing."""
    return ManagedPolicy(
        principals.named(DEPLOY_BOUNDARY),
        "The most that the deploy identity can do",
        deploy_statements(principals),
    )


def _assume_cdk_roles(principals: Principals) -> Statement:
    """Deploy by the CDK: its roles hand the work to CloudFormation."""
    roles = [role for kind in CDK_ROLES for role in principals.cdk_roles(kind)]
    return Statement("DeployByTheCdk", ["sts:AssumeRole"], roles)


def _images(principals: Principals) -> Statement:
    repositories = _arns(principals, "ecr", [f"repository/{n}" for n in principals.service_names])
    look = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImageScanFindings",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
    ]
    return Statement("PushImages", [*PUSH, *look], repositories)


def _services(principals: Principals) -> Statement:
    """Undo inside the bake window, and roll back after it, in seconds."""
    slug = principals.environment.slug
    services = [
        f"{kind}/{slug}/{name}{rest}"
        for kind, rest in (
            ("service", ""),
            ("service-deployment", "/*"),
            ("service-revision", "/*"),
        )
        for name in principals.service_names
    ]
    actions = [
        *UPDATE_SERVICE,
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeServices",
        "ecs:ListServiceDeployments",
    ]
    return Statement("UpdateServices", actions, _arns(principals, "ecs", services))


def _migrations(principals: Principals) -> list[Statement]:
    """Run the one-off task, in the environment's cluster and under its own two roles only.

    It registers no task definition: a release does that, through CloudFormation.
    """
    slug = principals.environment.slug
    (cluster,) = _arns(principals, "ecs", [f"cluster/{slug}"])
    families = [f"task-definition/{name}-migrations:*" for name in principals.service_names]
    of_cluster = {"ArnEquals": {"ecs:cluster": cluster}}
    services = principals.environment.services
    roles = [principals.service_roles(service) for service in services]
    return [
        Statement("RunMigrations", ["ecs:RunTask"], _arns(principals, "ecs", families), of_cluster),
        Statement(
            "WatchMigrations",
            ["ecs:DescribeTasks", "ecs:StopTask"],
            _arns(principals, "ecs", [f"task/{slug}/*"]),
        ),
        Statement(
            "PassMigrationRoles",
            ["iam:PassRole"],
            [arn for of in roles for arn in (of.migrations_execution, of.migrations_task)],
            {"StringEquals": {"iam:PassedToService": ECS_TASKS}},
        ),
    ]


def _releases(principals: Principals) -> list[Statement]:
    """Change sets on the services' stacks: preview, execute, watch, repair; and their records."""
    actions = [
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:CreateChangeSet",
        "cloudformation:DeleteChangeSet",
        "cloudformation:DescribeChangeSet",
        "cloudformation:DescribeEvents",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStackResources",
        "cloudformation:DescribeStacks",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:GetTemplate",
        "cloudformation:ListChangeSets",
    ]
    stacks = [f"stack/{principals.named(name)}/*" for name in principals.environment.services]
    audit, gate = principals.named("audit"), principals.named("release-gate")
    migrated = [f"execution:{principals.named(name)}-migrate:*" for name in principals.gated]
    freeze = [f"parameter/{principals.environment.name}/release-freeze"]
    # What a rollback has to know: which migrations ran since. A rolling service has no gate.
    look = Statement(
        "LookAtMigrations", ["states:DescribeExecution"], _arns(principals, "states", migrated)
    )
    return [
        *([look] if migrated else []),
        Statement("Release", actions, _arns(principals, "cloudformation", stacks)),
        Statement("ReadFreeze", ["ssm:GetParameter"], _arns(principals, "ssm", freeze)),
        Statement(
            "FindBucketAndGroup",
            ["cloudformation:DescribeStacks"],
            _arns(principals, "cloudformation", [f"stack/{audit}/*", f"stack/{gate}/*"]),
        ),
        Statement("WriteRecords", ["s3:PutObject"], [f"{_audit_bucket(principals)}/releases/*"]),
    ]


def _evidence(principals: Principals) -> list[Statement]:
    """Publish bundles of evidence, and read back what was published: bundles, no record.

    By hand they begin with a day; what the pipeline publishes after a release is its own alone.
    """
    bucket = _audit_bucket(principals)
    return [
        Statement(
            "PublishEvidence",
            ["s3:GetObject", "s3:GetObjectRetention", "s3:PutObject"],
            [f"{bucket}/{EVIDENCE}/*/2*"],
        ),
        Statement("LookAtLock", ["s3:GetBucketObjectLockConfiguration"], [bucket]),
        Statement(
            "ListEvidence",
            ["s3:ListBucket"],
            [bucket],
            {"StringLike": {"s3:prefix": f"{EVIDENCE}/*"}},
        ),
    ]


def _audit_bucket(principals: Principals) -> str:
    """Name it as far as it is known: CloudFormation ends its name in letters of its own."""
    return f"arn:aws:s3:::{principals.named('audit')}-auditrecords*"


def _sources(principals: Principals) -> Statement:
    """Upload a service's source, which starts its pipeline (ROVN-DEP-1, ROVN-DEP-10)."""
    environment = principals.environment
    bucket = f"arn:aws:s3:::{source_bucket(environment)}"
    objects = [f"{bucket}/{source_key(service)}" for service in environment.services]
    return Statement("UploadSource", ["s3:PutObject"], objects)


def _keys(principals: Principals) -> Statement:
    """Use, through S3, the keys of records and sources: what it may read there is bundles.

    By their aliases, for keys have no names beside them.
    """
    environment = principals.environment
    aliases = [f"alias/{environment.slug}/audit", delivery_key_alias(environment)]
    return Statement(
        "UseKeys",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        _arns(principals, "kms", ["key/*"]),
        {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases},
            "StringEquals": {"kms:ViaService": f"s3.{environment.region}.amazonaws.com"},
        },
    )


def _watch(principals: Principals) -> list[Statement]:
    """Read what says whether a release is well; logs of migrations, never of the service."""
    logs = [f"log-group:/ecs/{name}-migrations:*" for name in principals.service_names]
    return [
        Statement(
            "LookAround",
            [
                # CloudWatch tells of composite alarms to nobody whose right is narrower.
                "cloudwatch:DescribeAlarms",
                "ecr:GetAuthorizationToken",
                "ecs:DescribeTaskDefinition",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            ["*"],
        ),
        Statement("WatchMigrationLogs", ["logs:FilterLogEvents"], _arns(principals, "logs", logs)),
        *_error_rates(principals),
        *preflight_reads(principals, alarms=False),
    ]


def _error_rates(principals: Principals) -> list[Statement]:
    """Read Sentry's tokens, where the file names a project: a rollback tells the error rate."""
    environment = principals.environment
    # Secrets Manager ends a secret's ARN in six characters of its own.
    tokens = [f"secret:{environment.name}/{name}-??????" for name in environment.operators_tokens]
    if not tokens:
        return []
    through = f"secretsmanager.{environment.region}.amazonaws.com"
    return [
        Statement(
            "ReadSentryTokens",
            ["secretsmanager:GetSecretValue"],
            _arns(principals, "secretsmanager", tokens),
        ),
        Statement(
            "DecryptSentryTokens",
            ["kms:Decrypt"],
            _arns(principals, "kms", ["key/*"]),
            {
                "ForAnyValue:StringEquals": {
                    "kms:ResourceAliases": f"alias/{environment.slug}/secrets"
                },
                "StringEquals": {"kms:ViaService": through},
            },
        ),
    ]


def _arns(principals: Principals, service: str, resources: Sequence[str]) -> list[str]:
    place = f"{principals.environment.region}:{principals.environment.account}"
    return [f"arn:aws:{service}:{place}:{resource}" for resource in resources]
