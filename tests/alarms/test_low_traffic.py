"""What little traffic, no traffic, a deployment and a new environment make of expressions.

Worked out on single datapoints, as CloudWatch does: for any numbers, nothing is divided by zero.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.alarms.alarm import Missing
from runbook.alarms.catalogue import metric_alarms_of
from tests.alarms.conftest import SERVICE, named, production, with_service
from tests.alarms.expressions import rings, value

RATE = f"api-5xx-rate/{SERVICE}"
PRODUCTION = production()
COUNTS = st.one_of(st.none(), st.integers(0, 10_000_000).map(float))


@pytest.mark.clause("ROVN-ALM-1")
@given(
    numbers=st.fixed_dictionaries(
        dict.fromkeys(("balancer", "blue", "green", "n_blue", "n_green"), COUNTS)
    )
)
def test_the_rate_of_errors_is_a_percentage_for_any_numbers(
    numbers: dict[str, float | None],
) -> None:
    rate = value(named(PRODUCTION, RATE), numbers)
    assert rate is not None
    assert 0 <= rate <= 100
    errors = sum(numbers[id_] or 0 for id_ in ("balancer", "blue", "green"))
    assert (rate > 0) == (errors >= 5)


@pytest.mark.clause("ROVN-ALM-1")
@pytest.mark.parametrize(
    ("numbers", "rung"),
    [
        ({"blue": 10, "n_blue": 1000}, False),
        ({"blue": 11, "n_blue": 1000}, True),
        ({"green": 11, "n_green": 1000}, True),
        # Both colours serve while a deployment shifts traffic.
        ({"blue": 6, "green": 6, "n_blue": 500, "n_green": 500}, True),
        # What no target took: every request of these failed, and none is counted.
        ({"balancer": 5}, True),
        ({"balancer": 11, "n_blue": 1000}, True),
        # A handful is no rate, and nothing is nothing.
        ({"blue": 4, "n_blue": 4}, False),
        ({"n_blue": 3}, False),
        ({}, False),
    ],
)
def test_errors_ring_at_more_than_one_percent_of_five_at_least(
    numbers: dict[str, float], rung: bool
) -> None:
    assert rings(named(PRODUCTION, RATE), numbers) is rung


@given(numbers=st.fixed_dictionaries(dict.fromkeys(("balancer", "blue", "n_blue"), COUNTS)))
def test_one_colour_is_counted_by_the_same_sum(numbers: dict[str, float | None]) -> None:
    alone = named(with_service(strategy="rolling"), RATE)
    assert value(alone, numbers) == value(named(PRODUCTION, RATE), numbers)


@pytest.mark.clause("ROVN-ALM-10")
@pytest.mark.parametrize(
    ("errors", "fast", "slow"),
    [(5, False, False), (59, False, False), (61, False, True), (145, True, True)],
)
def test_an_objective_burns_at_its_multiple(errors: int, fast: bool, slow: bool) -> None:
    numbers = {"blue": float(errors), "n_blue": 10_000.0}
    for id_, rung in (("slo-fast-burn", fast), ("slo-slow-burn", slow)):
        parts = [a for a in metric_alarms_of(PRODUCTION) if a.id.startswith(f"{id_}-")]
        assert len(parts) == 2
        assert {rings(part, numbers) for part in parts} == {rung}


@pytest.mark.clause("ROVN-HLT-1")
@pytest.mark.parametrize(
    ("numbers", "ends", "wakes"),
    [
        ({"good_blue": 3}, False, False),
        ({"bad_blue": 1, "good_blue": 2}, False, False),
        ({"bad_blue": 2, "good_blue": 1}, True, True),
        ({"bad_blue": 3}, True, True),
        # A new colour that never becomes healthy ends its deployment, and wakes nobody.
        ({"good_blue": 3, "bad_green": 3}, True, False),
        ({"good_blue": 3, "bad_green": 2, "good_green": 1}, True, False),
        ({"bad_blue": 1, "good_blue": 2, "bad_green": 3}, True, True),
        ({"good_blue": 3, "good_green": 3}, False, False),
        # No task at all is no health: others see that.
        ({}, False, False),
    ],
)
def test_most_ill_tasks_wake_and_an_ill_colour_ends_its_deployment(
    numbers: dict[str, float], ends: bool, wakes: bool
) -> None:
    parts = {alarm.key: alarm for alarm in metric_alarms_of(PRODUCTION)}
    colour, tasks = parts[f"api-colour-ill/{SERVICE}"], parts[f"api-tasks-ill/{SERVICE}"]
    assert rings(colour, numbers) is ends
    # The composite rings while both do.
    assert (rings(tasks, numbers) and rings(colour, numbers)) is wakes
    assert not rings(tasks, numbers) or rings(colour, numbers)


@pytest.mark.parametrize(
    ("numbers", "rung"),
    [
        ({"blue": 1.2, "n_blue": 20}, True),
        ({"blue": 1.2, "n_blue": 19}, False),
        ({"blue": 0.2, "green": 1.2, "n_blue": 500, "n_green": 500}, True),
        ({"blue": 0.9, "n_blue": 500}, False),
        ({}, False),
    ],
)
def test_a_handful_of_requests_has_no_percentile(numbers: dict[str, float], rung: bool) -> None:
    assert rings(named(PRODUCTION, f"api-p95-latency/{SERVICE}"), numbers) is rung


@pytest.mark.clause("ROVN-ALM-4")
@pytest.mark.parametrize(
    ("desired", "running", "deployments", "rung"),
    [
        (3, 3, 1, False),
        (3, 2, 1, True),
        # A deployment starts and stops tasks.
        (6, 3, 2, False),
        # That none runs, it never explains.
        (3, 0, 2, True),
        (3, 0, 1, True),
        (0, 0, 1, False),
    ],
)
def test_a_deployment_explains_fewer_tasks_and_never_none(
    desired: int, running: int, deployments: int, rung: bool
) -> None:
    numbers = {
        "desired": float(desired),
        "running": float(running),
        "deployments": float(deployments),
    }
    assert rings(named(PRODUCTION, f"ecs-running-below-desired/{SERVICE}"), numbers) is rung


@pytest.mark.clause("ROVN-ALM-8")
@pytest.mark.parametrize(
    ("numbers", "rung"),
    [
        ({"failures": 5, "calls": 20}, True),
        ({"failures": 4, "calls": 4}, False),
        ({"failures": 5, "calls": 25}, False),
        ({"failures": 5}, True),
        ({"calls": 100}, False),
        ({}, False),
    ],
)
def test_the_ai_providers_failures_are_a_share_of_calls(
    numbers: dict[str, float], rung: bool
) -> None:
    assert rings(named(PRODUCTION, f"ai-executor-failures/{SERVICE}"), numbers) is rung


def test_nothing_wakes_anybody_where_nothing_was_ever_said() -> None:
    """A new environment: what pages by silence is armed, or measured by what stands before it."""
    silent = {
        alarm.id
        for alarm in metric_alarms_of(PRODUCTION)
        if alarm.severity == "sev-1" and not alarm.part
        if alarm.missing is Missing.BAD or rings(alarm, {})
    }
    # Its function looks whenever a role is made, and that is before the alarm is.
    assert silent == {"secret-access-drift"}
