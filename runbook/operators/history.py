"""What a service ran before: its deployments, their images, and the migrations each brought."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, code_of, words
from runbook.operations.services import EcsService, image_tag

UNDER_WAY = ("PENDING", "IN_PROGRESS")
GOING_BACK = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
SUCCESSFUL, WENT_BACK = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"
# How many deployments back who watches looks, and how many revisions ECS describes at once.
MOST = 20
# More than a service has in the 90 days that ECS keeps them.
EVERY = 100_000


@dataclass(frozen=True)
class Migrated:
    """What the gate did for one deployment: which files it applied, while which image served.

    ``unknown`` says why nobody can tell from here, such as work that failed half-way.
    """

    files: tuple[str, ...] = ()
    previous_image: str = ""
    snapshot: str = ""
    unknown: str = ""
    # No gate stands before the service: its migrations run by hand, and leave no trace here.
    ungated: bool = False


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
    # Whether its task definition can still be deployed; who deregistered it says no.
    active: bool = True
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
        # What never changes is asked once, however often somebody looks.
        self._revisions: dict[str, str] = {}
        self._definitions: dict[str, Mapping[str, Any]] = {}

    def newest_first(self, most: int = MOST) -> list[Past]:
        """List the latest deployments, at most so many."""
        described = self._service.described_deployments(most)
        self._learn({arn for each in described for arn in (_target(each), _source(each)) if arn})
        found = [self._past(each) for each in described]
        return sorted(found, key=lambda past: past.created, reverse=True)

    def tag_of(self, task_definition: str) -> str:
        """Read the image's tag of a task definition; empty where it runs another image."""
        return image_tag(self._definition(task_definition), self._service.name)

    def migrated(self, past: Past) -> Migrated:
        """Say what the gate did for a deployment, as far as it can be known.

        Who may not ask, or hears nothing, does not know; that holds up nobody who goes back.
        """
        if self._account.environment.services[self._key].gate is None:
            return Migrated(unknown="the service has no release gate", ungated=True)
        try:
            return self.told_by_the_gate(past)
        except (ClientError, BotoCoreError) as error:
            return Migrated(unknown=words(error))

    def told_by_the_gate(self, past: Past) -> Migrated:
        """Ask the gate's state machine what it did for a deployment; errors of AWS are raised."""
        environment = self._account.environment
        place = f"{environment.region}:{environment.account}"
        machine = f"{environment.slug}-{self._key}-migrate"
        arn = f"arn:aws:states:{place}:execution:{machine}:{past.id}"
        try:
            found = self._account.client("stepfunctions").describe_execution(executionArn=arn)
        except ClientError as error:
            # What serves already is let through without any work.
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            return Migrated()
        if found["status"] != "SUCCEEDED":
            return Migrated(unknown=f"its gate is {found['status']}")
        # States leaves out what is too long.
        state = json.loads(found.get("output") or "null")
        if not isinstance(state, dict):
            return Migrated(unknown="its gate does not tell what it did")
        return Migrated(
            files=tuple(state.get("files") or ()),
            previous_image=str(state.get("previous_image") or ""),
            snapshot=str(state.get("snapshot") or ""),
        )

    def _learn(self, revisions: set[str]) -> None:
        """Read which task definitions service revisions have, twenty at a time."""
        unknown = sorted(revisions - self._revisions.keys())
        for start in range(0, len(unknown), MOST):
            told = self._account.client("ecs").describe_service_revisions(
                serviceRevisionArns=unknown[start : start + MOST]
            )
            for each in told.get("serviceRevisions", []):
                self._revisions[each["serviceRevisionArn"]] = str(each["taskDefinition"])

    def _definition(self, arn: str) -> Mapping[str, Any]:
        if arn not in self._definitions:
            ecs = self._account.client("ecs")
            told = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            self._definitions[arn] = told
        return self._definitions[arn]

    def _past(self, deployment: Mapping[str, Any]) -> Past:
        target = self._revisions.get(_target(deployment), "")
        definition = self._definition(target) if target else {}
        return Past(
            arn=deployment["serviceDeploymentArn"],
            status=str(deployment.get("status", "")),
            stage=str(deployment.get("lifecycleStage", "")),
            created=deployment["createdAt"],
            task_definition=target,
            tag=image_tag(definition, self._service.name),
            source=self._revisions.get(_source(deployment), ""),
            reason=str(deployment.get("statusReason", "")),
            active=definition.get("status", "ACTIVE") == "ACTIVE",
            carries=tuple(self._revisions.get(arn, "") for arn in _carrying(deployment)),
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
