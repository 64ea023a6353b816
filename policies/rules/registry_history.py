"""ROVN-BCK-4: whatever was deployed once can be deployed again."""

import json
from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError

REPOSITORY, TEMPLATE = "AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"


def _judge(repository: Resource, _: Scope) -> Iterator[str]:
    if repository.at("EmptyOnDelete", default=False) is not False:
        yield "EmptyOnDelete is not false: its deletion takes every image along"
    path = "LifecyclePolicy" if repository.type == TEMPLATE else None
    for rule in _lifecycle(repository.at(path or "LifecyclePolicy.LifecyclePolicyText")):
        status = rule.get("selection", {}).get("tagStatus")
        if status != "untagged":
            yield (
                f"its lifecycle rule {rule.get('rulePriority')} is for images that are {status}, "
                "not untagged alone: the history goes"
            )


def _lifecycle(text: str | None) -> list[dict[str, Any]]:
    """Read a lifecycle policy; without one every image is kept."""
    try:
        rules = [] if text is None else json.loads(text)["rules"]
    except (ValueError, KeyError, TypeError):
        rules = None
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UnresolvedError("its lifecycle policy is no list of rules in JSON")
    return rules


def _required(scope: Scope) -> Iterator[str]:
    found = [repository.at("RepositoryName") for repository in scope.resources(REPOSITORY)]
    for name in scope.principals.service_names:
        if name not in found:
            yield f"there is no repository {name} to keep the images of the service"


RULE = Rule(
    id="registry-history",
    title="The registry keeps every image that has a tag",
    why="A rollback needs the image that ran before, and an audit the one that ran then.",
    remedy="Leave lifecycle rules to runbook_constructs.registry: they are for untagged images "
    "alone.",
    clauses=("ROVN-BCK-4",),
    controls=("NIST CM-3", "NIST CP-10", "SOC2 CC8.1"),
    types=(REPOSITORY, TEMPLATE),
    judge=_judge,
    required=_required,
)
