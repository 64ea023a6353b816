"""A clause of a source document, and what it demands of an environment file."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runbook.model.refusal import Refusal
from runbook.model.retention import Retention
from runbook.model.tier import Tier


class Bound(Protocol):
    """An environment, as far as demands look at it; its keys are read by path."""

    @property
    def environment(self) -> str:
        """Its name without the organisation."""

    @property
    def tier(self) -> Tier:
        """What its data may be."""


class Demand(BaseModel):
    """A bound that a clause puts on one key of the environment file.

    ``key`` is a dotted path; ``tiers`` and ``environments`` (their names, without the
    organisation) are those it binds, all of them when empty.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    key: str
    tiers: Annotated[tuple[Tier, ...], Field(strict=False)] = ()
    environments: Annotated[tuple[str, ...], Field(strict=False)] = ()
    at_least: Retention | int | None = None
    at_most: int | None = None
    exactly: int | str | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if [self.at_least, self.at_most, self.exactly].count(None) != 2:
            raise ValueError("a demand has at_least, at_most or exactly, one of them")
        return self

    def binds(self, environment: Bound) -> bool:
        """Whether this bound is for such an environment at all."""
        of_tier = not self.tiers or environment.tier in self.tiers
        by_name = not self.environments or environment.environment in self.environments
        return of_tier and by_name

    def refusals(self, clause: str, environment: Bound) -> Iterator[Refusal]:
        """Hold the environment's value against this bound."""
        if not self.binds(environment):
            return
        value = self._value(environment)
        bound, met = self._judge(value)
        if not met:
            said = "its absence" if value is None else value
            yield Refusal(
                self.key,
                f"{said} breaks {clause}, which demands {bound} here",
                f"set {bound}; only runbook/clauses, with its source, changes what is demanded",
            )

    def _judge(self, value: object) -> tuple[str, bool]:
        """Say the bound in words, and whether the value keeps it."""
        if isinstance(self.at_least, Retention):
            met = isinstance(value, Retention) and value.at_least(self.at_least)
            return f"at least {self.at_least}", met
        if self.at_least is not None:
            return f"at least {self.at_least}", isinstance(value, int) and value >= self.at_least
        if self.at_most is not None:
            return f"at most {self.at_most}", isinstance(value, int) and value <= self.at_most
        return f"exactly {self.exactly}", value == self.exactly

    def _value(self, environment: Bound) -> object:
        """Follow the path; what is under a name that the file does not have is ``None``."""
        value: object = environment
        for name in self.key.split("."):
            value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        return value


class Clause(BaseModel):
    """One sentence of a source document that something here keeps.

    ``source`` is the document and its section, as FEATURES.md abbreviates them.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: str
    title: str
    source: str
    demands: Annotated[tuple[Demand, ...], Field(strict=False)] = ()


def organisations_with_clauses() -> list[str]:
    """Name every organisation whose clauses are written down."""
    data = files("runbook.clauses")
    return sorted(f.name.removesuffix(".toml") for f in data.iterdir() if f.name.endswith(".toml"))


@cache
def clauses_of(organisation: str) -> tuple[Clause, ...]:
    """Read the clauses of one organisation; ``KeyError`` when there are none."""
    if organisation not in organisations_with_clauses():
        raise KeyError(organisation)
    text = (files("runbook.clauses") / f"{organisation}.toml").read_text(encoding="utf-8")
    return tuple(Clause.model_validate(entry) for entry in tomllib.loads(text)["clause"])
