"""Where the images of an environment come from: its own registry, and no other."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey

# Copied by ECR on the first pull: afterwards tasks need no public registry, and the tag stays.
PREFIX = "ecr-public"
COLLECTOR = f"{PREFIX}/aws-observability/aws-otel-collector"
COLLECTOR_TAG = "v0.43.3"


class Registry(Construct):
    """A repository for each name, and one that mirrors the collector (ROVN-BCK-4, ROVN-DEP-2).

    Tags never move, images are scanned on push, and the history is kept: only images that lost
    their tag in a push that failed half-way go.
    """

    def __init__(
        self, scope: Construct, id_: str, *, repositories: Sequence[str], key: CustomerKey
    ) -> None:
        super().__init__(scope, id_)
        for name in repositories:
            _repository(self, name.title().replace("-", ""), name, key)
        mirror = ecr.CfnPullThroughCacheRule(
            self,
            "PublicMirror",
            ecr_repository_prefix=PREFIX,
            upstream_registry="ecr-public",
            upstream_registry_url="public.ecr.aws",
        )
        # There first, or ECR makes one of its own, without our key.
        mirror.node.add_dependency(_repository(self, "Collector", COLLECTOR, key))


def _repository(scope: Construct, id_: str, name: str, key: CustomerKey) -> ecr.Repository:
    return ecr.Repository(
        scope,
        id_,
        repository_name=name,
        encryption=ecr.RepositoryEncryption.KMS,
        encryption_key=key,
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        lifecycle_rules=[
            ecr.LifecycleRule(
                description="Images without a tag, which nothing can deploy",
                tag_status=ecr.TagStatus.UNTAGGED,
                max_image_age=Duration.days(14),
            )
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )


def image_uri(scope: Construct, repository: str, tag: str) -> str:
    """Write an image of the environment's own registry, as a task definition takes it."""
    stack = Stack.of(scope)
    return f"{stack.account}.dkr.ecr.{stack.region}.amazonaws.com/{repository}:{tag}"


def repository_arn(scope: Construct, repository: str) -> str:
    """Write the ARN of a repository of the environment's own registry."""
    stack = Stack.of(scope)
    return f"arn:aws:ecr:{stack.region}:{stack.account}:repository/{repository}"
