"""The calls of ECS that a rehearsal answers: services that deploy, tasks that run."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.emulator.own_calls import Caller, RefusedError, answers
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.rehearsal.ground import ServiceGround
from sandbox.emulator.rehearsal.hooks import HookError
from sandbox.emulator.rehearsal.records import SUCCESSFUL, DeploymentRecord
from sandbox.emulator.rehearsal.service import RehearsedService
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.emulator.rehearsal.tasks import Tasks, public
from sandbox.emulator.services import ecs as declared

ECS = "ministack.services.ecs"
STACKS = "ministack.services.cloudformation.stacks"
Members = dict[str, Any]

PATCHES.needs(ECS, "_ACTION_MAP", "_clusters", "_finalize_ecs_response", "_services")


class Rehearsal:
    """Every service of this emulator that deploys blue/green, and every task."""

    def __init__(self, settings: RehearsalSettings) -> None:
        """Begin with neither services nor tasks."""
        self.settings = settings
        self.tasks = Tasks(settings)
        self.services: dict[str, RehearsedService] = {}

    def install(self) -> None:
        """Answer the calls from now on; before the emulator's patches are applied."""
        for name, call in {
            "CreateService": self.create,
            "UpdateService": self.update,
            "DeleteService": self.delete,
            "DescribeServices": self.describe,
            "RunTask": self.run_task,
            "StopTask": self.stop_task,
            "DescribeServiceRevisions": self.describe_revisions,
            "DescribeServiceDeployments": self.describe_deployments,
            "ListServiceDeployments": self.list_deployments,
            "StopServiceDeployment": self.stop_deployment,
        }.items():
            answers("ecs", name)(call)
        declared.SETTLED.append(self.settle)
        declared.SCALED.append(self.scale)

    # --- Services ---

    def create(self, caller: Caller, request: Members) -> Members:
        """Create a service; one that is blue/green begins its first deployment."""
        answer = _by_ministack(caller, "CreateService", request)
        record = _record(caller, answer["service"]["serviceArn"])
        if (record.get("deploymentConfiguration") or {}).get("strategy") != "BLUE_GREEN":
            return answer
        ground = ServiceGround(caller, self.tasks, self.settings)

        def invoke(function: str, event: Members) -> Members:
            try:
                told, error = ground.invoke(function, event)
            except (BotoCoreError, ClientError) as failure:
                raise HookError(str(failure)) from failure
            if error:
                raise HookError(f"{error} {told.get('errorType')}: {told.get('errorMessage')}")
            return told

        service = RehearsedService(record, ground, invoke, self.settings)
        self.services[record["serviceArn"]] = service
        service.deploy(record["taskDefinition"])
        return _shown(caller, record)

    def update(self, caller: Caller, request: Members) -> Members:
        """Change a service; another task definition, or force, is another deployment."""
        service = self._service(caller, request)
        if service is None:
            return _by_ministack(caller, "UpdateService", request)
        before = service.record["taskDefinition"]
        force = request.pop("forceNewDeployment", False)
        count = request.pop("desiredCount", None)
        answer = _by_ministack(caller, "UpdateService", request)
        wanted = answer["service"]["taskDefinition"]
        if count is not None:
            service.record["desiredCount"] = count
        # Back to what serves is a deployment, too, after one that failed: the harder case.
        after_failure = service.deployments[-1].status != SUCCESSFUL
        if wanted != before or force or ("taskDefinition" in request and after_failure):
            service.deploy(wanted)
        elif count is not None:
            service.scale(count)
        else:
            service.show()
        return _shown(caller, service.record)

    def describe(self, caller: Caller, request: Members) -> Members:
        """Describe services as they are now: tasks come and go while a deployment is under way."""
        for service in self._all():
            if service.is_deploying:
                service.show()
        return _by_ministack(caller, "DescribeServices", request)

    def delete(self, caller: Caller, request: Members) -> Members:
        """Delete a service with all its tasks."""
        service = self._service(caller, request)
        if service:
            service.end()
            del self.services[service.record["serviceArn"]]
        return _by_ministack(caller, "DeleteService", request)

    def scale(self, record: Members, count: int) -> bool:
        """Take over from autoscaling how many tasks a service has; return whether it is ours."""
        service = self.services.get(record["serviceArn"])
        if service and count != service.record["desiredCount"]:
            service.scale(count)
        return service is not None

    def settle(self, arn: str) -> None:
        """Wait for a service as CloudFormation does; raises RuntimeError if it did not deploy."""
        service = self.services.get(arn)
        deployment = service.wait() if service else None
        if deployment and deployment.status != SUCCESSFUL:
            raise RuntimeError(
                f"Service deployment {deployment.status}: {deployment.reason} "
                f"(stage {deployment.stage})"
            )

    # --- Tasks ---

    def run_task(self, caller: Caller, request: Members) -> Members:
        """Start tasks as local processes."""
        with _scope(caller):
            return self.tasks.run(caller, request)

    def stop_task(self, caller: Caller, request: Members) -> Members:
        """Stop a task and wait until it has gone."""
        with _scope(caller):
            task = self.tasks.found(str(request["task"]))
            if task is None:
                raise RefusedError("InvalidParameterException", "The task was not found.")
            self.tasks.stop(task.arn, str(request.get("reason", "Task stopped by user")))
            return {"task": public(task.record)}

    # --- Revisions and deployments ---

    def describe_revisions(self, _caller: Caller, request: Members) -> Members:
        """Describe revisions by ARN; unknown ones are failures."""
        known = {each.arn: each for service in self._all() for each in service.revisions}
        return _found("serviceRevisions", request["serviceRevisionArns"], known)

    def describe_deployments(self, _caller: Caller, request: Members) -> Members:
        """Describe deployments by ARN; unknown ones are failures."""
        return _found("serviceDeployments", request["serviceDeploymentArns"], self._deployments())

    def list_deployments(self, caller: Caller, request: Members) -> Members:
        """List a service's deployments, the latest first."""
        service = self._service(caller, request)
        if service is None:
            raise RefusedError("ServiceNotFoundException", "Service not found.")
        wanted, created = request.get("status") or [], request.get("createdAt") or {}
        after, before = created.get("after", 0), created.get("before", float("inf"))
        return {
            "serviceDeployments": [
                deployment.brief()
                for deployment in reversed(service.deployments)
                if (not wanted or deployment.status in wanted)
                and after <= deployment.created <= before
            ]
        }

    def stop_deployment(self, _caller: Caller, request: Members) -> Members:
        """Roll a deployment back; ABORT is not rehearsed."""
        arn = str(request["serviceDeploymentArn"])
        if request.get("stopType", "ROLLBACK") != "ROLLBACK":
            raise RefusedError("UnsupportedFeatureException", "The rehearsal knows ROLLBACK only.")
        if arn not in self._deployments():
            raise RefusedError("ServiceDeploymentNotFoundException", f"{arn} was not found.")
        if not any(service.stop(arn) for service in self._all()):
            raise RefusedError("ConflictException", f"{arn} is not in progress.")
        return {"serviceDeploymentArn": arn}

    def _all(self) -> list[RehearsedService]:
        return list(self.services.values())

    def _deployments(self) -> dict[str, DeploymentRecord]:
        return {each.arn: each for service in self._all() for each in service.deployments}

    def _service(self, caller: Caller, request: Members) -> RehearsedService | None:
        """Find the service that a request means, in the cluster that it means."""
        cluster, reference = _cluster(caller, request), str(request["service"])
        for arn, service in self.services.items():
            here = arn.startswith(caller.arn("ecs", f"service/{cluster}/"))
            if here and reference in (arn, service.record["serviceName"]):
                return service
        return None


def _cluster(caller: Caller, request: Members) -> str:
    """Name the cluster of a request: the one called `default` if it names none."""
    from ministack.services import ecs

    name = str(request.get("cluster") or "default").rpartition("/")[2]
    with _scope(caller):
        if name not in ecs._clusters:
            raise RefusedError("ClusterNotFoundException", "Cluster not found.")
    return name


def _found(
    name: str, arns: list[str], known: dict[str, DeploymentRecord] | dict[str, Any]
) -> Members:
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return {name: [known[arn].described() for arn in arns if arn in known], "failures": missing}


def _scope(caller: Caller) -> Any:  # noqa: ANN401 - ministack's context manager
    from ministack.core.responses import request_scope

    return request_scope(caller.account, caller.region)


def _by_ministack(caller: Caller, action: str, request: Members) -> Members:
    from ministack.services import ecs

    with _scope(caller):
        status, _, body = ecs._finalize_ecs_response(ecs._ACTION_MAP[action](request))
    answer: Members = json.loads(body)
    if status != 200:
        raise RefusedError(answer["__type"], answer["message"])
    return answer


def _record(caller: Caller, arn: str) -> Members:
    from ministack.services import ecs

    with _scope(caller):
        record: Members = ecs._services[arn.partition(":service/")[2]]
    return record


def _shown(caller: Caller, record: Members) -> Members:
    with _scope(caller):
        return {"service": public(record)}


@PATCHES.wrap(STACKS, "_sends_back_failed_update", parameters=("resource_type",))
def sends_back_failed_update(original: Function, resource_type: str) -> bool:
    """Send a service back to its old properties when its own update failed: CloudFormation does."""
    return resource_type == "AWS::ECS::Service" or bool(original(resource_type))
