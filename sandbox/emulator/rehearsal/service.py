"""One service in a rehearsal: its revisions, its deployments, and what DescribeServices tells."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Protocol

from sandbox.emulator.rehearsal.announcements import (
    deployment_began,
    deployment_ended,
    deployment_goes_back,
    deployment_id,
)
from sandbox.emulator.rehearsal.lifecycle import Ground, Lifecycle, StartError
from sandbox.emulator.rehearsal.records import (
    SUCCESSFUL,
    DeploymentRecord,
    Revision,
    Weights,
    new_id,
)
from sandbox.emulator.rehearsal.settings import RehearsalSettings

Members = dict[str, Any]
# Of a service, what a revision keeps.
KEPT = ("launchType", "platformVersion", "loadBalancers", "networkConfiguration")
# DescribeServices' word for how a deployment goes.
ROLLOUT = {SUCCESSFUL: "COMPLETED"}


class ScalingGround(Ground, Protocol):
    """Ground on which the serving revision can be scaled, too."""

    def scale(self, revision: Revision, count: int) -> None:
        """Have exactly so many tasks of a revision; raises StartError."""


class RehearsedService:
    """Owns ministack's record of a service, and keeps it as ECS would show it."""

    def __init__(
        self,
        record: Members,
        ground: ScalingGround,
        invoke: Callable[[str, Members], Members],
        settings: RehearsalSettings,
    ) -> None:
        """Take over a service that has just been created."""
        self.record, self._ground = record, ground
        self._invoke, self._settings = invoke, settings
        self.revisions: list[Revision] = []
        self.deployments: list[DeploymentRecord] = []
        self.serving: Revision | None = None
        self._weights = Weights()
        self._running: tuple[Lifecycle, threading.Thread] | None = None
        self._lock, self._showing = threading.RLock(), threading.Lock()

    @property
    def name(self) -> str:
        """`<cluster>/<service>`, as in ARNs."""
        return str(self.record["serviceArn"]).partition(":service/")[2]

    def deploy(self, task_definition: str) -> DeploymentRecord:
        """Begin a deployment; one that is under way is stopped first."""
        with self._lock:
            self.stop_and_wait()
            target = self._revision(task_definition)
            record = DeploymentRecord(
                arn=f"{self._prefix('service-deployment')}/{new_id()}",
                target=target,
                source=self.serving,
                configuration=dict(self.record.get("deploymentConfiguration") or {}),
                weights=self._weights,
            )
            self.revisions.append(target)
            self.deployments.append(record)
            lifecycle = Lifecycle(
                record,
                self._ground,
                self._invoke,
                self._settings,
                wanted=int(self.record["desiredCount"]),
                going_back=deployment_goes_back,
                ending=self._ends,
            )
            thread = threading.Thread(target=self._run, args=(lifecycle,), daemon=True)
            self._running = (lifecycle, thread)
            self.show()
            deployment_began(record)
            thread.start()
            return record

    def scale(self, count: int) -> None:
        """Have another number of tasks; a deployment under way ends with its own number first."""
        with self._lock:
            self.record["desiredCount"] = count
            if not self.is_deploying:
                self._scale_serving()
            self.show()

    def stop(self, deployment: str) -> bool:
        """Ask a deployment to roll back; return whether it was under way."""
        running = self._running
        if running is None or running[0].record.arn != deployment:
            return False
        return running[0].stop()

    def stop_and_wait(self) -> None:
        """Stop what is under way and wait for its way back."""
        if self._running and self.is_deploying:
            self._running[0].stop()
        self.wait()

    def wait(self) -> DeploymentRecord | None:
        """Wait for the latest deployment's end and return it."""
        if self._running:
            self._running[1].join()
        return self.deployments[-1] if self.deployments else None

    def end(self) -> None:
        """Stop everything, as DeleteService does."""
        self.stop_and_wait()
        for revision in self.revisions:
            self._ground.stop(revision)

    @property
    def is_deploying(self) -> bool:
        """Whether a deployment is under way, what follows its end included."""
        return self._running is not None and self._running[1].is_alive()

    def show(self) -> None:
        """Write into ministack's record what DescribeServices must tell.

        Who looks and what ends may show it at once: the later look is the one that stays.
        """
        with self._showing:
            self._show()

    def _show(self) -> None:
        deployment = self.deployments[-1]
        shown = [self._shown(deployment.target, deployment)]
        source = deployment.source
        if source and source is not deployment.target and source.wanted:
            shown.append(self._shown(source, None))
        if deployment.is_finished and self.serving:
            shown = [self._shown(self.serving, deployment)]
        self.record.update(
            deployments=shown,
            taskDefinition=shown[0]["taskDefinition"],
            runningCount=sum(each["runningCount"] for each in shown),
            pendingCount=sum(each["pendingCount"] for each in shown),
            currentServiceRevisions=[
                self._weights.of(revision) for revision in self.revisions if revision.running
            ],
            currentServiceDeployment=None if deployment.is_finished else deployment.arn,
        )

    def _run(self, lifecycle: Lifecycle) -> None:
        lifecycle.run()
        self.show()

    def _ends(self, record: DeploymentRecord, status: str) -> None:
        if status == SUCCESSFUL:
            if self.serving:
                self.serving.wanted = 0
            self.serving = record.target
        self._scale_serving()
        deployment_ended(record, status, self.serving)

    def _scale_serving(self) -> None:
        if self.serving is None:
            return
        self.serving.wanted = int(self.record["desiredCount"])
        if self.serving.running != self.serving.wanted:
            # ECS would try again and again; here the counts tell that they differ.
            with contextlib.suppress(StartError):
                self._ground.scale(self.serving, self.serving.wanted)

    def _revision(self, task_definition: str) -> Revision:
        balancer = self.record["loadBalancers"][0]
        advanced = balancer["advancedConfiguration"]
        blue, green = balancer["targetGroupArn"], advanced["alternateTargetGroupArn"]
        taken = self.serving.target_group if self.serving else green
        return Revision(
            arn=f"{self._prefix('service-revision')}/{new_id()}",
            service_arn=self.record["serviceArn"],
            cluster_arn=self.record["clusterArn"],
            task_definition=task_definition,
            target_group=green if taken == blue else blue,
            settings={name: self.record[name] for name in KEPT if self.record.get(name)},
        )

    def _prefix(self, kind: str) -> str:
        return str(self.record["serviceArn"]).replace(":service/", f":{kind}/")

    def _shown(self, revision: Revision, deployment: DeploymentRecord | None) -> Members:
        state = "COMPLETED"
        if deployment and not deployment.is_finished:
            state = "IN_PROGRESS"
        return {
            "id": deployment_id(revision),
            "status": "PRIMARY" if deployment else "ACTIVE",
            "taskDefinition": revision.task_definition,
            "desiredCount": revision.wanted,
            "runningCount": revision.running,
            "pendingCount": max(0, revision.wanted - revision.running),
            "failedTasks": 0,
            "launchType": revision.settings.get("launchType", "FARGATE"),
            "createdAt": revision.created,
            "updatedAt": deployment.updated if deployment else revision.created,
            "rolloutState": state,
            "rolloutStateReason": deployment.reason if deployment else "",
        }
