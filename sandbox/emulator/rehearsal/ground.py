"""The ground of one service's deployments: its tasks, target groups, listener rules and alarms."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from typing import Any

from sandbox.emulator.client import PATIENCE_SECONDS, client
from sandbox.emulator.own_calls import Caller
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.rehearsal.draining import DRAINING
from sandbox.emulator.rehearsal.lifecycle import TICK_SECONDS, StartError
from sandbox.emulator.rehearsal.records import Revision
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.emulator.rehearsal.tasks import RunningTask, Tasks

ALB = "ministack.services.alb"
Members = dict[str, Any]
HOST = "127.0.0.1"
ECS = "ecs.amazonaws.com"
# A function ends after fifteen minutes at the latest.
FUNCTION_SECONDS = 15 * 60 + 10
RULES = {"production": "productionListenerRule", "test": "testListenerRule"}

PATCHES.needs(ALB, "_targets", "_tgs")


class ServiceGround:
    """Runs the tasks of a service's revisions, registers them, and moves the traffic."""

    def __init__(self, caller: Caller, tasks: Tasks, settings: RehearsalSettings) -> None:
        """Begin without tasks."""
        self._caller, self._tasks, self._settings = caller, tasks, settings
        self._of: dict[str, list[RunningTask]] = {}

    def start(self, revision: Revision, count: int) -> None:
        """Bring a revision up to so many tasks, each healthy; raises StartError."""
        from ministack.core.responses import request_scope

        running = self._alive(revision)
        request = {
            "cluster": revision.cluster_arn,
            "taskDefinition": revision.task_definition,
            "count": max(0, count - len(running)),
            "group": f"service:{revision.service_arn.rpartition('/')[2]}",
            "startedBy": revision.arn.rpartition("/")[2],
            "launchType": revision.settings.get("launchType", "FARGATE"),
            "networkConfiguration": revision.settings.get("networkConfiguration", {}),
        }
        with request_scope(self._caller.account, self._caller.region):
            new = self._tasks.start(self._caller, request)
        self._of[revision.arn] = running + new
        deadline = time.monotonic() + self._settings.start_seconds
        for task in new:
            self._wait_until_healthy(task, self._health_path(revision), deadline)
            self._register(revision, task)
        self._count(revision)

    def scale(self, revision: Revision, count: int) -> None:
        """Have exactly so many tasks of the serving revision; raises StartError."""
        for task in self._alive(revision)[count:]:
            self._remove(revision, task, "Scaling activity initiated by deployment")
        self.start(revision, count)

    def stop(self, revision: Revision) -> None:
        """Take every task of a revision out of its target group, then stop it."""
        for task in self._of.pop(revision.arn, []):
            self._remove(revision, task, "Scaling activity initiated by deployment")
        self._count(revision)

    def shift(self, which: str, to: Revision, away_from: Revision | None) -> None:
        """Send all of a listener's traffic to a revision's target group."""
        groups = _groups(to)
        balancer = to.settings["loadBalancers"][0]
        rule = balancer["advancedConfiguration"][RULES[which]]
        _ = away_from  # its group is the other one, if it has one at all
        weights = [
            {"TargetGroupArn": group, "Weight": 100 if group == to.target_group else 0}
            for group in groups
        ]
        self._client("elbv2").modify_rule(
            RuleArn=rule,
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        )

    def in_alarm(self, names: Sequence[str]) -> list[str]:
        """Return which of the alarms are in ALARM, composite ones too."""
        if not names:
            return []
        told = self._client("cloudwatch").describe_alarms(
            AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms = [*told.get("MetricAlarms", []), *told.get("CompositeAlarms", [])]
        return [alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM"]

    def invoke(self, function: str, event: Members) -> tuple[Members, str]:
        """Call a Lambda function; return its answer and its error, if it ended with one."""
        told = self._client("lambda", FUNCTION_SECONDS).invoke(
            FunctionName=function, Payload=json.dumps(event).encode()
        )
        answer = json.loads(told["Payload"].read() or b"null")
        return answer, str(told.get("FunctionError", ""))

    def _client(self, service: str, patience_seconds: float = PATIENCE_SECONDS) -> Any:  # noqa: ANN401 - boto3
        from ministack.core.responses import request_scope

        with request_scope(self._caller.account, self._caller.region):
            return client(service, patience_seconds=patience_seconds, caller=ECS)

    def _health_path(self, revision: Revision) -> str:
        from ministack.core.responses import request_scope
        from ministack.services import alb

        with request_scope(self._caller.account, self._caller.region):
            return str(alb._tgs[revision.target_group].get("HealthCheckPath") or "/")

    def _wait_until_healthy(self, task: RunningTask, path: str, deadline: float) -> None:
        while time.monotonic() < deadline:
            if not task.is_running:
                why = task.record.get("stoppedReason", "")
                codes = [each.get("exitCode") for each in task.record["containers"]]
                raise StartError(f"task {_id(task)} stopped before it was healthy: {why} {codes}")
            if task.port and answers_health(task.port, path):
                return
            time.sleep(TICK_SECONDS)
        raise StartError(
            f"task {_id(task)} did not answer {path} within {self._settings.start_seconds:.0f} s"
        )

    def _register(self, revision: Revision, task: RunningTask) -> None:
        # Past RegisterTargets, which takes two tasks on one address for one.
        self._targets(revision).append({"Id": HOST, "Port": task.port})

    def _remove(self, revision: Revision, task: RunningTask, reason: str) -> None:
        def take_out() -> None:
            registered = self._targets(revision)
            registered[:] = [each for each in registered if each["Port"] != task.port]

        if task.port:
            DRAINING.out(task.port, take_out)
        self._tasks.stop(task.arn, reason)

    def _targets(self, revision: Revision) -> list[Members]:
        from ministack.core.responses import request_scope
        from ministack.services import alb

        with request_scope(self._caller.account, self._caller.region):
            found: list[Members] = alb._targets.setdefault(revision.target_group, [])
            return found

    def _alive(self, revision: Revision) -> list[RunningTask]:
        return [task for task in self._of.get(revision.arn, []) if task.is_running]

    def _count(self, revision: Revision) -> None:
        revision.running = len(self._alive(revision))


def _groups(revision: Revision) -> list[str]:
    """Return both target groups in the order in which they are declared."""
    balancer = revision.settings["loadBalancers"][0]
    return [
        balancer["targetGroupArn"],
        balancer["advancedConfiguration"]["alternateTargetGroupArn"],
    ]


def _id(task: RunningTask) -> str:
    return task.arn.rpartition("/")[2]


def answers_health(port: int, path: str) -> bool:
    """Whether a task answers 200 there."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
