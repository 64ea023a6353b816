"""Who read a secret, as CloudTrail tells it: by whom, from where, how often (ROVN-SEC-4)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.access.principals import Principals
from runbook.operations.account import Account
from runbook.operations.waiting import REAL_TIME, Patience, Tell, Time

# CloudTrail's event history keeps as much, and answers two questions a second.
LONGEST_DAYS = 90
_SECONDS_BETWEEN = 0.5
_KIND = "AWS::SecretsManager::Secret"
_EVENTS = ("GetSecretValue", "BatchGetSecretValue")
UNSEEN = (
    "Not seen: what was read in the last 15 minutes or so, more than 90 days ago or in another "
    "region; what a running task holds since it started; copies of who read it."
)


@dataclass(frozen=True)
class Reader:
    """One principal from one address; ``refused`` of the ``count`` calls got nothing.

    ``expected``: the lists of who may read (ROVN-SEC-6) name it.
    """

    principal: str
    address: str
    count: int
    refused: int
    first: datetime
    last: datetime
    expected: bool

    def __str__(self) -> str:
        """Write it in one line."""
        mark = "expected" if self.expected else "NOT EXPECTED"
        refused = f", {self.refused} of them refused" if self.refused else ""
        calls = f"{self.count} call{'s' if self.count > 1 else ''}"
        return (
            f"{mark}: {self.principal} from {self.address}: {calls}{refused}, "
            f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"
        )


class SecretReads:
    """Looks up who read one secret; ``arn`` is that of Secrets Manager, with its random end."""

    def __init__(self, account: Account, key: str, arn: str, time: Time = REAL_TIME) -> None:
        self._account, self._time = account, time
        name = f"{account.environment.name}/{key}"
        # As callers may name it.
        self._names = {name, arn, arn.rpartition("-")[0]}
        self._may_read = frozenset(Principals(account.environment).may_read(key))

    def told(
        self, moment: datetime | None, now: datetime, tell: Tell, patience: Patience
    ) -> dict[str, Any]:
        """Tell the readers since then, and give them as the record has them."""
        found = [str(reader) for reader in self.since(moment, now, patience)] or ["nobody"]
        for line in found:
            tell(f"read by: {line}")
        tell(UNSEEN)
        return {"read_by": found, "unseen": UNSEEN}

    def since(self, moment: datetime | None, now: datetime, patience: Patience) -> list[Reader]:
        """Find the readers since then, whoever is not expected first; errors as of ``Patience``.

        Looks by the event's name and not the resource's: a secret can be named in three ways.
        """
        earliest = now - timedelta(days=LONGEST_DAYS)
        begin = max(moment, earliest) if moment else earliest
        found: dict[tuple[str, str], Reader] = {}
        for name in _EVENTS:
            for event in self._events(name, begin, now, patience):
                self._count(event, found)
        return sorted(found.values(), key=lambda r: (r.expected, r.principal, r.address))

    def _events(
        self, name: str, begin: datetime, end: datetime, patience: Patience
    ) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "StartTime": begin,
            "EndTime": end,
        }
        client = self._account.client("cloudtrail")
        while True:
            page = patience.ask(lambda: client.lookup_events(**asked))
            self._time.sleep(_SECONDS_BETWEEN)
            if page is None:
                continue
            yield from page.get("Events", [])
            if not page.get("NextToken"):
                return
            asked["NextToken"] = page["NextToken"]

    def _count(self, event: Mapping[str, Any], found: dict[tuple[str, str], Reader]) -> None:
        told = _told(event)
        if not self._concerned(event, told):
            return
        who, address = _principal(event, told), str(told.get("sourceIPAddress") or "unknown")
        moment = event["EventTime"].astimezone(UTC)
        expected = who in self._may_read
        known = found.get((who, address), Reader(who, address, 0, 0, moment, moment, expected))
        found[who, address] = replace(
            known,
            count=known.count + 1,
            refused=known.refused + bool(told.get("errorCode")),
            first=min(known.first, moment),
            last=max(known.last, moment),
        )

    def _concerned(self, event: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
        """Tell whether a call was for this secret; one that names none may have been."""
        asked = told.get("requestParameters") or {}
        named = {str(asked.get("secretId") or ""), *map(str, asked.get("secretIdList") or ())}
        resources = [r for r in event.get("Resources", []) if r.get("ResourceType") == _KIND]
        named |= {str(resource.get("ResourceName", "")) for resource in resources}
        named -= {""}
        return not named or bool(named & self._names)


def _told(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the record of a call; nothing where it is none."""
    try:
        told = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _principal(event: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Name who called: the role of a session, since lists have roles."""
    identity = told.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    names = (issuer.get("arn"), identity.get("arn"), identity.get("invokedBy"))
    return str(next(filter(None, names), event.get("Username") or "unknown"))
