"""What serves can be started again, and there is something to go back to (ROVN-DEP-5, ROVN-RB-1).

A task definition that somebody deregistered starts no task: neither a scaling service nor a
rollback gets one, and nothing says so before.
"""

from botocore.exceptions import ClientError

from runbook.operations.account import code_of
from runbook.operations.services import EcsService, Running, paired_migrations
from runbook.operators.history import EVERY, MOST, SUCCESSFUL, Past
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live
from runbook.verification.remembered import remembered

# How many good images back a rollback may have to go.
GOOD_ONES = 2
_GONE = "a deregistered revision cannot be registered again under its number: release the image"


@checks_that("task definitions", "ROVN-DEP-5", "ROVN-RB-1")
def revisions(live: Live, inspection: Inspection) -> None:
    """Want what runs, and what a rollback would go to, active; their migrations, too."""
    for key in live.environment.services:
        with inspection.looking_at(f"service {key}"):
            _of_service(live, key, inspection)


def _of_service(live: Live, key: str, inspection: Inspection) -> None:
    running = EcsService(live.account, key).running()
    if running is None:
        fix = "see CloudTrail who deleted it (DeleteService); its stack has to be made anew"
        inspection.breach(f"service {key}", "there is no such service in the cluster", fix)
        return
    _active(live, running.task_definition, "runs", inspection)
    for past in known_good(live, key, running):
        _active(live, past.task_definition, "served before", inspection)


def known_good(live: Live, key: str, running: Running) -> list[Past]:
    """Return what a rollback may go to: the last good revisions, each of another image.

    The image that runs may have been deployed many times over, by restarts and for the stack: none
    of those is anything to go back to, and a rollback looks behind them all.
    """
    found: dict[str, Past] = {}
    for most in (MOST, EVERY):
        for past in remembered(live, key, most):
            if past.status == SUCCESSFUL and past.tag != running.tag:
                found.setdefault(past.tag, past)
        if found:
            break
    return list(found.values())[:GOOD_ONES]


def _active(live: Live, arn: str, role: str, inspection: Inspection) -> None:
    where, paired = arn.rpartition("/")[2], ""
    with inspection.looking_at(where):
        told = live.account.client("ecs").describe_task_definition(taskDefinition=arn)
        definition = told["taskDefinition"]
        if definition["status"] != "ACTIVE":
            what = f"it {role}, and is {definition['status']}: no task of it can be started"
            inspection.breach(where, what, f"{_GONE} again")
        paired = paired_migrations(definition)
    if paired:
        with inspection.looking_at(paired):
            _paired(live, paired, where, inspection)


def _paired(live: Live, paired: str, of: str, inspection: Inspection) -> None:
    """Look at the revision that migrates; the label names it by family or ARN."""
    try:
        told = live.account.client("ecs").describe_task_definition(taskDefinition=paired)
        status = told["taskDefinition"]["status"]
    except ClientError as error:
        if code_of(error) != "ClientException":
            raise
        status = "not there"
    if status != "ACTIVE":
        what = f"{paired} migrates for {of}, and is {status}: the gate would hold {of}"
        inspection.breach(of, what, f"{_GONE} again")
