"""What runs in ECS: a service, its task definition, how its last deployment ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.operations.account import Account


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
        ecs = self._account.client("ecs")
        cluster = self._account.environment.slug
        found = ecs.describe_services(cluster=cluster, services=[self.name])["services"]
        active = [service for service in found if service.get("status") != "INACTIVE"]
        if not active:
            return None
        deployments = active[0].get("deployments", [])
        primary = next((d for d in deployments if d["status"] == "PRIMARY"), None)
        if primary is None:
            return None
        arn = primary["taskDefinition"]
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return Running(
            task_definition=arn,
            definition=definition,
            tag=self._tag(definition),
            rollout=str(primary.get("rolloutState", "")),
            running=int(primary.get("runningCount", 0)),
            desired=int(primary.get("desiredCount", 0)),
        )

    def last_deployment(self) -> Mapping[str, Any] | None:
        """Describe the newest service deployment; None when there was none."""
        ecs = self._account.client("ecs")
        cluster = self._account.environment.slug
        listed = ecs.list_service_deployments(cluster=cluster, service=self.name)
        deployments = listed.get("serviceDeployments", [])
        if not deployments:
            return None
        newest = max(deployments, key=lambda d: d["createdAt"])["serviceDeploymentArn"]
        told = ecs.describe_service_deployments(serviceDeploymentArns=[newest])
        found: list[Mapping[str, Any]] = told.get("serviceDeployments", [])
        return found[0] if found else None

    def _tag(self, definition: Mapping[str, Any]) -> str:
        """Find the tag of the service's own image among the containers."""
        for container in definition.get("containerDefinitions", []):
            repository, _, tag = str(container.get("image", "")).rpartition(":")
            if repository.partition("/")[2] == self.name:
                return tag
        return ""
