"""The pace at which an objective's budget is spent, and when it is told (ROVN-ALM-10)."""

import pytest

from runbook.alarms.alarm import LONGEST_WINDOW, CompositeAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.model.loader import known_environments, load_environment
from runbook.model.objectives import FAST_BURN, SLOW_BURN, Burn, Objectives


@pytest.mark.clause("ROVN-ALM-10")
@pytest.mark.parametrize(
    ("days", "fast", "slow"), [(30, 14.4, 6.0), (7, 3.36, 1.4), (28, 13.44, 5.6), (90, 43.2, 18.0)]
)
def test_times_follow_from_the_share_of_the_window(days: int, fast: float, slow: float) -> None:
    objective = Objectives(availability_percent=99.9, window_days=days, p95_latency_ms=1000)
    assert (objective.times(FAST_BURN), objective.times(SLOW_BURN)) == (fast, slow)


@pytest.mark.parametrize("burn", [FAST_BURN, SLOW_BURN])
def test_that_pace_spends_that_share(burn: Burn) -> None:
    """Errors at the threshold for the long window take the burn's percent of the whole budget."""
    objective = Objectives(availability_percent=99.9, window_days=30, p95_latency_ms=1000)
    rate = objective.times(burn) * objective.budget_percent
    spent = rate * burn.hours / (objective.budget_percent * objective.window_days * 24)
    assert spent * 100 == pytest.approx(burn.percent)


@pytest.mark.clause("ROVN-ALM-10")
@pytest.mark.parametrize("name", known_environments())
def test_each_burn_has_a_long_window_and_a_short_one_in_it(name: str) -> None:
    environment = load_environment(name)
    [(key, service)] = environment.services.items()
    found = {alarm.key: alarm for alarm in alarms_of(environment)}
    for id_, burn in (("slo-fast-burn", FAST_BURN), ("slo-slow-burn", SLOW_BURN)):
        alarm = found[f"{id_}/{key}"]
        assert isinstance(alarm, CompositeAlarm)
        long, short = alarm.every
        assert (long.window, short.window) == (burn.hours * 3600, burn.minutes * 60)
        assert long.threshold == short.threshold == service.objectives.times(burn)
        assert short.window < long.window <= LONGEST_WINDOW
        assert str(long.expression).endswith(f" / {service.objectives.budget_percent:g}")


def test_what_is_filled_each_minute_does_not_hang_on_the_newest() -> None:
    """CloudWatch fills the minute that has not come yet, too: all of the last never breach."""
    for name in known_environments():
        for alarm in alarms_of(load_environment(name)):
            if isinstance(alarm, MetricAlarm) and alarm.period == 60:
                filled = "FILL(" in (alarm.expression or "")
                assert not filled or alarm.breaching < alarm.periods, alarm.key
