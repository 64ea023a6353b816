"""What ECS remembers of a service, whole or not at all: a gap says nothing of what is in it."""

from runbook.operations.services import EcsService
from runbook.operators.history import MOST, History, Past
from runbook.verification.live import Live


def remembered(live: Live, key: str, most: int = MOST) -> list[Past]:
    """Return a service's last deployments, at most so many, the newest first.

    Raises ValueError where ECS names one and does not tell of it, or not of what it deployed:
    an operator at night goes on with what there is, a verification does not (``Inspection``).
    """
    # Listed first: one that begins meanwhile is none that is missing.
    listed = EcsService(live.account, key).listed_deployments()[:most]
    found = History(live.account, key).newest_first(most)
    described = {past.arn for past in found if past.task_definition}
    for arn in listed:
        if arn not in described:
            raise ValueError(f"ECS lists {arn}, and does not tell what it deployed")
    return found
