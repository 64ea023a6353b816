"""No day on which two secrets of one consumer rotate without overlap (ROVN-SEC-3)."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.rotation import overlap
from runbook.model.rotation_calendar import HORIZON_DAYS, clashes, days_of
from runbook.model.selection import all_environments

ENVIRONMENTS = {environment.name: environment for environment in all_environments()}


def spoiled(environment: Environment, name: str, **changed: Any) -> Environment:  # noqa: ANN401
    """Change one secret, past what the file's own refusals allow."""
    secret = environment.secrets[name].model_copy(update=changed)
    return environment.model_copy(update={"secrets": {**environment.secrets, name: secret}})


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nobody_is_locked_out_on_any_day_of_two_years(name: str) -> None:
    assert list(clashes(ENVIRONMENTS[name])) == []


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_whatever_a_consumer_reads_has_an_overlap(name: str) -> None:
    secrets = ENVIRONMENTS[name].secrets
    read = {key for key, secret in secrets.items() if secret.consumers}
    assert {key for key in read if not overlap(secrets[key]).lasts} == set()
    assert len(read) > 1, "the calendar has something to look at"


@pytest.mark.clause("ROVN-SEC-3")
def test_a_consumer_of_a_secret_without_overlap_is_found() -> None:
    environment = spoiled(
        load_environment("rovn/production"), "database-master", consumers=("passport-api",)
    )
    found = list(clashes(environment))
    assert found[0].day == 0
    assert found[0].consumer == "passport-api"
    assert "database-master" in found[0].secrets
    assert [clash.day for clash in found] == list(days_of(90))


def test_a_cadence_that_meets_another_only_later_is_found_on_that_day() -> None:
    environment = spoiled(
        load_environment("rovn/production"),
        "database-master",
        consumers=("passport-api/migrations",),
        rotation_days=80,
    )
    assert [clash.day for clash in clashes(environment)] == [0, 720]


def test_one_secret_alone_is_no_clash() -> None:
    environment = load_environment("rovn/production")
    alone = environment.secrets["database-master"].model_copy(update={"consumers": ("a",)})
    one = environment.model_copy(update={"secrets": {"database-master": alone}})
    assert list(clashes(one)) == []


def test_a_schedule_begins_with_the_deploy() -> None:
    assert list(days_of(180)) == [0, 180, 360, 540, 720]
    assert days_of(1)[-1] == HORIZON_DAYS
