"""When an age alarms, and on which day that is (ROVN-SEC-3)."""

import pytest

from runbook.model.loader import load_environment
from runbook.model.secret_ages import age_alarms, age_percent, is_late

SECRETS = load_environment("rovn/production").secrets
SUPPLIED, MADE, KEYS = "stripe-api-key", "mcp-inbound-token", "jwt-signing-keys"


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("name", "days"),
    [
        (SUPPLIED, [("due-soon", 72), ("late", 90)]),
        (MADE, [("late", 91)]),
        (KEYS, [("late", 181)]),
    ],
)
def test_an_alarm_rings_from_a_day_on(name: str, days: list[tuple[str, int]]) -> None:
    secret = SECRETS[name]
    alarms = list(age_alarms(secret))
    assert [(each.symptom, each.first_day(secret.rotation_days)) for each in alarms] == days
    for alarm, (_, day) in zip(alarms, days, strict=True):
        assert not alarm.rings(age_percent(secret, day - 0.01))
        assert alarm.rings(age_percent(secret, day))


def test_a_day_that_is_none_is_the_next() -> None:
    due_soon, late = age_alarms(SECRETS[SUPPLIED])
    assert (due_soon.first_day(91), late.first_day(91)) == (73, 91)


def test_without_a_value_every_alarm_rings() -> None:
    for secret in SECRETS.values():
        assert all(alarm.rings(age_percent(secret, None)) for alarm in age_alarms(secret))
        assert is_late(secret, age_percent(secret, None))
