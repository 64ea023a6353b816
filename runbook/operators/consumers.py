"""Who reads a secret, and whether they run with its value: tasks read it when they start."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from runbook.model.secrets import MIGRATIONS
from runbook.operations.account import Account, code_of
from runbook.operations.operation import OperationFailedError, UnwatchedError
from runbook.operations.services import EcsService
from runbook.operations.waiting import Patience, Tell
from runbook.operators.history import GOING_BACK, SUCCESSFUL, UNDER_WAY, History

# So many tasks ECS describes in one call.
_AT_ONCE = 100


class Behind(NamedTuple):
    """How a restart stands, in words; ``ended`` says why it ended, if it did, without new tasks."""

    words: str
    ended: str = ""


class Consumers:
    """The services that read one secret; reads only.

    Migration tasks start anew for each release, so none of them has an old value for long.
    """

    def __init__(self, account: Account, secret: str) -> None:
        self._account = account
        consumers = account.environment.secrets[secret].consumers
        self.services = tuple(sorted(c for c in consumers if not c.endswith(MIGRATIONS)))
        self._histories = {key: History(account, key) for key in self.services}

    def behind(self, since: datetime) -> dict[str, Behind]:
        """Map each service with tasks from before ``since`` to how its restart stands."""
        old = {key: count for key in self.services if (count := self._older(key, since))}
        return {key: self._told(key, count, since) for key, count in old.items()}

    def wait(self, since: datetime, looks: Iterable[bool], tell: Tell, patience: Patience) -> None:
        """Wait until none of their tasks is from before ``since``.

        Raises ``OperationFailedError`` where a restart since then ended without new tasks, and
        ``UnwatchedError`` when the looks are over first.
        """
        stand: dict[str, Behind] = {}
        for _ in looks:
            behind = patience.ask(lambda: self.behind(since))
            if behind is None:
                continue
            for key, how in behind.items():
                if how != stand.get(key):
                    tell(f"{key}: {how.words}")
                if how.ended:
                    raise self._failed(key, how)
            for key in stand.keys() - behind.keys():
                tell(f"{key}: all tasks are new")
            stand = behind
            if not stand:
                return
        name, first = self._account.environment.name, next(iter(stand), "")
        raise UnwatchedError(
            "the value is in use, but not every consumer runs with it",
            why=[f"{key}: {how.words}" for key, how in stand.items()] or ["ECS did not answer"],
            fix=f"look with `runbook status {name}`; where nothing restarts it: "
            f"runbook restart {name} --service {first or self.services[0]}",
        )

    def _older(self, key: str, since: datetime) -> int:
        """Count the tasks of a service, of both colours, that started before."""
        return sum(started <= since for started in self._starts(key))

    def _starts(self, key: str) -> Iterator[datetime]:
        """Yield when each of its tasks was made; a service that is not there has none."""
        cluster, name = self._account.environment.slug, EcsService(self._account, key).name
        ecs = self._account.client("ecs")
        pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=name)
        try:
            arns = [arn for page in pages for arn in page.get("taskArns", [])]
        except ClientError as error:
            if code_of(error) != "ServiceNotFoundException":
                raise
            return
        for first in range(0, len(arns), _AT_ONCE):
            found = ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + _AT_ONCE])
            for task in found.get("tasks", []):
                if task.get("lastStatus") != "STOPPED":
                    yield task["createdAt"]

    def _told(self, key: str, count: int, since: datetime) -> Behind:
        tasks = f"{count} task{'s' if count > 1 else ''} from before"
        newest = next(iter(self._histories[key].newest_first()), None)
        if newest is None or newest.created <= since:
            return Behind(f"{tasks}, and no restart yet")
        stage = newest.stage or "no stage"
        words = f"{tasks}; deployment {newest.id} is {newest.status} at {stage}"
        ended = newest.status not in (*UNDER_WAY, *GOING_BACK, SUCCESSFUL)
        return Behind(words, newest.reason or "ECS gives no reason" if ended else "")

    def _failed(self, key: str, how: Behind) -> OperationFailedError:
        name = self._account.environment.name
        return OperationFailedError(
            f"{key} was not restarted: {how.words}",
            why=[how.ended],
            fix="its tasks serve on with the value of before; mend what it names, then: "
            f"runbook restart {name} --service {key}",
        )
