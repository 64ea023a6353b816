"""`runbook secrets`: how old each secret is, and what of it wants attention. Reads no value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook.model.refusal import RefusedError
from runbook.model.rotation import OPERATOR_SUPPLIED
from runbook.model.secrets import Secret
from runbook.operations.account import Account
from runbook.operators.secret_ages import Standing, due, percent, standing
from runbook.operators.secret_state import SecretState, read_state

_COLUMNS = ("secret", "state", "days", "of", "next", "mechanism", "owner", "consumers")


@dataclass(frozen=True)
class Listed:
    """One secret of the file; ``state`` is None where Secrets Manager has none."""

    name: str
    secret: Secret
    state: SecretState | None
    now: datetime

    @property
    def standing(self) -> Standing:
        """How it stands; one that is not there has no value."""
        if self.state is None:
            return Standing.NO_VALUE
        return standing(self.secret, self.state, self.now)

    @property
    def percent(self) -> float:
        """Its age in percent of the cadence; one that is not there is the oldest."""
        return percent(self.secret, self.state, self.now) if self.state else float("inf")

    def cells(self) -> Sequence[str]:
        """Write it for people, in the order of the columns."""
        days = self.state.days(self.now) if self.state else None
        found = due(self.secret, self.state) if self.state else None
        # What wants somebody is in capitals, also where there are no colours.
        word = self.standing.upper() if self.standing.bad else self.standing.value
        return (
            self.name,
            word,
            "-" if days is None else str(int(days)),
            str(self.secret.rotation_days),
            f"{found:%Y-%m-%d}" if found else "-",
            self.secret.mechanism,
            self.secret.owner,
            ", ".join(self.secret.consumers) or "-",
        )

    def as_json(self) -> dict[str, Any]:
        """Write it for machines; dates in ISO 8601, age in days."""
        days = self.state.days(self.now) if self.state else None
        found = due(self.secret, self.state) if self.state else None
        return {
            "secret": self.name,
            "state": self.standing.value,
            "age_days": None if days is None else round(days, 2),
            "rotation_days": self.secret.rotation_days,
            "next_rotation": found.isoformat() if found else None,
            "mechanism": self.secret.mechanism,
            "owner": self.secret.owner,
            "consumers": list(self.secret.consumers),
        }

    def next(self, environment: str) -> str:
        """Name the command that mends it."""
        if self.state is None:
            return f"make deploy ENV={environment}"
        if self.standing is Standing.OFF:
            return f"make deploy ENV={environment}"
        how = "--value-stdin" if self.secret.mechanism == OPERATOR_SUPPLIED else "--now"
        return f"runbook rotate {environment} --secret {self.name} {how}"


def listed(account: Account, now: datetime) -> list[Listed]:
    """Describe every secret of the environment, what wants attention first; ``now`` has a zone."""
    secrets: Mapping[str, Secret] = account.environment.secrets
    found = [Listed(name, s, _state(account, name), now) for name, s in secrets.items()]
    return sorted(found, key=lambda each: (not each.standing.bad, -each.percent, each.name))


def _state(account: Account, name: str) -> SecretState | None:
    try:
        return read_state(account, name)
    except RefusedError:
        return None


def lines(rows: Sequence[Listed]) -> Iterator[tuple[str, bool]]:
    """Write the table, a line each, with whether somebody has to do something about it."""
    cells = [_COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(_COLUMNS))]
    bad = [False, *(row.standing.bad for row in rows)]
    for line, marked in zip(cells, bad, strict=True):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield text.rstrip(), marked
