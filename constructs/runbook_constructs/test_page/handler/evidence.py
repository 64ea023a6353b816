"""What CloudWatch tells of test pages: which rang, which the topic took, which SNS delivered.

That a person was woken, or acknowledged it, no metric of AWS tells: the pager's vendor does.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

Json = Any
DAY = timedelta(days=1)
# An action follows its change of state at once; CloudWatch may date both alike.
_ALIKE, _SOON = timedelta(seconds=5), timedelta(minutes=1)


def changes(history: Iterable[Mapping[str, Json]]) -> list[tuple[datetime, str]]:
    """List when an alarm came into which state, the oldest first.

    Raises ``KeyError`` or ``ValueError`` for an item that says it otherwise.
    """
    return sorted(
        (item["Timestamp"], json.loads(item["HistoryData"])["newState"]["stateValue"])
        for item in history
        if item["HistoryItemType"] == "StateUpdate"
    )


def rang(history: Iterable[Mapping[str, Json]]) -> list[datetime]:
    """List when it went to ALARM, whoever was told."""
    return [at for at, state in changes(history) if state == "ALARM"]


def published(history: Iterable[Mapping[str, Json]], topic: str) -> list[datetime]:
    """List when it went to ALARM and the topic, by its ARN, took the message."""
    items = list(history)
    taken = [
        item["Timestamp"]
        for item in items
        if item["HistoryItemType"] == "Action"
        and item["HistorySummary"] == f"Successfully executed action {topic}"
    ]
    told = changes(items)
    ends = [at for at, _ in told[1:]]
    found = []
    for (at, state), end in zip_longest(told, ends):
        until = min(at + _SOON, end or at + _SOON)
        if state == "ALARM" and any(at - _ALIKE <= when <= until for when in taken):
            found.append(at)
    return found


def delivered(taken: Iterable[float], handed_over: Iterable[float], channels: int) -> bool:
    """Say whether each message that the topic took was handed to each of so many channels.

    What failed says neither: SNS counts each attempt, also before one that goes well, and makes
    none for a subscription that waits for its confirmation or is gone.
    """
    messages = sum(taken)
    return messages > 0 and sum(handed_over) >= messages * channels


def whole_days(since: datetime, now: datetime) -> int:
    """Count the days that are over; none for what is to come."""
    return max(0, (now - since) // DAY)
