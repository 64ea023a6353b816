"""Which revision is meant, and which one serves, as ECS tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .faults import Failed
from .surroundings import client, setting

# In the app's revision: which revision migrates the schema for it (ROVN-MIG-1).
MIGRATIONS_LABEL = "runbook.migrations-task-definition"
UNDER_WAY = ("PENDING", "IN_PROGRESS")


@dataclass(frozen=True)
class Call:
    """What ECS calls a hook with: the stage, the service deployment, the revision it is for."""

    stage: str
    deployment: str
    target: str

    @property
    def deployment_id(self) -> str:
        """The last part of the deployment's ARN, unique in the account."""
        return self.deployment.rpartition("/")[2]


@dataclass(frozen=True)
class Revision:
    """A task definition of the service; ``migrations`` is the one paired with it."""

    task_definition: str
    image_tag: str
    migrations: str

    @property
    def family(self) -> str:
        """Name the family, with the place: ``arn:…:task-definition/<family>``."""
        return self.task_definition.rpartition(":")[0]

    @property
    def number(self) -> int:
        """Which one of its family."""
        return int(self.task_definition.rpartition(":")[2])


def call_of(event: Mapping[str, Any], stage: str) -> Call:
    """Read the event of a lifecycle hook; raises ``Failed`` when it is not for this hook."""
    details = event.get("executionDetails")
    details = details if isinstance(details, dict) else {}
    found = {
        "lifecycleStage": event.get("lifecycleStage"),
        "resourceArn": event.get("resourceArn"),
        "executionDetails.targetServiceRevisionArn": details.get("targetServiceRevisionArn"),
    }
    for name, value in found.items():
        if not isinstance(value, str) or not value:
            raise Failed(f"the event has no {name}")
    if found["lifecycleStage"] != stage:
        raise Failed(f"this hook is for {stage}, not for {found['lifecycleStage']}")
    call = Call(*(str(value) for value in found.values()))
    service = setting("SERVICE_ARN")
    for arn, kind in ((call.deployment, "deployment"), (call.target, "revision")):
        if not arn.startswith(service.replace(":service/", f":service-{kind}/") + "/"):
            raise Failed(f"{arn} is no {kind} of {service}")
    return call


def deployment_of(call: Call) -> dict[str, Any]:
    """Describe the service deployment that asks; raises ``Failed`` when it is over or another."""
    answer = client("ecs").describe_service_deployments(serviceDeploymentArns=[call.deployment])
    found = answer.get("serviceDeployments", [])
    if len(found) != 1:
        raise Failed(f"ECS does not know {call.deployment}")
    (deployment,) = found
    if deployment.get("status") not in UNDER_WAY:
        raise Failed(f"the deployment is {deployment.get('status')}, it takes no release any more")
    if deployment.get("targetServiceRevision", {}).get("arn") != call.target:
        raise Failed(f"{call.deployment} is not for {call.target}")
    return dict(deployment)


def target_of(call: Call) -> Revision:
    """Describe the revision that is to serve."""
    (task_definition,) = _task_definitions([call.target])
    return described(task_definition)


def serving(deployment: Mapping[str, Any]) -> list[str]:
    """List the task definitions that carry production traffic now; none before the first release.

    Raises ``Failed`` when ECS names no source of the deployment although tasks of another run.
    """
    sources = [dict(source) for source in deployment.get("sourceServiceRevisions", [])]
    if not sources:
        _demand_that_nothing_runs(deployment["targetServiceRevision"]["arn"])
        return []
    carrying = [s for s in sources if (s.get("requestedProductionTrafficWeight") or 0) > 0]
    running = [s for s in sources if s.get("runningTaskCount", 0) > 0]
    # Weights are a snapshot, and tasks may all be down: then what ECS replaces is what counts.
    arns = [str(source["arn"]) for source in carrying or running or sources]
    return sorted(set(_task_definitions(arns)))


def _demand_that_nothing_runs(target: str) -> None:
    """Tell a first release from one whose sources ECS does not name."""
    arn = setting("SERVICE_ARN")
    cluster = arn.rpartition("/")[0].replace(":service/", ":cluster/")
    services = client("ecs").describe_services(cluster=cluster, services=[arn]).get("services", [])
    if len(services) != 1:
        raise Failed(f"ECS does not know {arn}")
    others = [
        revision["arn"]
        for revision in services[0].get("currentServiceRevisions", [])
        if revision["arn"] != target and revision.get("runningTaskCount", 0) > 0
    ]
    if others:
        raise Failed(f"tasks of {', '.join(others)} run, but ECS does not say that they serve")


def _task_definitions(revisions: list[str]) -> list[str]:
    answer = client("ecs").describe_service_revisions(serviceRevisionArns=revisions)
    found = {r["serviceRevisionArn"]: r["taskDefinition"] for r in answer["serviceRevisions"]}
    missing = [arn for arn in revisions if arn not in found]
    if missing:
        raise Failed(f"ECS does not know {', '.join(missing)}")
    return [found[arn] for arn in revisions]


def described(task_definition: str) -> Revision:
    """Read image and paired migrations of a task definition of this service."""
    answer = client("ecs").describe_task_definition(taskDefinition=task_definition)
    name = setting("SERVICE_KEY")
    containers = answer["taskDefinition"]["containerDefinitions"]
    app = next((c for c in containers if c["name"] == name), None)
    if app is None:
        raise Failed(f"{task_definition} has no container {name}")
    migrations = app.get("dockerLabels", {}).get(MIGRATIONS_LABEL, "")
    if not migrations.startswith(setting("MIGRATIONS_FAMILY_ARN") + ":"):
        raise Failed(f"{task_definition} names {migrations or 'nothing'} as its migrations")
    _, _, tag = app["image"].rpartition("/")[2].partition(":")
    if not tag or "@" in tag:
        raise Failed(f"{task_definition} names its image without a tag: {app['image']}")
    return Revision(answer["taskDefinition"]["taskDefinitionArn"], tag, migrations)
