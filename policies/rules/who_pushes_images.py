"""ROVN-DEP-9: only the deploy identity, and what acts for it, puts images into a repository."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from runbook.access.deploy_policy import PUSH

# Beside pushing: what takes images away, or puts another registry's in their place.
IMAGES = (
    *PUSH,
    "ecr:BatchDeleteImage",
    "ecr:DeleteRepository",
    "ecr:ReplicateImage",
)
# What decides who else could, and whether a tag stays what it was.
REPOSITORIES = (
    "ecr:DeleteRegistryPolicy",
    "ecr:DeleteRepositoryPolicy",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:PutRegistryPolicy",
    "ecr:PutReplicationConfiguration",
    "ecr:SetRepositoryPolicy",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    yield from outsiders(resource, scope, IMAGES, scope.principals.may_push_images)
    yield from outsiders(resource, scope, REPOSITORIES, scope.principals.builders)


RULE = Rule(
    id="who-pushes-images",
    title="Only the deploy identity, the image build and break-glass roles push images",
    why="Whoever puts an image into the repository runs code among patients' records.",
    remedy="Take the action out of the policy; who may push stands in "
    "runbook/access/principals.py.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST CM-5", "SOC2 CC6.1", "SOC2 CC8.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
