"""How old a secret is, and whom to ask for what, from its plan and the time alone.

Nothing is kept between runs. Each run stands for the hours since the one before it: what falls
into them is said now, and by no other run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

# A secret without a value counts more than any age.
WITHOUT_VALUE = 1000.0
# Who is asked for the next value is asked again each week.
AGAIN = timedelta(days=7)
# The vendor takes the key of before until somebody revokes it there.
REVOKE_AFTER = tuple(timedelta(days=days) for days in (1, 3, 7))


@dataclass(frozen=True)
class Plan:
    """What the environment file says of a secret.

    Its cadence in ``days``, the role that owns it, whether a person brings its values.
    """

    name: str
    days: int
    owner: str
    supplied: bool


@dataclass(frozen=True)
class State:
    """What Secrets Manager says of a secret, and never its value.

    When it was made, since when its value is what it is, whether there is one before.
    """

    made: datetime
    current: datetime | None
    has_previous: bool


@dataclass(frozen=True)
class Run:
    """One run for one environment: when it was due, and how long after the one before.

    From ``due_soon`` percent of its cadence on, somebody is asked for the next value of a secret.
    """

    environment: str
    due: datetime
    every: timedelta
    due_soon: int

    def covers(self, moment: datetime) -> bool:
        """Say whether a moment falls to this run."""
        return self.due - self.every < moment <= self.due


def percent(plan: Plan, state: State, now: datetime) -> float:
    """Tell the age of the value in percent of the cadence, in whole days; 100 is due."""
    if state.current is None:
        return WITHOUT_VALUE
    return max(0, (now - state.current).days) * 100 / plan.days


def asks(plan: Plan, state: State, run: Run) -> Iterator[tuple[str, str]]:
    """List what to say now, as subject and text; nothing of what a function rotates."""
    if not plan.supplied:
        return
    if _opens(plan, state, run):
        yield (
            f"{run.environment}: rotate {plan.name}",
            f"{_standing(plan, state, run)} Its owner, {plan.owner}, makes a new key at the "
            f"vendor and gives it to an operator, who runs: {_command(plan, run)}",
        )
    if state.current and state.has_previous and _reminds(state.current, run):
        yield (
            f"{run.environment}: revoke the previous {plan.name}",
            f"{plan.name} has a new value since {state.current:%Y-%m-%d %H:%M} UTC. The key of "
            f"before works at the vendor until {plan.owner} revokes it there; who has done that "
            "already has nothing left to do.",
        )


def _opens(plan: Plan, state: State, run: Run) -> bool:
    start = state.made
    if state.current:
        start = state.current + timedelta(days=plan.days) * run.due_soon / 100
    weeks = max(0, (run.due - start) // AGAIN)
    return run.covers(start + weeks * AGAIN)


def _reminds(promoted: datetime, run: Run) -> bool:
    return any(run.covers(promoted + after) for after in REVOKE_AFTER)


def _standing(plan: Plan, state: State, run: Run) -> str:
    if state.current is None:
        return f"{plan.name} has no value yet; its cadence is {plan.days} days."
    age = (run.due - state.current).days
    of_cadence = f"{percent(plan, state, run.due):.0f} % of its {plan.days}"
    return f"{plan.name} is {age} days old, {of_cadence}."


def _command(plan: Plan, run: Run) -> str:
    return f"runbook rotate {run.environment} --secret {plan.name} --value-stdin"
