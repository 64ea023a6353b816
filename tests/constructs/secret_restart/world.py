"""ECS as a restart sees it: a service, its deployments one after another, and virtual time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook_constructs.secret_restart.state_machine import definition
from tests.constructs.release_gate.states_language import Execution, StateError

Json = dict[str, Any]
CLUSTER, SERVICE = "rovn-production", "rovn-passport-api"
START = datetime(2026, 11, 22, 14, tzinfo=UTC)
WELL, BACK = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"
LASTS = 20 * 60


@dataclass
class Deployment:
    """One deployment: from when to when, in seconds, and how it ends."""

    created: float
    ends: float
    outcome: str = WELL
    while_under_way: str = "IN_PROGRESS"

    def status(self, now: float) -> str:
        return self.outcome if now >= self.ends else self.while_under_way


@dataclass
class Ecs:
    """A service. ``outcomes`` are those of the restarts to come, then all go well.

    ``before`` and ``after`` may raise around each call, which they know by name and number.
    """

    deployments: list[Deployment] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    there: bool = True
    before: Callable[[str, int], None] = lambda _call, _number: None
    after: Callable[[str, int], None] = lambda _call, _number: None
    calls: list[tuple[str, Json]] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)

    def call(self, name: str, parameters: Json, now: float) -> Json:
        self.calls.append((name, parameters))
        number = [called for called, _ in self.calls].count(name)
        self.before(name, number)
        if not self.there:
            raise StateError("Ecs.ServiceNotFoundException", "Service not found")
        assert (parameters["Cluster"], parameters["Service"]) == (CLUSTER, SERVICE)
        found = {
            "ecs:listServiceDeployments": self._listed,
            "ecs:updateService": self._restarted,
        }[name](parameters, now)
        self.after(name, number)
        return found

    def _listed(self, parameters: Json, now: float) -> Json:
        after = parameters.get("CreatedAt", {}).get("After")
        since = (datetime.fromisoformat(after) - START).total_seconds() if after else float("-inf")
        found = [
            {"ServiceDeploymentArn": f"d{number}", "Status": deployment.status(now)}
            for number, deployment in enumerate(self.deployments)
            if deployment.status(now) in parameters["Status"] and since < deployment.created <= now
        ]
        return {"ServiceDeployments": found}

    def _restarted(self, parameters: Json, now: float) -> Json:
        assert parameters == {"Cluster": CLUSTER, "Service": SERVICE, "ForceNewDeployment": True}
        # A deployment that begins ends the one that is under way.
        for deployment in self.deployments:
            if deployment.ends > now:
                deployment.ends, deployment.outcome = now, "STOPPED"
        outcome = self.outcomes.pop(0) if self.outcomes else WELL
        self.deployments.append(Deployment(now, now + LASTS, outcome))
        self.restarts.append(now)
        return {"Service": {}}


def restarted(ecs: Ecs, rotated: float = 0.0) -> Execution:
    """Run the machine for a value that is new since ``rotated`` seconds, when it begins, too."""

    def invoke(name: str, parameters: Json) -> Json:
        return ecs.call(name, parameters, rotated + execution.seconds)

    given = {
        "secret": "mcp-inbound-token",
        "service": SERVICE,
        "rotated": at(rotated).isoformat(),
    }
    execution = Execution(definition(CLUSTER), given, invoke)
    execution.run()
    return execution


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def has_new_tasks(ecs: Ecs, rotated: float = 0.0) -> bool:
    """Whether a deployment since the rotation went well: its tasks have read the new value."""
    return any(d.created > rotated and d.outcome == WELL for d in ecs.deployments)
