"""SCR-DEP-1: staging before production, a snapshot, no incident, where the file asks for it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from runbook.alarms.catalogue import metric_alarms_of
from runbook.model.loader import load_environment
from runbook.model.preflight import Preflight as Settings
from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Consent, Exit
from runbook.operations.preflight import Checked, Preflight
from runbook.operations.protocol import perform
from tests.operations.aws import DENIED
from tests.operations.conftest import Operator
from tests.operations.revisions import NEW, OLD, definition
from tests.operations.watched import Watched

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
PROFILE = "acme-staging"
Json = Any


@dataclass
class Both:
    """Production, which asks for a preflight, and staging, where NEW serves."""

    production: Watched
    staging: Watched

    def preflight(self, profile: str = PROFILE) -> Preflight:
        account = Account(self.production.environment, self.production.session())
        key = self.production.key
        return Preflight(account, key, NEW, staging_profile=profile, now=lambda: NOW)

    def deploy(self, tag: str = NEW, *, accept: bool = False, profile: str = PROFILE) -> Exit:
        operation, account = Operator(self.production).release(tag)
        operation._preflight = self.preflight(profile)
        console = Console(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO())
        return perform(operation, account, console, Consent(yes=True, accept_changes=accept))


def snapshot(hours: float, status: str = "available", name: str = "daily") -> Json:
    moment = NOW - timedelta(hours=hours)
    return {"DBSnapshotIdentifier": name, "Status": status, "SnapshotCreateTime": moment}


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Both:
    asks = {"preflight": Settings(staging="staging", snapshot_hours=24)}
    production = Watched(load_environment("rovn/production").model_copy(update=asks))
    production.snapshots = [snapshot(3)]
    staging = Watched(load_environment("rovn/staging"))
    staging.running, staging.definition = NEW, definition(NEW)
    staging.deployment = {"status": "SUCCESSFUL"}
    session = staging.session()
    real = boto3.Session

    def sessions(**given: str | None) -> boto3.Session:
        return session if given == {"profile_name": PROFILE} else real(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(boto3, "Session", sessions)
    return Both(production, staging)


def told(found: Checked) -> dict[str, str]:
    return {hold.key: hold.reason for hold in found.holds}


@pytest.mark.clause("SCR-DEP-1")
def test_all_is_as_it_should_be(both: Both) -> None:
    found = both.preflight().check()
    assert (found.holds, found.unknown) == ([], [])
    assert found.notes == [
        f"{NEW} serves in rovn/staging, and is the same image",
        "snapshot daily is of 2026-06-01 09:30 UTC",
        "no alarm rings",
    ]
    assert both.deploy() is Exit.DONE
    assert both.production.running == NEW
    assert both.staging.writes == []


def test_a_part_of_a_composite_holds_nothing(both: Both) -> None:
    """That the canary has run at all rings on every good day."""
    both.production.ringing = ["rovn-production-canary-armed-passport-api"]
    found = both.preflight().check()
    assert (found.holds, found.unknown) == ([], [])
    assert "no alarm rings" in found.notes


def test_an_environment_that_asks_for_nothing_is_not_looked_at() -> None:
    aws = Watched(load_environment("rovn/production"))
    found = Preflight(Account(aws.environment, aws.session()), aws.key, NEW).check()
    assert found == Checked()
    assert aws.calls == []


def change(whose: str, attribute: str, value: object) -> Callable[[Both], None]:
    return lambda both: setattr(getattr(both, whose), attribute, value)


@pytest.mark.clause("SCR-DEP-1")
@pytest.mark.parametrize(
    ("wrong", "key", "reason"),
    [
        (change("staging", "definition", definition(OLD)), "staging", f"{OLD} serves there"),
        (change("staging", "running", ""), "staging", f"another image serves there, not {NEW}"),
        (change("staging", "tasks", (1, 2)), "staging", "1 of 2 tasks run there"),
        (change("staging", "deployment", None), "staging", "deployment there is not known to ECS"),
        (
            change("staging", "deployment", {"status": "ROLLBACK_SUCCESSFUL"}),
            "staging",
            "its deployment there is ROLLBACK_SUCCESSFUL",
        ),
        (
            change("staging", "digests", {NEW: "sha256:c"}),
            "staging",
            f"{NEW} is another image there: sha256:c, here sha256:a",
        ),
        (change("production", "digests", {}), "staging", "here without a digest"),
        (change("production", "ringing", ["rovn-production-a"]), "incident", "a rings"),
        (
            change("production", "ringing", ["rovn-production-a", "rovn-production-b"]),
            "incident",
            "rovn-production-a, rovn-production-b ring",
        ),
    ],
)
def test_what_is_wrong_holds_the_release_whatever_is_agreed_to(
    both: Both, wrong: Callable[[Both], None], key: str, reason: str
) -> None:
    wrong(both)
    assert reason in told(both.preflight().check())[key]
    assert both.deploy(accept=True) is Exit.REFUSED
    assert both.production.writes == []


@pytest.mark.clause("SCR-DEP-1")
def test_a_part_of_a_composite_rings_nobody_and_holds_nothing(both: Both) -> None:
    """The canary's is in alarm as long as the canary runs."""
    [armed] = [
        alarm.name("rovn-production")
        for alarm in metric_alarms_of(both.production.environment)
        if alarm.id == "canary-armed"
    ]
    both.production.ringing = [armed]
    found = both.preflight().check()
    assert found.holds == []
    assert "no alarm rings" in found.notes


@pytest.mark.parametrize(
    "snapshots",
    [[], [snapshot(24.1)], [snapshot(1, "creating"), snapshot(30)], [{"Status": "available"}]],
)
def test_without_a_fresh_snapshot_a_gate_has_to_make_one(both: Both, snapshots: Json) -> None:
    both.production.snapshots = snapshots
    assert "snapshot: the gate takes one before it migrates" in both.preflight().check().notes
    rolling(both)
    [hold] = both.preflight().check().holds
    assert hold.key == "snapshot"
    assert "a snapshot of rovn-production-postgres not older than 24 hours is wanted" in hold.reason
    assert hold.fix == (
        "aws rds create-db-snapshot --db-instance-identifier rovn-production-postgres "
        "--db-snapshot-identifier rovn-production-postgres-before-20260601-123000, then "
        "aws rds wait db-snapshot-available "
        "--db-snapshot-identifier rovn-production-postgres-before-20260601-123000"
    )
    assert both.deploy(accept=True) is Exit.REFUSED


def rolling(both: Both) -> None:
    environment = both.production.environment
    ((key, service),) = environment.services.items()
    services = {key: service.model_copy(update={"strategy": "rolling", "gate": None})}
    both.production.environment = environment.model_copy(update={"services": services})


def no_profile(both: Both) -> str:
    return ""


def no_file(both: Both) -> str:
    asks = {"preflight": Settings(staging="elsewhere", snapshot_hours=24)}
    both.production.environment = both.production.environment.model_copy(update=asks)
    return PROFILE


def denied(both: Both) -> str:
    both.staging.faults["DescribeServices"] = [DENIED] * 9
    return PROFILE


def no_snapshots(both: Both) -> str:
    both.production.faults["DescribeDBSnapshots"] = [DENIED] * 9
    return PROFILE


def no_alarms(both: Both) -> str:
    both.production.faults["DescribeAlarms"] = [DENIED] * 9
    return PROFILE


@pytest.mark.clause("SCR-DEP-1")
@pytest.mark.parametrize(
    ("case", "where", "said"),
    [
        (no_profile, "staging", "rovn/staging is in the account 444455556666; --staging-profile"),
        (no_file, "staging", "the file of rovn/elsewhere is not here"),
        (denied, "staging", "DescribeServices: AccessDenied: you may not"),
        (no_snapshots, "snapshot", "DescribeDBSnapshots: AccessDenied: you may not"),
        (no_alarms, "incident", "DescribeAlarms: AccessDenied: you may not"),
    ],
)
def test_what_nobody_can_know_is_said_and_has_to_be_agreed_to(
    both: Both, case: Callable[[Both], str], where: str, said: str
) -> None:
    profile = case(both)
    found = both.preflight(profile).check()
    assert found.holds == []
    [unknown] = found.unknown
    assert unknown.where == where
    assert unknown.after.startswith("not known: ")
    assert said in unknown.after
    case(both)
    assert both.deploy(profile=profile) is Exit.REFUSED
    assert both.production.writes == []
    case(both)
    assert both.deploy(profile=profile, accept=True) is Exit.DONE


def test_a_profile_of_another_account_is_refused(both: Both) -> None:
    both.staging.signed_in = "999999999999"
    assert both.deploy(accept=True) is Exit.REFUSED
    assert both.production.writes == []


def test_staging_without_the_service_holds(both: Both) -> None:
    environment = both.production.environment
    ((_, service),) = environment.services.items()
    services = {"worker": service}
    both.production.environment = environment.model_copy(update={"services": services})
    both.production.key = "worker"
    assert told(both.preflight().check())["staging"] == "rovn/staging has no service worker"


def test_a_stack_is_brought_to_what_runs_already_without_it(both: Both) -> None:
    """After a rollback by hand the stack must agree, whatever rings: nothing new goes live."""
    both.production.ringing = ["rovn-production-a"]
    both.production.definition = definition(NEW)
    assert both.deploy() is Exit.DONE
