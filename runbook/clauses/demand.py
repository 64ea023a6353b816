"""What a clause demands of an environment file."""

from collections.abc import Iterator
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

    @property
    def bound(self) -> str:
        """Say the bound in words: ``at least 30``."""
        if self.at_least is not None:
            return f"at least {self.at_least}"
        return f"exactly {self.exactly}" if self.at_most is None else f"at most {self.at_most}"

    @property
    def said(self) -> str:
        """Say key and bound: ``backup_retention_days at least 30``."""
        return f"{self.key} {self.bound}"

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
        if not self._met(value):
            said = "its absence" if value is None else value
            yield Refusal(
                self.key,
                f"{said} breaks {clause}, which demands {self.bound} here",
                f"set {self.bound}; only runbook/clauses, with its source, changes what is "
                "demanded",
            )

    def _met(self, value: object) -> bool:
        """Tell whether the value keeps the bound."""
        if isinstance(self.at_least, Retention):
            return isinstance(value, Retention) and value.at_least(self.at_least)
        if self.at_least is not None:
            return isinstance(value, int) and value >= self.at_least
        if self.at_most is not None:
            return isinstance(value, int) and value <= self.at_most
        return value == self.exactly

    def _value(self, environment: Bound) -> object:
        """Follow the path; what is under a name that the file does not have is ``None``."""
        value: object = environment
        for name in self.key.split("."):
            value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        return value
