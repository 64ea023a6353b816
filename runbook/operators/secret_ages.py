"""How old a secret is against its cadence, and what of it wants attention (ROVN-SEC-3)."""

from datetime import datetime, timedelta
from enum import StrEnum

from runbook.model.rotation import OPERATOR_SUPPLIED
from runbook.model.secret_ages import DUE_SOON, age_percent, is_late
from runbook.model.secrets import Secret
from runbook.operators.secret_state import SecretState

_AN_HOUR = timedelta(hours=1)


class Standing(StrEnum):
    """How one secret stands."""

    LATE = "late"
    FAILED = "rotation failed"
    OFF = "rotation off"
    NO_VALUE = "no value"
    PENDING = "rotation under way"
    DUE_SOON = "due soon"
    OK = "ok"

    @property
    def bad(self) -> bool:
        """Whether somebody has to do something now."""
        return self in (Standing.LATE, Standing.FAILED, Standing.OFF, Standing.NO_VALUE)


def percent(secret: Secret, state: SecretState, now: datetime) -> float:
    """Tell the age of the current value in percent of the cadence, as the metric does."""
    return age_percent(secret, state.days(now))


def standing(secret: Secret, state: SecretState, now: datetime) -> Standing:
    """Judge one secret: what keeps it from being replaced comes before how late it is.

    Late is what alarms as late: what a function rotates may take all of the day that it is due.
    A version that has been pending for more than an hour is of a rotation that failed.
    """
    age = percent(secret, state, now)
    if state.current is None and state.pending is None:
        return Standing.NO_VALUE
    if secret.mechanism != OPERATOR_SUPPLIED and not state.rotates:
        return Standing.OFF
    if state.pending:
        made = state.pending.created or state.last_changed
        return Standing.PENDING if made and now - made < _AN_HOUR else Standing.FAILED
    if is_late(secret, age):
        return Standing.LATE
    return Standing.DUE_SOON if age >= DUE_SOON else Standing.OK


def due(secret: Secret, state: SecretState) -> datetime | None:
    """Tell when the next rotation is due: AWS's own date, else the end of the cadence."""
    if secret.mechanism != OPERATOR_SUPPLIED and state.next_rotation:
        return state.next_rotation
    return state.since + timedelta(days=secret.rotation_days) if state.since else None
