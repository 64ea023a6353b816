"""Whom alarms reach and when: addresses, time zone, business hours (ROVN-SEV-1)."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runbook.model.refusal import Refusal
from runbook.model.rotation import OPERATOR_SUPPLIED
from runbook.model.secrets import Secret
from runbook.model.validation import impossible

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):00-([01][0-9]|2[0-4]):00")


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise impossible(
            f"{name!r} is no time zone of the IANA database", 'write one such as "America/New_York"'
        )
    return name


def _business_hours(text: str) -> str:
    match = _HOURS.fullmatch(text)
    if not match or int(match[1]) >= int(match[2]):
        raise impossible(
            f"{text!r} are no hours of one day, whole ones", 'write them as "09:00-17:00"'
        )
    return text


class Alerting(BaseModel):
    """Where severities are sent; which severity goes where, and when, is the clauses' own.

    Hours are of ``time_zone``, daylight saving included. ``pager_secret`` holds the pager's whole
    address, which is as good as a key: templates refer to it. ``pager_generation`` is raised by one
    when that address has changed, so that the topics subscribe the new one.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    time_zone: Annotated[
        str, AfterValidator(_time_zone), Field(description='Such as "America/New_York".')
    ]
    business_days: Annotated[
        tuple[Day, ...], Field(strict=False, min_length=1, description='Such as ["mon", "fri"].')
    ]
    business_hours: Annotated[
        str, AfterValidator(_business_hours), Field(description='Whole hours, as "09:00-17:00".')
    ]
    pager_secret: Annotated[str, Field(description="Key in [secrets] of the pager's address.")]
    pager_generation: Annotated[
        int, Field(ge=1, description="Raise it by one when the pager's address has changed.")
    ]
    slack_workspace: Annotated[
        str, Field(pattern=r"^T[A-Z0-9]{6,}$", description="The workspace's id in Slack.")
    ]
    alarm_channel: Annotated[
        str, Field(pattern=r"^[CG][A-Z0-9]{6,}$", description="The id of the alarms' channel.")
    ]
    security_channel: Annotated[
        str, Field(pattern=r"^[CG][A-Z0-9]{6,}$", description="The id of security's channel.")
    ]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    @property
    def opens(self) -> int:
        """The hour of the day at which business hours begin."""
        return int(self.business_hours[:2])

    @property
    def closes(self) -> int:
        """The hour of the day at which they end; 24 is midnight."""
        return int(self.business_hours[6:8])

    def contradictions(self, secrets: Mapping[str, Secret]) -> Iterator[Refusal]:
        """Find a pager's address that is no secret, that a task reads, or that a machine makes."""
        key, secret = "alerting.pager_secret", secrets.get(self.pager_secret)
        if secret is None:
            yield Refusal(
                key,
                f"{self.pager_secret!r} is not in [secrets]",
                f"add [secrets.{self.pager_secret}] with mechanism = {OPERATOR_SUPPLIED!r}",
            )
        elif secret.mechanism != OPERATOR_SUPPLIED or secret.consumers:
            yield Refusal(
                key,
                f"{self.pager_secret} is made by a machine, or read by a task: an address comes "
                "from the pager's vendor, and the topics alone use it",
                f"write mechanism = {OPERATOR_SUPPLIED!r} and consumers = []",
            )
        repeated = [day for day in DAYS if self.business_days.count(day) > 1]
        for day in repeated:
            yield Refusal("alerting.business_days", f"{day} stands twice", "name each day once")
