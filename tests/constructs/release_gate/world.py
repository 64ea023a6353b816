"""A small world for the gate: moto's RDS, SSM and logs, an ECS in memory, and faults between.

moto knows neither service revisions nor service deployments, and runs no task.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import boto3
from botocore.exceptions import ClientError, ReadTimeoutError

from runbook.model.gate import Gate
from runbook_constructs.release_gate.handler import hook, steps, surroundings
from runbook_constructs.release_gate.state_machine import definition
from tests.constructs.release_gate.states_language import Execution, StateError

Json = dict[str, Any]
PLACE = "us-east-2:111122223333"
NAME, KEY, CLUSTER = "rovn-passport-api", "passport-api", "rovn-production"
SERVICE = f"arn:aws:ecs:{PLACE}:service/{CLUSTER}/{NAME}"
FAMILY = f"arn:aws:ecs:{PLACE}:task-definition/{NAME}"
MACHINE = f"{CLUSTER}-{KEY}-migrate"
EXECUTIONS = f"arn:aws:states:{PLACE}:execution:{MACHINE}"
STEPS = f"arn:aws:lambda:{PLACE}:function:{MACHINE}-steps"
FREEZE, DATABASE, LOG_GROUP = "/rovn/production/release-freeze", "db", f"/ecs/{NAME}-migrations"
GATE = Gate(snapshot_minutes=60, migration_minutes=30, timeout_minutes=120, probe_seconds=30)
SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-2",
    "CLUSTER_ARN": f"arn:aws:ecs:{PLACE}:cluster/{CLUSTER}",
    "COMMAND": "python\n-m\nmigrations",
    "DATABASE": DATABASE,
    "EXECUTION_ARN": EXECUTIONS,
    "FREEZE_PARAMETER": FREEZE,
    "LOG_GROUP": LOG_GROUP,
    "MIGRATIONS_FAMILY_ARN": f"{FAMILY}-migrations",
    "SECURITY_GROUP": "sg-1",
    "SERVICE_ARN": SERVICE,
    "SERVICE_KEY": KEY,
    "SERVICE_NAME": NAME,
    "STATE_MACHINE_ARN": f"arn:aws:states:{PLACE}:stateMachine:{MACHINE}",
    "SUBNETS": "subnet-1,subnet-2",
}


class CrashedError(BaseException):
    """The process is gone; no handler can catch it."""


@dataclass
class Migration:
    """A file of an image."""

    file: str
    readable: bool = True
    breaks: bool = False


@dataclass
class Fault:
    """What happens at the ``number``-th call of an operation, or from it on for good."""

    operation: str
    number: int
    kind: str
    lasting: bool = False

    def hits(self, operation: str, number: int) -> bool:
        """Whether it happens to this call."""
        later = self.lasting and number > self.number
        return operation == self.operation and (number == self.number or later)

    def before(self, service: str, operation: str) -> None:
        """Break the call off before it has an effect."""
        codes = {
            "aws error": ("AccessDeniedException", 400),
            "server error": ("InternalError", 500),
            "throttled": ("ThrottlingException", 400),
        }
        if self.kind in codes:
            code, status = codes[self.kind]
            raise _client_error(code, operation, status)
        if self.kind == "timed out":
            raise ReadTimeoutError(endpoint_url=service)
        if self.kind == "crash before":
            raise CrashedError

    def after(self, done: Json, service: str) -> Json | None:
        """Change what comes back from the call; None to have it called again."""
        if self.kind == "crash after":
            raise CrashedError
        if self.kind == "lost response":
            raise ReadTimeoutError(endpoint_url=service)
        if self.kind == "stuck":
            return {"tasks": [done["tasks"][0] | {"lastStatus": "RUNNING"}]}
        if self.kind == "creating":
            return {"DBSnapshots": [done["DBSnapshots"][0] | {"Status": "creating"}]}
        assert self.kind == "twice"
        return None


@dataclass
class World:
    """Everything outside the gate's code; ``calls`` lists what that code asked for."""

    fault: Fault | None = None
    serving: str | None = None
    images: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[Migration]] = field(default_factory=dict)
    ledger: list[Json] = field(default_factory=list)
    deployments: dict[str, Json] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, Json] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    runs: list[Json] = field(default_factory=list)
    silent_logs: bool = False
    twice: str | None = None

    def __post_init__(self) -> None:
        self._numbers, self._seconds = count(1), count(1)

    # --- what tests say ---

    def image(self, number: int, tag: str, *files: Migration) -> str:
        """Register revision ``number`` of the service, of an image with these files."""
        self.images[f"{FAMILY}:{number}"] = tag
        self.files[tag] = list(files)
        return f"{FAMILY}:{number}"

    def begin(self, task_definition: str) -> Json:
        """Begin a deployment; returns the event that ECS calls the hooks with."""
        number = next(self._numbers)
        target = f"{SERVICE.replace(':service/', ':service-revision/')}/{number}"
        arn = f"{SERVICE.replace(':service/', ':service-deployment/')}/dep{number}"
        self.revisions[target] = task_definition
        sources = [arn for arn, of in self.revisions.items() if of == self.serving]
        self.deployments[arn] = {
            "serviceDeploymentArn": arn,
            "status": "IN_PROGRESS",
            "targetServiceRevision": {"arn": target},
            "sourceServiceRevisions": [
                {"arn": s, "runningTaskCount": 3, "requestedProductionTrafficWeight": 100.0}
                for s in sources[:1]
            ],
        }
        return {
            "executionDetails": {
                "testTrafficWeights": {},
                "productionTrafficWeights": {},
                "serviceArn": SERVICE,
                "targetServiceRevisionArn": target,
            },
            "executionId": "e1",
            "lifecycleStage": "PRE_SCALE_UP",
            "resourceArn": arn,
        }

    def deploy(self, task_definition: str) -> Json:
        """Deploy as ECS does: ask until the answer is final, and follow it."""
        event = self.begin(task_definition)
        for _ in range(10):
            answer = self.ask(event)
            if answer["hookStatus"] != "IN_PROGRESS":
                break
            for execution in list(self.executions.values()):
                if execution.status == "RUNNING":
                    execution.run()
        else:
            raise AssertionError("the hook never came to an end")
        passed = answer["hookStatus"] == "SUCCEEDED"
        deployment = self.deployments[event["resourceArn"]]
        deployment["status"] = "SUCCESSFUL" if passed else "ROLLBACK_SUCCESSFUL"
        if passed:
            self.serving = task_definition
        return answer

    def ask(self, event: Json) -> Json:
        """Call the hook as ECS does: a function that fails is a FAILED."""
        try:
            if self.twice == "hook":
                hook.handler(json.loads(json.dumps(event)), None)
            return hook.handler(json.loads(json.dumps(event)), None)
        except CrashedError:
            return {"hookStatus": "FAILED", "hookDetails": {"why": "crashed"}}

    # --- what the gate's code sees ---

    def now(self) -> datetime:
        """Tell the time: no two deployments begin in one second."""
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=next(self._seconds))

    def client(self, service: str, **_: object) -> "Faulty":
        """Stand in for ``boto3.client``."""
        if service in ("ecs", "stepfunctions"):
            return Faulty(
                self, service, {"ecs": _Ecs, "stepfunctions": _StepFunctions}[service](self)
            )
        return Faulty(self, service, self.moto(service))

    def moto(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Get a client of moto's, past every fault."""
        return moto_client(service)

    def invoke(self, function: str, payload: Json) -> Json:
        """Run the steps' function as Step Functions does: an exception is an error by its class."""
        assert function == STEPS
        try:
            if self.twice == payload["step"]:
                steps.handler(json.loads(json.dumps(payload)), None)
            return steps.handler(payload, None)
        except CrashedError as crash:
            raise StateError("Lambda.Unknown", "the process exited") from crash
        except Exception as error:
            raise StateError(type(error).__name__, str(error)) from error

    @property
    def snapshots(self) -> list[Json]:
        """List what RDS has."""
        found = self.moto("rds").describe_db_snapshots(
            DBInstanceIdentifier=DATABASE, SnapshotType="manual"
        )
        return list(found["DBSnapshots"])

    def tasks_to(self, what: str) -> list[Json]:
        """List the tasks that ran ``pending``, ``apply`` or ``check``."""
        return [task for task in self.tasks.values() if task["what"] == what]


class Faulty:
    """A client between the gate's code and the world, in which one call goes wrong."""

    def __init__(self, world: World, service: str, real: Any) -> None:  # noqa: ANN401
        self._world, self._service, self._real = world, service, real
        self.exceptions = real.exceptions

    def __getattr__(self, operation: str) -> Callable[..., Json]:
        def call(**arguments: object) -> Json:
            return self._called(operation, arguments)

        return call

    def _called(self, operation: str, arguments: Json) -> Json:
        world = self._world
        world.calls.append((self._service, operation))
        number = [called for _, called in world.calls].count(operation)
        fault = world.fault
        if fault is None or not fault.hits(operation, number):
            return dict(getattr(self._real, operation)(**arguments))
        fault.before(self._service, operation)
        done = dict(getattr(self._real, operation)(**arguments))
        return fault.after(done, self._service) or dict(getattr(self._real, operation)(**arguments))


class _Ecs:
    exceptions = None

    def __init__(self, world: World) -> None:
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
            code, report = _migrations(world, tag, what, previous)
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


class _StepFunctions:
    exceptions = None

    def __init__(self, world: World) -> None:
        self._world = world

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Json:  # noqa: A002, N803
        assert stateMachineArn == SETTINGS["STATE_MACHINE_ARN"]
        world, arn = self._world, f"{EXECUTIONS}:{name}"
        found = world.executions.get(arn)
        if found is None:
            plan = definition(STEPS, GATE)
            world.executions[arn] = Execution(plan, json.loads(input), world.invoke)
        elif found.status != "RUNNING" or found.given != json.loads(input):
            raise _client_error("ExecutionAlreadyExists", "StartExecution", 400)
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> Json:  # noqa: N803
        found = self._world.executions.get(executionArn)
        if found is None:
            raise _client_error("ExecutionDoesNotExist", "DescribeExecution", 400)
        told = {"status": found.status, "input": json.dumps(found.given)}
        return told | ({"error": found.error, "cause": found.cause} if found.error else {})


def _migrations(world: World, tag: str, what: str, previous: str) -> tuple[int, Json]:
    """Do what ``python -m migrations`` does, on the ledger in memory."""
    own = [m.file for m in world.files[tag]]
    applied = [entry["file"] for entry in world.ledger]
    pending = [m for m in world.files[tag] if m.file not in applied]
    head = {"schema": 1, "image": tag}
    if what == "pending":
        return 0, head | {
            "pending": [
                {"file": m.file, "previous_image_can_read": m.readable, "phi_columns": []}
                for m in pending
            ],
            "ahead": [entry for entry in world.ledger if entry["file"] not in own],
            "problems": [],
        }
    if what == "check":
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


def _client_error(code: str, operation: str, status: int) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": f"{code} at {operation}"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)


@cache
def moto_client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """Make a client once for all tests; moto begins each of them with an empty account."""
    session = boto3.session.Session()
    return session.client(service, region_name="us-east-2")  # type: ignore[call-overload]


def lines_of(text: str) -> Iterator[Json]:
    """Read what the journal wrote."""
    for line in text.splitlines():
        yield json.loads(line)


def forget_clients() -> None:
    """Make the gate's code ask for its clients again."""
    surroundings.client.cache_clear()
