"""ROVN-DEP-2: a tag means the same image for ever."""

from collections.abc import Iterator

from policies.rule import Rule
from policies.templates.scope import Resource, Scope

# AWS lets every tag move where nothing is said.
AWS_DEFAULT = "MUTABLE"


def _judge(repository: Resource, _: Scope) -> Iterator[str]:
    mutability = repository.at("ImageTagMutability", AWS_DEFAULT)
    if mutability != "IMMUTABLE":
        yield f"ImageTagMutability is {mutability}, not IMMUTABLE: a tag can be moved"


RULE = Rule(
    id="registry-immutable",
    title="No tag of an image ever moves",
    why="A rollback to a tag that was moved runs another image than the one that was known to be "
    "good.",
    remedy="Leave image_tag_mutability to runbook_constructs.registry, which sets IMMUTABLE; an "
    "exclusion would let some tags move.",
    clauses=("ROVN-DEP-2",),
    controls=("NIST CM-3", "NIST SI-7", "SOC2 CC8.1"),
    # A template makes the repositories that ECR creates itself.
    types=("AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"),
    judge=_judge,
)
