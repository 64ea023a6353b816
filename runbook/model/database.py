"""The PostgreSQL database of an environment."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runbook.model.location import Region
from runbook.model.logs import LogRetentionDays
from runbook.model.refusal import Refusal, impossible

# RDS keeps automated backups for at most 35 days; 0 would switch point-in-time recovery off.
LONGEST_BACKUP_DAYS = 35
_HOURS = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_WINDOW = re.compile(rf"{_HOURS}-{_HOURS}")
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_WEEKLY = re.compile(rf"({_DAY}):{_HOURS}-({_DAY}):{_HOURS}")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
SHORTEST_WINDOW = 30


def _daily_window(text: str) -> str:
    if not _WINDOW.fullmatch(text) or _minutes(text)[1] < SHORTEST_WINDOW:
        raise impossible(
            f"{text!r} is not a window of at least 30 minutes, in UTC",
            'write it as "05:00-06:00"',
        )
    return text


def _weekly_window(text: str) -> str:
    match = _WEEKLY.fullmatch(text)
    if not match or _weekly_minutes(match)[1] < SHORTEST_WINDOW:
        raise impossible(
            f"{text!r} is not a weekly window of at least 30 minutes, in UTC",
            'write it as "sun:07:00-sun:08:00"',
        )
    return text


def _minutes(window: str) -> tuple[int, int]:
    """Read a daily window as the minute of the day it starts at, and its length in minutes."""
    start, end = (int(t[:2]) * 60 + int(t[3:]) for t in window.split("-"))
    return start, (end - start) % DAY


def _weekly_minutes(match: re.Match[str]) -> tuple[int, int]:
    """Read a weekly window as the minute of the week it starts at, and its length in minutes."""
    first, h1, m1, last, h2, m2 = match.groups()
    start = _DAYS.index(first) * DAY + int(h1) * 60 + int(m1)
    end = _DAYS.index(last) * DAY + int(h2) * 60 + int(m2)
    return start, (end - start) % (7 * DAY)


class Database(BaseModel):
    """PostgreSQL on RDS, over several zones, with point-in-time recovery (ROVN-BCK-1)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    engine_version: Annotated[
        str,
        Field(pattern=r"^1[4-9]\.[0-9]+$", description='PostgreSQL version, such as "17.9".'),
    ]
    instance_class: Annotated[
        str,
        Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", description="Such as db.m7g.large."),
    ]
    database_name: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="The database the service uses."),
    ]
    allocated_storage_gb: Annotated[
        int, Field(ge=20, le=65_536, description="Storage at first, GiB.")
    ]
    max_allocated_storage_gb: Annotated[
        int, Field(ge=20, le=65_536, description="Storage autoscaling stops here, GiB.")
    ]
    max_connections: Annotated[
        int,
        Field(
            ge=6,
            le=262_143,
            description="The cap, set in the parameter group, not derived from memory.",
        ),
    ]
    backup_retention_days: Annotated[
        int,
        Field(
            ge=1,
            le=LONGEST_BACKUP_DAYS,
            description="Days of point-in-time recovery.",
        ),
    ]
    backup_copy_region: Annotated[
        Region, Field(description="Automated backups are copied there (ROVN-DR-1).")
    ]
    backup_window: Annotated[
        str, AfterValidator(_daily_window), Field(description='UTC, such as "05:00-06:00".')
    ]
    maintenance_window: Annotated[
        str,
        AfterValidator(_weekly_window),
        Field(description='UTC, such as "sun:07:00-sun:08:00".'),
    ]
    slow_query_ms: Annotated[
        int, Field(ge=1, description="Statements that take longer are logged, milliseconds.")
    ]
    log_retention_days: LogRetentionDays

    def contradictions(self, region: str) -> Iterator[Refusal]:
        """Find storage that cannot grow, a copy beside the original, windows that collide."""
        if self.max_allocated_storage_gb * 10 < self.allocated_storage_gb * 11:
            yield Refusal(
                "database.max_allocated_storage_gb",
                f"{self.max_allocated_storage_gb} GiB leaves less than 10 % to grow from "
                f"{self.allocated_storage_gb} GiB, and RDS then does not autoscale",
                f"set at least {-(-self.allocated_storage_gb * 11 // 10)}",
            )
        if self.backup_copy_region == region:
            yield Refusal(
                "database.backup_copy_region",
                f"{region} is where the database itself is: its loss would take both",
                "choose another region",
            )
        if self._windows_overlap():
            yield Refusal(
                "database.backup_window",
                f"{self.backup_window} overlaps maintenance_window {self.maintenance_window}",
                "move one of them; RDS refuses the two together",
            )

    def _windows_overlap(self) -> bool:
        match = _WEEKLY.fullmatch(self.maintenance_window)
        if match is None:
            return False
        start, length = _weekly_minutes(match)
        daily, daily_length = _minutes(self.backup_window)
        # As minutes of the day, every day: a backup runs daily, and either may cross midnight.
        taken = {(daily + minute) % DAY for minute in range(daily_length)}
        return any((start + minute) % DAY in taken for minute in range(length))
