"""ECS and Step Functions in memory, as much of them as the gate asks for."""

import json
import time
from typing import TYPE_CHECKING, Any

from runbook_constructs.release_gate.state_machine import definition
from tests.constructs.release_gate.faults import client_error
from tests.constructs.release_gate.places import (
    CLUSTER,
    EXECUTIONS,
    FAMILY,
    GATE,
    KEY,
    LOG_GROUP,
    NAME,
    PLACE,
    SERVICE,
    SETTINGS,
    STEPS,
)
from tests.constructs.release_gate.states_language import Execution

if TYPE_CHECKING:
    from tests.constructs.release_gate.world import World

Json = dict[str, Any]


class Ecs:
    """Deployments, revisions, task definitions and one-off tasks, which run at once."""

    exceptions = None

    def __init__(self, world: "World") -> None:
        self._world = world

    def describe_service_deployments(self, *, serviceDeploymentArns: list[str]) -> Json:  # noqa: N803
        known = self._world.deployments
        return {"serviceDeployments": [known[a] for a in serviceDeploymentArns if a in known]}

    def describe_service_revisions(self, *, serviceRevisionArns: list[str]) -> Json:  # noqa: N803
        known = self._world.revisions
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": known[arn]}
                for arn in serviceRevisionArns
                if arn in known
            ]
        }

    def describe_services(self, *, cluster: str, services: list[str]) -> Json:
        assert (cluster, services) == (SETTINGS["CLUSTER_ARN"], [SERVICE])
        running = [arn for arn, of in self._world.revisions.items() if of == self._world.serving]
        return {
            "services": [
                {"currentServiceRevisions": [{"arn": a, "runningTaskCount": 3} for a in running]}
            ]
        }

    def describe_task_definition(self, *, taskDefinition: str) -> Json:  # noqa: N803
        tag = self._world.images[taskDefinition]
        number = taskDefinition.rpartition(":")[2]
        return {
            "taskDefinition": {
                "taskDefinitionArn": taskDefinition,
                "containerDefinitions": [
                    {"name": "collector", "image": "public/otel:v1"},
                    {
                        "name": KEY,
                        "image": f"111122223333.dkr.ecr.us-east-2.amazonaws.com/{NAME}:{tag}",
                        "dockerLabels": {
                            "runbook.migrations-task-definition": f"{FAMILY}-migrations:{number}"
                        },
                    },
                ],
            }
        }

    def run_task(self, **given: Any) -> Json:  # noqa: ANN401 - as boto3 takes it
        world, token = self._world, given["clientToken"]
        arn = f"arn:aws:ecs:{PLACE}:task/{CLUSTER}/{token}"
        if arn not in world.tasks:
            world.runs.append(given)
            (override,) = given["overrides"]["containerOverrides"]
            what = override.get("command", ["--apply"])[-1].removeprefix("--")
            (previous,) = [
                e["value"] for e in override["environment"] if e["name"] == "PREVIOUS_IMAGE"
            ]
            number = given["taskDefinition"].rpartition(":")[2]
            tag = world.images[f"{FAMILY}:{number}"]
            code, report = migrations(world, tag, what, previous)
            world.tasks[arn] = {"what": what, "code": code, "looks": 0, "report": report}
        return {"tasks": [{"taskArn": arn, "lastStatus": "PROVISIONING"}], "failures": []}

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> Json:
        assert cluster == SETTINGS["CLUSTER_ARN"]
        (arn,) = tasks
        task = self._world.tasks[arn]
        task["looks"] += 1
        if task["looks"] < 2:
            return {"tasks": [{"taskArn": arn, "lastStatus": "RUNNING", "containers": []}]}
        self._log(arn, task)
        containers = [{"name": "migrations", "exitCode": task["code"]}]
        return {"tasks": [{"taskArn": arn, "lastStatus": "STOPPED", "containers": containers}]}

    def _log(self, arn: str, task: Json) -> None:
        if task.get("logged") or self._world.silent_logs:
            return
        logs, stream = self._world.moto("logs"), f"migrations/migrations/{arn.rpartition('/')[2]}"
        logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
        lines = ["connecting", json.dumps(task["report"])]
        now = int(time.time() * 1000)
        logs.put_log_events(
            logGroupName=LOG_GROUP,
            logStreamName=stream,
            logEvents=[{"timestamp": now + n, "message": line} for n, line in enumerate(lines)],
        )
        task["logged"] = True


class StepFunctions:
    """Executions of the gate's own definition."""

    exceptions = None

    def __init__(self, world: "World") -> None:
        self._world = world

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Json:  # noqa: A002, N803
        assert stateMachineArn == SETTINGS["STATE_MACHINE_ARN"]
        world, arn = self._world, f"{EXECUTIONS}:{name}"
        found = world.executions.get(arn)
        if found is None:
            plan = definition(STEPS, GATE)
            world.executions[arn] = Execution(plan, json.loads(input), world.invoke)
        elif found.status != "RUNNING" or found.given != json.loads(input):
            raise client_error("ExecutionAlreadyExists", "StartExecution", 400)
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> Json:  # noqa: N803
        found = self._world.executions.get(executionArn)
        if found is not None and self._world.unknown_for:
            self._world.unknown_for -= 1
            found = None
        if found is None:
            raise client_error("ExecutionDoesNotExist", "DescribeExecution", 400)
        told = {"status": found.status, "input": json.dumps(found.given)}
        ended = {"error": found.error, "cause": found.cause}
        return told | {name: said for name, said in ended.items() if said}


def migrations(world: "World", tag: str, what: str, previous: str) -> tuple[int, Json]:
    """Do what ``python -m migrations`` does, on the ledger in memory; ``previous`` serves."""
    own = [m.file for m in world.files[tag]]
    applied = [entry["file"] for entry in world.ledger]
    pending = [m for m in world.files[tag] if m.file not in applied]
    head = {"schema": 1, "image": tag}
    if what == "pending":
        return 0, head | {
            "pending": [
                {
                    "file": m.file,
                    "previous_image_can_read": m.readable,
                    "timeout_seconds": m.timeout_seconds,
                    "phi_columns": [],
                }
                for m in pending
            ],
            "ahead": [entry for entry in world.ledger if entry["file"] not in own],
            "beside": [
                entry
                for entry in world.ledger
                if previous and entry["previous_image"] == previous != entry["image"]
            ],
            "problems": [],
        }
    if what == "check":
        if world.broken:
            problems = [{"file": "", "what": world.broken, "do": "Write a migration."}]
            return 3, head | {"ok": False, "applied": len(applied), "problems": problems}
        return 0, head | {"ok": not pending, "applied": len(applied), "problems": []}
    done: list[str] = []
    for migration in pending:
        if migration.breaks:
            return 4, head | {"applied": done, "already": len(applied)}
        world.ledger.append(
            {
                "file": migration.file,
                "image": tag,
                "previous_image": previous,
                "previous_image_can_read": migration.readable,
            }
        )
        done.append(migration.file)
    return 0, head | {"applied": done, "already": len(applied)}
