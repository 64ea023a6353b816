"""`runbook migrations`: what the ledger of a database says, asked by a task of the image that runs.

The database is reached from nowhere else: the question is a one-off task of the paired revision,
which reads and writes nothing (ROVN-MIG-1).
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.model.refusal import Refusal
from runbook.operations.account import Account
from runbook.operations.operation import NotBegunError, Operation, OperationFailedError
from runbook.operations.preview import Preview
from runbook.operations.services import EcsService, Running, paired_migrations
from runbook.operations.waiting import REAL_TIME, Patience, Time

_CONTAINER = "migrations"
_POLL_SECONDS = 3.0
_TIMEOUT_SECONDS = 600.0
# A log may come a little later than the end of its task.
_LOG_SECONDS = 30.0
# Exit codes of the runner with which it has read the ledger: all is well, or something is not.
_READ = (0, 3)
_MEANING = {
    3: "the migrations of the image and those applied do not fit together",
    6: "the database was not reached",
}


@dataclass(frozen=True)
class Question:
    """Of which service; with ``check`` also whether every applied file is as it was."""

    service: str
    check: bool = False


class AskLedger(Operation):
    """Run one task that reads the ledger, and tell what it said."""

    kind = "migrations"
    # It changes nothing in the database: who cannot record it may still have to know.
    unrecorded_goes_on = True

    def __init__(self, account: Account, question: Question, *, time: Time = REAL_TIME) -> None:
        self._account, self._question, self._time = account, question, time
        self._service = EcsService(account, question.service)
        self._running: Running | None = None
        self._report: Mapping[str, Any] = {}
        self._what = "check" if question.check else "pending"
        name = account.environment.name
        self.title = f"question to the ledger of {question.service} in {name}"
        check = " --check" if question.check else ""
        self.command = f"runbook migrations {name} --service {question.service}{check}"
        self.watch = self.command
        self.without_you = "The task ends by itself; it changes nothing."

    def preview(self) -> Preview:
        """Say which revision is asked."""
        self._running = running = self._service.running()
        paired = paired_migrations(running.definition) if running else ""
        if running is None or not paired:
            why = "no revision runs that names its migrations"
            fix = "release an image first; a rolling service's migrations run in its pipeline"
            return Preview(summary=self.title, refusals=[Refusal("migrations", why, fix)])
        revision = paired.rpartition("/")[2]
        return Preview(
            summary=f"{self._question.service} in {self._account.environment.name}: one task of "
            f"{revision} reads the ledger (--{self._what}), and changes nothing",
            before={"image_tag": running.tag, "task_definition": paired},
            after={},
        )

    def execute(self, tell: Callable[[str], None]) -> None:
        """Run the task, wait for its end, and read its last line."""
        assert self._running is not None  # noqa: S101 - the preview answers for it
        network = self._network()
        with self.beginning():
            task = self._start(self._running, network)
        tell(f"task {task.rpartition('/')[2]} is started")
        patience = Patience(tell, goes_on=self.without_you, watch=self.watch)
        code = self._ended(task, patience)
        self._report = self._heard(task, code, patience)
        self.so_far = {"ledger": self._report}
        for line in lines(self._report) if code in _READ else problems(self._report):
            tell(line)
        self._must_be_well(code)

    def verify(self) -> Mapping[str, Any]:
        """Give the report."""
        return {"ledger": self._report}

    @property
    def next(self) -> str:
        """Look at the rest; what is pending waits for a release."""
        return f"runbook status {self._account.environment.name}"

    def _must_be_well(self, code: int) -> None:
        """Raise for what the runner finds wrong; what is only pending waits for its release."""
        found = problems(self._report)
        if not (found or code or self._report.get("ok") is False):
            return
        what = f"the database is not as {self._report.get('image') or 'this image'} needs it"
        dos = [str(p["do"]).rstrip(".") for p in self._report.get("problems", []) if p.get("do")]
        raise OperationFailedError(
            what if code in _READ else "the task did not read the ledger",
            why=found or [_meaning(code)],
            fix="; ".join([*dict.fromkeys(dos), f"then ask again: {self.watch}"]),
        )

    def _start(self, running: Running, network: Mapping[str, Any]) -> str:
        service = self._account.environment.services[self._question.service]
        answer = self._account.client("ecs").run_task(
            cluster=self._account.environment.slug,
            taskDefinition=paired_migrations(running.definition),
            launchType="FARGATE",
            count=1,
            clientToken=uuid.uuid4().hex,
            startedBy="runbook",
            networkConfiguration={"awsvpcConfiguration": network},
            overrides={
                "containerOverrides": [
                    {
                        "name": _CONTAINER,
                        "command": [*service.migrations.command, f"--{self._what}"],
                        "environment": [{"name": "PREVIOUS_IMAGE", "value": running.tag}],
                    }
                ]
            },
        )
        tasks = answer.get("tasks", [])
        if len(tasks) != 1:
            found = answer.get("failures", [])
            failures = [f"{f.get('reason')} {f.get('detail', '')}" for f in found]
            raise OperationFailedError(
                "ECS started no task",
                why=failures or ["it gives no reason"],
                fix="run the same command again",
            )
        return str(tasks[0]["taskArn"])

    def _network(self) -> Mapping[str, Any]:
        """Place it as the gate places its tasks: the service's subnets, the migrations' group."""
        stack = f"{self._account.environment.slug}-release-gate"
        cloudformation = self._account.client("cloudformation")
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        key = self._question.service.title().replace("-", "") + "MigrationsSecurityGroup"
        if key not in outputs:
            raise NotBegunError(
                f"the stack {stack} has no output {key}",
                why=["nothing says in which group migrations run"],
                fix=f"make deploy ENV={self._account.environment.name}",
            )
        return {
            "subnets": self._service.subnets(),
            "securityGroups": [outputs[key]],
            "assignPublicIp": "DISABLED",
        }

    def _ended(self, task: str, patience: Patience) -> int:
        ecs, cluster = self._account.client("ecs"), self._account.environment.slug
        for _ in self._time.looks(_TIMEOUT_SECONDS, every=_POLL_SECONDS):
            answer = patience.ask(lambda: ecs.describe_tasks(cluster=cluster, tasks=[task])) or {}
            tasks = answer.get("tasks", [])
            if tasks and tasks[0]["lastStatus"] == "STOPPED":
                containers = tasks[0].get("containers", [])
                codes = [c.get("exitCode") for c in containers if c.get("name") == _CONTAINER]
                if codes and codes[0] is not None:
                    return int(codes[0])
                why = tasks[0].get("stoppedReason") or "ECS gives no reason"
                raise _not_told("the task ended without having run", why, self.watch)
        raise _not_told("the task is not over", f"{_TIMEOUT_SECONDS:.0f} s have passed", self.watch)

    def _heard(self, task: str, code: int, patience: Patience) -> Mapping[str, Any]:
        """Find the report, the last line of its log; what is no report is not repeated."""
        for _ in self._time.looks(_LOG_SECONDS, every=_POLL_SECONDS):
            report = _report(patience.ask(lambda: self._messages(task)) or ())
            if report is not None:
                return report
        raise _not_told("the task's log has no report", _meaning(code), self.watch)

    def _messages(self, task: str) -> list[str]:
        # A page may be empty and yet not be the last.
        pages = self._account.client("logs").get_paginator("filter_log_events")
        asked = pages.paginate(
            logGroupName=f"/ecs/{self._service.name}-migrations",
            logStreamNamePrefix=f"{_CONTAINER}/{_CONTAINER}/{task.rpartition('/')[2]}",
        )
        return [str(event["message"]) for page in asked for event in page.get("events", [])]


def _report(messages: Sequence[str]) -> Mapping[str, Any] | None:
    for message in reversed(messages):
        try:
            report = json.loads(message)
        except ValueError:
            continue
        if isinstance(report, dict) and report.get("schema") == 1:
            return report
    return None


def problems(report: Mapping[str, Any]) -> list[str]:
    """Write what is wrong, a line each."""
    return [
        f"problem: {p.get('file') or 'the database'}: {p.get('what')}"
        for p in report.get("problems", [])
    ]


def lines(report: Mapping[str, Any]) -> list[str]:
    """Write a report in lines: problems, what is ahead of the image, what would run."""
    told = problems(report)
    for entry in report.get("ahead", []):
        reads = "can" if entry.get("previous_image_can_read") else "cannot"
        told.append(
            f"ahead of this image: {entry.get('file')}, applied for {entry.get('image')}; "
            f"{entry.get('previous_image') or 'no image'} {reads} read it"
        )
    told += [f"pending: {entry.get('file')}" for entry in report.get("pending", [])]
    if "ok" in report:
        stands = "is" if report["ok"] else "is NOT"
        told.append(
            f"{report.get('applied')} applied; the database {stands} as this image needs it"
        )
    return told or ["nothing is pending, and nothing is ahead of this image"]


def _meaning(code: int) -> str:
    return _MEANING.get(code, f"it ended with {code}")


def _not_told(what: str, why: str, watch: str) -> OperationFailedError:
    return OperationFailedError(what, why=[why], fix=f"ask again: {watch}")
