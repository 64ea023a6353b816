"""What a service ran before: its deployments, their images, and the migrations each brought."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runbook.operations.account import Account, code_of
from runbook.operations.services import EcsService, image_tag

UNDER_WAY = ("PENDING", "IN_PROGRESS")
GOING_BACK = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
SUCCESSFUL, WENT_BACK = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"
# How many deployments back; ECS keeps them for 90 days.
MOST = 20


@dataclass(frozen=True)
class Migrated:
    """What the gate did for one deployment: which files it applied, while which image served.

    ``known`` is false when nobody can tell from here: its work failed half-way.
    """

    files: tuple[str, ...] = ()
    previous_image: str = ""
    snapshot: str = ""
    known: bool = True


@dataclass(frozen=True)
class Past:
    """One deployment: the revision it brought, the one it came from, how it ended."""

    arn: str
    status: str
    stage: str
    created: datetime
    task_definition: str
    tag: str
    source: str
    reason: str
    # Task definitions that production traffic goes to; none where ECS does not weigh it.
    carries: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The last part of its ARN, which names the gate's execution, too."""
        return self.arn.rpartition("/")[2]


class History:
    """The deployments of one service; reads only."""

    def __init__(self, account: Account, key: str) -> None:
        self._account, self._key = account, key
        self._service = EcsService(account, key)
        self._ecs = account.client("ecs")

    def newest_first(self) -> list[Past]:
        """List the latest deployments."""
        described = self._described(self._arns())
        revisions = {arn for each in described for arn in (_target(each), _source(each)) if arn}
        definitions = self._task_definitions(revisions)
        tags = {arn: self.tag_of(arn) for arn in set(definitions.values())}
        found = [_past(each, definitions, tags) for each in described]
        return sorted(found, key=lambda past: past.created, reverse=True)

    def tag_of(self, task_definition: str) -> str:
        """Read the image's tag of a task definition that is still active; else nothing."""
        told = self._ecs.describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
        active = told.get("status", "ACTIVE") == "ACTIVE"
        return image_tag(told, self._service.name) if active else ""

    def migrated(self, past: Past) -> Migrated:
        """Ask the gate's state machine what it did for a deployment."""
        environment = self._account.environment
        place = f"{environment.region}:{environment.account}"
        machine = f"{environment.slug}-{self._key}-migrate"
        arn = f"arn:aws:states:{place}:execution:{machine}:{past.id}"
        try:
            found = self._account.client("stepfunctions").describe_execution(executionArn=arn)
        except ClientError as error:
            # What serves already is let through without any work.
            if code_of(error) == "ExecutionDoesNotExist":
                return Migrated()
            raise
        if found["status"] != "SUCCEEDED":
            return Migrated(known=False)
        state = json.loads(found["output"])
        return Migrated(
            files=tuple(state.get("files") or ()),
            previous_image=str(state.get("previous_image") or ""),
            snapshot=str(state.get("snapshot") or ""),
        )

    def _arns(self) -> list[str]:
        cluster = self._account.environment.slug
        listed = self._ecs.list_service_deployments(
            cluster=cluster, service=self._service.name, maxResults=MOST
        )
        return [each["serviceDeploymentArn"] for each in listed.get("serviceDeployments", [])]

    def _described(self, arns: Sequence[str]) -> list[Mapping[str, Any]]:
        if not arns:
            return []
        told = self._ecs.describe_service_deployments(serviceDeploymentArns=list(arns))
        return list(told.get("serviceDeployments", []))

    def _task_definitions(self, revisions: set[str]) -> dict[str, str]:
        """Map service revisions to their task definitions, twenty at a time."""
        listed = sorted(revisions)
        found: dict[str, str] = {}
        for start in range(0, len(listed), MOST):
            told = self._ecs.describe_service_revisions(
                serviceRevisionArns=listed[start : start + MOST]
            )
            found |= {
                each["serviceRevisionArn"]: str(each["taskDefinition"])
                for each in told.get("serviceRevisions", [])
            }
        return found


def _past(
    deployment: Mapping[str, Any], definitions: Mapping[str, str], tags: Mapping[str, str]
) -> Past:
    task_definition = definitions.get(_target(deployment), "")
    return Past(
        arn=deployment["serviceDeploymentArn"],
        status=str(deployment.get("status", "")),
        stage=str(deployment.get("lifecycleStage", "")),
        created=deployment["createdAt"],
        task_definition=task_definition,
        tag=tags.get(task_definition, ""),
        source=definitions.get(_source(deployment), ""),
        reason=str(deployment.get("statusReason", "")),
        carries=tuple(definitions.get(arn, "") for arn in _carrying(deployment)),
    )


def _carrying(deployment: Mapping[str, Any]) -> list[str]:
    revisions = [deployment.get("targetServiceRevision", {}), *_sources(deployment)]
    return [r["arn"] for r in revisions if (r.get("requestedProductionTrafficWeight") or 0) > 0]


def _sources(deployment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(deployment.get("sourceServiceRevisions", []))


def _target(deployment: Mapping[str, Any]) -> str:
    return str(deployment.get("targetServiceRevision", {}).get("arn", ""))


def _source(deployment: Mapping[str, Any]) -> str:
    """Name the revision that it replaces: the one with traffic, if there are several."""
    sources = _sources(deployment)
    carrying = [s for s in sources if (s.get("requestedProductionTrafficWeight") or 0) > 0]
    return str(next(iter(carrying or sources), {}).get("arn", ""))
