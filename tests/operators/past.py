"""A service with a past: deployments that end, go back, and shift traffic while somebody looks."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.operations.aws import Aws
from tests.operations.revisions import NEW, OLD, definition

Json = Any
OLDER = "prod-20260401101010"
FAMILY = "arn:aws:ecs:us-east-2:111122223333:task-definition/rovn-passport-api"
DEPLOYMENTS = "arn:aws:ecs:us-east-2:111122223333:service-deployment/rovn-production/api"
BEGUN = datetime(2026, 6, 1, tzinfo=UTC)
# As a deployment goes on, poll by poll: (status, stage, share of traffic for its target).
Steps = list[tuple[str, str, float]]
FORWARD: Steps = [
    ("IN_PROGRESS", "PRE_SCALE_UP", 0.0),
    ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", 0.0),
    ("IN_PROGRESS", "BAKE_TIME", 100.0),
    ("SUCCESSFUL", "CLEAN_UP", 100.0),
]
BACK: Steps = [
    ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", 100.0),
    ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", 0.0),
    ("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0),
]


@dataclass
class Deployment:
    """One deployment, from revision ``source`` to ``target``, numbers of the family."""

    number: int
    source: int | None
    target: int
    steps: Steps
    reason: str = ""

    @property
    def created(self) -> datetime:
        """One an hour."""
        return BEGUN + timedelta(hours=self.number)

    def described(self) -> Json:
        """Tell the present step, and go on to the next, the last one stays."""
        status, stage, share = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        target = {"arn": f"revision/{self.target}", "requestedProductionTrafficWeight": share}
        source = {
            "arn": f"revision/{self.source}",
            "requestedProductionTrafficWeight": 100.0 - share,
        }
        return {
            "serviceDeploymentArn": f"{DEPLOYMENTS}/{self.number}",
            "status": status,
            "lifecycleStage": stage,
            "statusReason": self.reason,
            "createdAt": self.created,
            "targetServiceRevision": target,
            "sourceServiceRevisions": [source] if self.source else [],
        }


@dataclass
class PastAws(Aws):
    """Revision 1 (OLDER), 2 (OLD) and 3 (NEW) were deployed one after the other, and all went well.

    ``gates`` maps a deployment's number to the state that its gate ended with.
    """

    tags: dict[int, str] = field(default_factory=lambda: {1: OLDER, 2: OLD, 3: NEW})
    inactive: set[int] = field(default_factory=set)
    past: list[Deployment] = field(default_factory=list)
    gates: dict[str, Json] = field(default_factory=dict)
    next_steps: Steps = field(default_factory=lambda: list(FORWARD))
    told: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        done: Steps = [("SUCCESSFUL", "CLEAN_UP", 100.0)]
        self.past = [
            Deployment(n, n - 1 or None, n, list(done)) for n in sorted(self.tags, reverse=True)
        ]
        self.stack["Parameters"][0]["ParameterValue"] = NEW
        self.running_number = 3
        self.changes = []

    def under_way(self, stage: str = "BAKE_TIME", share: float = 100.0) -> None:
        """Let the deployment of revision 3 be under way."""
        self.past[0].steps = [("IN_PROGRESS", stage, share)]
        self.stack["StackStatus"] = "UPDATE_IN_PROGRESS"

    @property
    def executed(self) -> list[Json]:
        """What the stack was told."""
        return [told for told in self.told if "ChangeSetName" in told]

    # ---- answers

    def _describe_services(self, asked: Json) -> Json:
        told = super()._describe_services(asked)
        for service in told["services"]:
            for deployment in service["deployments"]:
                deployment["taskDefinition"] = f"{FAMILY}:{self.running_number}"
        return dict(told)

    def _describe_task_definition(self, asked: Json) -> Json:
        number = int(asked["taskDefinition"].rpartition(":")[2])
        status = "INACTIVE" if number in self.inactive else "ACTIVE"
        return {"taskDefinition": definition(self.tags[number]) | {"status": status}}

    def _list_service_deployments(self, asked: Json) -> Json:
        return {
            "serviceDeployments": [
                {"serviceDeploymentArn": f"{DEPLOYMENTS}/{each.number}", "createdAt": each.created}
                for each in self.past
            ]
        }

    def _describe_service_deployments(self, asked: Json) -> Json:
        assert len(asked["serviceDeploymentArns"]) <= 20
        asked_for = {arn.rpartition("/")[2] for arn in asked["serviceDeploymentArns"]}
        told = [each.described() for each in self.past if str(each.number) in asked_for]
        newest, (status, _, share) = self.past[0], self.past[0].steps[0]
        if status in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL"):
            self.running_number = newest.target if share else newest.source or 0
            if self.stack["StackStatus"] == "UPDATE_IN_PROGRESS" and not share:
                self.stack["StackStatus"] = "UPDATE_ROLLBACK_COMPLETE"
                self.stack["Parameters"][0]["ParameterValue"] = self.tags[self.running_number]
        return {"serviceDeployments": told}

    def _describe_service_revisions(self, asked: Json) -> Json:
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": f"{FAMILY}:{arn.rpartition('/')[2]}"}
                for arn in asked["serviceRevisionArns"]
            ]
        }

    def _describe_execution(self, asked: Json) -> Json:
        number = asked["executionArn"].rpartition(":")[2]
        if number not in self.gates:
            return "ExecutionDoesNotExist", "none"
        found = self.gates[number]
        if found is None:
            return {"status": "FAILED"}
        return {"status": "SUCCEEDED", "output": json.dumps(found)}

    def _stop_service_deployment(self, asked: Json) -> Json:
        assert asked["stopType"] == "ROLLBACK"
        self.told.append(asked)
        self.past[0].steps = list(BACK)
        return {"serviceDeploymentArn": asked["serviceDeploymentArn"]}

    def _update_service(self, asked: Json) -> Json:
        assert asked["cluster"] == self.environment.slug
        self.told.append(asked)
        if self.past[0].steps[0][0] == "IN_PROGRESS":
            self.past[0].steps = [("STOPPED", "CLEAN_UP", 0.0)]
        same = f":{self.running_number}"
        number = int(asked.get("taskDefinition", same).rpartition(":")[2])
        self.past.insert(
            0, Deployment(len(self.past) + 1, self.running_number, number, list(self.next_steps))
        )
        return {"service": {}}

    def _create_change_set(self, asked: Json) -> Json:
        (given,) = [p for p in asked["Parameters"] if p["ParameterKey"] == "ImageTag"]
        self.change_sets[asked["ChangeSetName"]] = {
            "ChangeSetName": asked["ChangeSetName"],
            "ChangeSetId": f"arn:change-set/{given['ParameterValue']}",
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": "AVAILABLE",
        }
        return {"Id": f"arn:change-set/{given['ParameterValue']}"}

    def _execute_change_set(self, asked: Json) -> Json:
        self.told.append(asked)
        self.stack["StackStatus"] = "UPDATE_IN_PROGRESS"
        self.stack["Parameters"][0]["ParameterValue"] = asked["ChangeSetName"].rpartition("/")[2]
        return {}

    def _describe_alarms(self, asked: Json) -> Json:
        assert asked["AlarmNamePrefix"] == f"{self.environment.slug}-"
        states = [{"AlarmName": n, "StateValue": s} for n, s in self.alarm_states.items()]
        return {"MetricAlarms": states, "CompositeAlarms": []}
