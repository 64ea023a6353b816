"""Which deployments went back, and from what: a rollback never takes its own work for a release.

As the gate tells it: a release makes a revision of its own (ROVN-DEP-3), and who goes back takes an
older one. The same image deployed once more, by a restart, for the stack, or by CloudFormation
after a release that was undone, changes nothing about that.
"""

from collections.abc import Sequence

from runbook.operators.history import SUCCESSFUL, WENT_BACK, Past


def way_back(deployments: Sequence[Past]) -> int:
    """Find the deployment that the newest goes back from; 0 when it goes back from none."""
    brought = deployments[0]
    for number, past in enumerate(deployments):
        if number == 0 or not past.tag:
            continue
        if past.status == WENT_BACK and past.source == brought.task_definition:
            if _number(brought) < _number(past):
                return number
        elif past.status == SUCCESSFUL and past.tag != brought.tag:
            return number if _number(brought) < _number(past) else 0
        elif past.status == SUCCESSFUL:
            brought = past
    return 0


def regretted(deployments: Sequence[Past], since: int) -> set[str]:
    """Name the images that somebody went back from since a deployment: no known-good ones.

    ``since`` is its place. One that was released again after that is a good one again.
    """
    left: set[str] = set()
    for number, past in enumerate(deployments[:since]):
        back = way_back(deployments[number:]) if past.status == SUCCESSFUL else 0
        if back:
            left.add(deployments[number + back].tag)
    return left


def _number(past: Past) -> int:
    number = past.task_definition.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0
