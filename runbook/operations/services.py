"""What runs in ECS: a service, its task definition, how its last deployment ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.operations.account import Account

# In the app's revision (constructs/runbook_constructs/task_definition.py).
_PAIRED = "runbook.migrations-task-definition"
# So many deployments ECS describes in one call.
_AT_ONCE = 20


@dataclass(frozen=True)
class Running:
    """The primary deployment of a service."""

    task_definition: str
    definition: Mapping[str, Any]
    tag: str
    rollout: str
    running: int
    desired: int


class EcsService:
    """One service of the environment's cluster, read only."""

    def __init__(self, account: Account, key: str) -> None:
        self._account = account
        self._model = account.environment.services[key]

    @property
    def name(self) -> str:
        """As ECS knows it."""
        return self._model.name

    @property
    def events(self) -> str:
        """The command that shows what ECS says of it."""
        cluster = self._account.environment.slug
        query = "--query 'services[0].events[:9]'"
        return f"aws ecs describe-services --cluster {cluster} --services {self.name} {query}"

    def running(self) -> Running | None:
        """Describe the primary deployment; None when there is no such service."""
        service = self._described()
        deployments = service.get("deployments", []) if service else []
        primary = next((d for d in deployments if d["status"] == "PRIMARY"), None)
        if primary is None:
            return None
        arn = primary["taskDefinition"]
        ecs = self._account.client("ecs")
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return Running(
            task_definition=arn,
            definition=definition,
            tag=image_tag(definition, self.name),
            rollout=str(primary.get("rolloutState", "")),
            running=int(primary.get("runningCount", 0)),
            desired=int(primary.get("desiredCount", 0)),
        )

    def alarm_names(self) -> list[str]:
        """Name the alarms that end a deployment of the service."""
        configuration = (self._described() or {}).get("deploymentConfiguration", {})
        alarms = configuration.get("alarms", {})
        return list(alarms.get("alarmNames", [])) if alarms.get("enable") else []

    def subnets(self) -> list[str]:
        """Name the subnets of its tasks."""
        network = (self._described() or {}).get("networkConfiguration", {})
        return list(network.get("awsvpcConfiguration", {}).get("subnets", []))

    def _described(self) -> Mapping[str, Any] | None:
        ecs = self._account.client("ecs")
        cluster = self._account.environment.slug
        found = ecs.describe_services(cluster=cluster, services=[self.name])["services"]
        return next((each for each in found if each.get("status") != "INACTIVE"), None)

    def listed_deployments(self) -> list[str]:
        """Name its service deployments, the newest first; ECS keeps them for 90 days."""
        ecs = self._account.client("ecs")
        asked = {"cluster": self._account.environment.slug, "service": self.name}
        page = ecs.list_service_deployments(**asked)
        found = list(page.get("serviceDeployments", []))
        # ECS promises no order, and boto3 has no pages for it.
        while page.get("nextToken"):
            page = ecs.list_service_deployments(**asked, nextToken=page["nextToken"])
            found += page.get("serviceDeployments", [])
        newest_first = sorted(found, key=lambda each: each["createdAt"], reverse=True)
        return [str(each["serviceDeploymentArn"]) for each in newest_first]

    def described_deployments(self, most: int) -> list[Mapping[str, Any]]:
        """Describe its newest service deployments, at most so many."""
        arns, ecs = self.listed_deployments()[:most], self._account.client("ecs")
        found: list[Mapping[str, Any]] = []
        for start in range(0, len(arns), _AT_ONCE):
            told = ecs.describe_service_deployments(
                serviceDeploymentArns=arns[start : start + _AT_ONCE]
            )
            found += told.get("serviceDeployments", [])
        return found

    def last_deployment(self) -> Mapping[str, Any] | None:
        """Describe the newest service deployment; None when there was none."""
        return next(iter(self.described_deployments(1)), None)


def paired_migrations(definition: Mapping[str, Any]) -> str:
    """Name the revision that migrates the schema for a revision; empty when it names none."""
    labels = [c.get("dockerLabels", {}) for c in definition.get("containerDefinitions", [])]
    return next((str(found[_PAIRED]) for found in labels if _PAIRED in found), "")


def image_tag(definition: Mapping[str, Any], name: str) -> str:
    """Find the tag of the service's own image among the containers; empty when it has none."""
    for container in definition.get("containerDefinitions", []):
        repository, _, tag = str(container.get("image", "")).rpartition(":")
        if repository.partition("/")[2] == name:
            return tag
    return ""
