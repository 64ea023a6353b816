"""Which secrets rotate on which day, and who would be locked out then (ROVN-SEC-3)."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from runbook.model.environment import Environment
from runbook.model.rotation import overlap

# Two years: every pair of cadences of the files meets within.
HORIZON_DAYS = 730


class Clash(NamedTuple):
    """A day, counted from the deploy, on which a consumer's secrets rotate without overlap."""

    day: int
    consumer: str
    secrets: tuple[str, ...]


def days_of(rotation_days: int, horizon: int = HORIZON_DAYS) -> range:
    """List the days of a schedule ``rate(N days)`` that a deploy begins: it rotates at once."""
    return range(0, horizon + 1, rotation_days)


def clashes(environment: Environment, horizon: int = HORIZON_DAYS) -> Iterator[Clash]:
    """Find days on which two secrets of one consumer rotate, and one of them has no overlap.

    A consumer reads its secrets together when it starts. Where the old values work meanwhile it
    may rotate any number of them on one day; where one does not, it is down until it has all.
    """
    turns = sorted(
        (day, consumer, name)
        for name, secret in environment.secrets.items()
        for consumer in secret.consumers
        for day in days_of(secret.rotation_days, horizon)
    )
    for (day, consumer), group in groupby(turns, key=lambda turn: turn[:2]):
        names = tuple(name for _, _, name in group)
        without = [name for name in names if not overlap(environment.secrets[name]).lasts]
        if len(names) > 1 and without:
            yield Clash(day, consumer, names)
