"""AWS with a ledger that a task reads."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.operations.aws import Aws
from tests.operations.revisions import OLD

Json = Any
PAIRED = "arn:aws:ecs:us-east-2:111122223333:task-definition/rovn-passport-api-migrations:7"
TASK = "arn:aws:ecs:us-east-2:111122223333:task/rovn-production/abc"
NOTHING = {"schema": 1, "image": OLD, "pending": [], "ahead": [], "problems": []}


@dataclass
class LedgerAws(Aws):
    """A task that ends after two looks, with ``report`` as the last line of its log."""

    report: Json = field(default_factory=lambda: dict(NOTHING))
    before: list[str] = field(default_factory=lambda: ["connecting"])
    exit_code: int | None = 0
    looks: int = 2
    ran: list[Json] = field(default_factory=list)
    failures: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        label = {"runbook.migrations-task-definition": PAIRED}
        self.definition["containerDefinitions"][0]["dockerLabels"] = label

    def _describe_services(self, asked: Json) -> Json:
        told = super()._describe_services(asked)
        for service in told["services"]:
            service["networkConfiguration"] = {"awsvpcConfiguration": {"subnets": ["a", "b"]}}
        return dict(told)

    def _describe_stacks(self, asked: Json) -> Json:
        if not asked["StackName"].endswith("-release-gate"):
            return super()._describe_stacks(asked)
        output = {"OutputKey": "PassportApiMigrationsSecurityGroup", "OutputValue": "sg-1"}
        return {"Stacks": [{**self._bare("release-gate"), "Outputs": [output]}]}

    def _run_task(self, asked: Json) -> Json:
        self.ran.append(asked)
        self.looks = max(2, self.looks)
        return {"tasks": [] if self.failures else [{"taskArn": TASK}], "failures": self.failures}

    def _describe_tasks(self, asked: Json) -> Json:
        self.looks -= 1
        if self.looks > 0:
            return {"tasks": [{"lastStatus": "RUNNING"}]}
        container = {"name": "migrations", "exitCode": self.exit_code}
        if self.exit_code is None:
            del container["exitCode"]
        stopped = {"lastStatus": "STOPPED", "stoppedReason": "CannotPullContainerError"}
        return {"tasks": [stopped | {"containers": [container]}]}

    def _filter_log_events(self, asked: Json) -> Json:
        assert asked["logGroupName"] == "/ecs/rovn-passport-api-migrations"
        assert asked["logStreamNamePrefix"] == "migrations/migrations/abc"
        report = [json.dumps(self.report)] if self.report else []
        return {"events": [{"message": message} for message in (*self.before, *report)]}
