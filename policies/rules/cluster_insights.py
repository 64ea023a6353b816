"""ROVN-ALM-4: whether fewer tasks run than should is measured at all."""

from collections.abc import Iterator

from policies.lookups.services import ecs_services, pairs
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_CLUSTER = "AWS::ECS::Cluster"
_ON = ("enhanced", "enabled")


def _judge(cluster: Resource, _: Scope) -> Iterator[str]:
    setting = pairs(cluster.at("ClusterSettings", [])).get("containerInsights", "not set")
    if setting not in _ON:
        yield f"containerInsights is {setting}, not {' or '.join(_ON)}"


def _required(scope: Scope) -> Iterator[str]:
    for _, model, service in ecs_services(scope):
        cluster = scope.target(service.at("Cluster"))
        if cluster is None or cluster.type != _CLUSTER:
            yield f"{model.name} runs in a cluster that is not in these templates"


RULE = Rule(
    id="cluster-insights",
    title="Every cluster has Container Insights",
    why="Without it ECS tells nobody how many tasks run, and the alarm on missing ones is blind.",
    remedy="Leave ClusterSettings to stacks.platform_stack.",
    clauses=("ROVN-ALM-4",),
    controls=("NIST SI-4", "SOC2 CC7.2"),
    types=(_CLUSTER,),
    judge=_judge,
    required=_required,
)
