"""Service revisions and service deployments, as the API of ECS tells them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

Members = dict[str, Any]

IN_PROGRESS, SUCCESSFUL = "IN_PROGRESS", "SUCCESSFUL"
ROLLBACK_REQUESTED, ROLLING_BACK = "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"
ROLLED_BACK, ROLLBACK_FAILED = "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"
FINISHED = (SUCCESSFUL, ROLLED_BACK, ROLLBACK_FAILED)


def new_id() -> str:
    """Return an id as ECS gives them to revisions and deployments."""
    return uuid.uuid4().hex[:20]


@dataclass
class Revision:
    """One revision of a service: its task definition, and the target group of its colour."""

    arn: str
    service_arn: str
    cluster_arn: str
    task_definition: str
    target_group: str
    settings: Members
    created: float = field(default_factory=time.time)
    wanted: int = 0
    running: int = 0

    def described(self) -> Members:
        """Return what DescribeServiceRevisions tells of it."""
        balancers = self.settings.get("loadBalancers", [])
        return {
            "serviceRevisionArn": self.arn,
            "serviceArn": self.service_arn,
            "clusterArn": self.cluster_arn,
            "taskDefinition": self.task_definition,
            **self.settings,
            "resolvedConfiguration": {
                "loadBalancers": [
                    {
                        "targetGroupArn": self.target_group,
                        "productionListenerRule": rules["productionListenerRule"],
                    }
                    for balancer in balancers
                    if (rules := balancer.get("advancedConfiguration"))
                ]
            },
            "createdAt": self.created,
        }


@dataclass
class Weights:
    """The share of each listener's traffic that revisions get, in per cent."""

    test: dict[str, float] = field(default_factory=dict)
    production: dict[str, float] = field(default_factory=dict)

    def of(self, revision: Revision) -> Members:
        """Return a revision's summary, as deployments and services show it."""
        return {
            "arn": revision.arn,
            "requestedTaskCount": revision.wanted,
            "runningTaskCount": revision.running,
            "pendingTaskCount": max(0, revision.wanted - revision.running),
            "requestedTestTrafficWeight": self.test.get(revision.arn, 0.0),
            "requestedProductionTrafficWeight": self.production.get(revision.arn, 0.0),
        }


@dataclass
class DeploymentRecord:
    """One service deployment; `configuration` is the one it began with."""

    arn: str
    target: Revision
    source: Revision | None
    configuration: Members
    weights: Weights
    status: str = IN_PROGRESS
    reason: str = ""
    stage: str = "RECONCILE_SERVICE"
    stages: list[str] = field(default_factory=list)
    hooks: dict[str, Members] = field(default_factory=dict)
    watched: list[str] = field(default_factory=list)
    triggered: list[str] = field(default_factory=list)
    rollback: Members = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    finished: float | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in FINISHED

    @property
    def _watching(self) -> str:
        if not self.watched:
            return "DISABLED"
        if self.triggered:
            return "TRIGGERED"
        return "MONITORING_COMPLETE" if self.is_finished else "MONITORING"

    def enter(self, stage: str) -> None:
        """Begin a stage."""
        self.stage, self.updated, self.hooks = stage, time.time(), {}
        self.stages.append(stage)

    def end(self, status: str, reason: str) -> None:
        """Be finished."""
        self.status, self.reason = status, reason
        self.updated = self.finished = time.time()

    def brief(self) -> Members:
        """Return what ListServiceDeployments tells of it."""
        told = {
            "serviceDeploymentArn": self.arn,
            "serviceArn": self.target.service_arn,
            "clusterArn": self.target.cluster_arn,
            "createdAt": self.created,
            "startedAt": self.created,
            "targetServiceRevisionArn": self.target.arn,
            "status": self.status,
            "statusReason": self.reason,
        }
        return told | ({"finishedAt": self.finished} if self.finished else {})

    def described(self) -> Members:
        """Return what DescribeServiceDeployments tells of it."""
        told = self.brief()
        del told["targetServiceRevisionArn"]
        alarms = self.configuration.get("alarms") or {}
        told |= {
            "updatedAt": self.updated,
            "sourceServiceRevisions": [self.weights.of(self.source)] if self.source else [],
            "targetServiceRevision": self.weights.of(self.target),
            "lifecycleStage": self.stage,
            "lifecycleHookDetails": list(self.hooks.values()),
            "deploymentConfiguration": self.configuration,
        }
        if alarms.get("enable"):
            told["alarms"] = {
                "status": self._watching,
                "alarmNames": alarms.get("alarmNames", []),
                "triggeredAlarmNames": self.triggered,
            }
        return told | ({"rollback": self.rollback} if self.rollback else {})
