"""A small world for the gate: moto's RDS, SSM and logs, an ECS in memory, and faults between.

moto knows neither service revisions nor service deployments, and runs no task.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import boto3

from runbook_constructs.release_gate.handler import hook, steps, surroundings
from tests.constructs.release_gate.fakes import Ecs, StepFunctions
from tests.constructs.release_gate.faults import CrashedError, Fault, Faulty
from tests.constructs.release_gate.places import DATABASE, FAMILY, SERVICE, STEPS
from tests.constructs.release_gate.states_language import Execution, StateError

Json = dict[str, Any]


@dataclass
class Migration:
    """A file of an image."""

    file: str
    readable: bool = True
    breaks: bool = False
    timeout_seconds: int | None = None


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
    broken: str = ""
    """What is wrong with the schema, although every migration ended well."""
    twice: str | None = None
    unknown_for: int = 0
    """How often Step Functions does not know an execution yet that was started."""

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

    def client(self, service: str, **_: object) -> Faulty:
        """Stand in for ``boto3.client``."""
        if service in ("ecs", "stepfunctions"):
            return Faulty(
                self, service, {"ecs": Ecs, "stepfunctions": StepFunctions}[service](self)
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
            # As Lambda answers and Step Functions passes it on.
            cause = {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "requestId": "r1",
                "stackTrace": ['  File "/var/task/handler/steps.py", line 27, in handler\n'],
            }
            raise StateError(type(error).__name__, json.dumps(cause)) from error

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
