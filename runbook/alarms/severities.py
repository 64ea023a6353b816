"""Severities as the documents have them: who answers, how fast, and what reaches them when.

Each organisation keeps its own scale; where its documents have two, each level names the one it is
the same as (ROVN-SEV-1, ROVN-COM-1).
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Channel = Literal["pager", "slack"]
Hours = Literal["always", "business"]


class Level(BaseModel):
    """One severity. Times are minutes after the alarm; ``same_as`` is its name on the other scale.

    ``hours`` says when its channels are used: outside business hours an alarm of a level that
    wakes nobody is muted, and told when they begin if it still rings.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z]+-?[0-9]$")]
    title: str
    definition: str
    respond: str
    # None where the document names a sprint.
    respond_minutes: int | None = None
    owners: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    source: str
    same_as: str | None = None
    same_as_source: str | None = None
    wakes: bool
    escalate_minutes: int | None = None
    acknowledge_minutes: int | None = None
    hours: Hours
    hours_source: str
    channels: Annotated[tuple[Channel, ...], Field(strict=False, min_length=1)]
    post_mortem_hours: int | None = None
    # Who hears of an incident beside its owners (R10).
    tells: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Audience(BaseModel):
    """Who hears of an incident beside its owners, and by when; levels name it by ``id``."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: str
    who: str
    by_when: str
    source: str


class _Scale(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    level: Annotated[tuple[Level, ...], Field(strict=False, min_length=1)]
    audience: Annotated[tuple[Audience, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = {audience.id for audience in self.audience}
        for each in self.level:
            if unknown := set(each.tells) - known:
                raise ValueError(f"{each.id} tells {', '.join(sorted(unknown))}, who is nobody")
        return self


def levels(organisation: str) -> tuple[Level, ...]:
    """Give an organisation's severities, the gravest first; ``KeyError`` where none are written."""
    return _scale(organisation).level


def audiences(organisation: str, told: Level) -> tuple[Audience, ...]:
    """Give who hears of an incident of one severity beside its owners (R10)."""
    return tuple(each for each in _scale(organisation).audience if each.id in told.tells)


def level(organisation: str, severity: str) -> Level:
    """Give one severity by its id, or by its name on the other scale (``P0``), in any case."""
    for each in levels(organisation):
        if severity.casefold() in (each.id, (each.same_as or each.id).casefold()):
            return each
    raise KeyError(severity)


@cache
def _scale(organisation: str) -> _Scale:
    file = files("runbook.alarms") / "scales" / f"{organisation}.toml"
    if not file.is_file():
        raise KeyError(organisation)
    return _Scale.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
