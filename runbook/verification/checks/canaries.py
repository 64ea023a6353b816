"""Canaries run: one that stopped sees no outage, and its alarm may have been silenced with it."""

from datetime import timedelta
from typing import Any

from runbook.alarms.canary import SCHEDULE_SECONDS, canary_name
from runbook.operations.account import Client
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

Json = Any
# A run is told when it has ended, and one may be under way.
LATEST = timedelta(seconds=5 * SCHEDULE_SECONDS)


@checks_that("canaries", "ROVN-HLT-3")
def canaries(live: Live, inspection: Inspection) -> None:
    """Want the canary of each service running, its last run a good one of minutes ago."""
    environment = live.environment
    synthetics = live.account.client("synthetics")
    for service in environment.services:
        name = canary_name(environment, service)
        with inspection.looking_at(f"canary {name}"):
            _of_canary(synthetics, name, live, inspection)


def _of_canary(synthetics: Client, name: str, live: Live, inspection: Inspection) -> None:
    where = f"canary {name}"
    try:
        told = synthetics.get_canary(Name=name)["Canary"]
    except synthetics.exceptions.ResourceNotFoundException:
        fix = f"deploy {live.environment.slug}-canary"
        inspection.breach(where, "there is none: nobody asks the service from outside", fix)
        return
    if (state := told["Status"]["State"]) != "RUNNING":
        fix = f"aws synthetics start-canary --name {name}"
        inspection.breach(where, f"it is {state}: nobody asks the service from outside", fix)
        return
    told = synthetics.describe_canaries_last_run(Names=[name])["CanariesLastRun"]
    runs = [each["LastRun"] for each in told if each["CanaryName"] == name and "LastRun" in each]
    page = f"runbook playbook {live.environment.name} canary-failed"
    if not runs:
        inspection.breach(where, "it runs, and has never ended a run", page)
        return
    age = live.now - runs[0]["Timeline"]["Started"]
    status = runs[0]["Status"]
    if age > LATEST:
        minutes = int(age.total_seconds() // 60)
        inspection.breach(where, f"its last run began {minutes} minutes ago", page)
    elif status["State"] == "FAILED":
        inspection.breach(where, f"its last run failed: {status.get('StateReason')}", page)
