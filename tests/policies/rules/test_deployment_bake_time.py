"""deployment-bake-time (ROVN-DEP-4, ROVN-RB-2)."""

import pytest

from policies.rules.deployment_bake_time import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import ABSENT, APP, SERVICE, all_pass, faults, file_says, setting

BAKE = "DeploymentConfiguration.BakeTimeInMinutes"


def test_the_files_minutes_pass(real: Real) -> None:
    assert all_pass(real, RULE, "Service")


@pytest.mark.parametrize(
    ("minutes", "message"),
    [
        (5, "the old tasks stay 5 minutes, not 15"),
        (0, "the old tasks stay 0 minutes, not 15"),
        (ABSENT, "BakeTimeInMinutes is not set, the file says 15"),
    ],
)
def test_other_minutes_fail(production: Real, minutes: object, message: str) -> None:
    spoil = setting(SERVICE, "Service", BAKE, minutes)
    assert faults(production, RULE, APP, spoil) == {"Service": message}


def test_open_minutes_fail(production: Real) -> None:
    said = faults(production, RULE, APP, setting(SERVICE, "Service", BAKE, OPEN))
    assert said["Service"].startswith(f"{BAKE}: ${{SomeParameter}} is open")


@pytest.mark.parametrize(
    ("minutes", "messages"),
    [
        (ABSENT, {}),
        (0, {}),
        (5, {"Service": "the old tasks stay 5 minutes, not 0"}),
    ],
)
def test_a_rolling_service_has_nothing_to_bake(
    production: Real,
    monkeypatch: pytest.MonkeyPatch,
    minutes: object,
    messages: dict[str | None, str],
) -> None:
    file_says(monkeypatch, strategy="rolling", bake_minutes=0)
    spoil = setting(SERVICE, "Service", BAKE, minutes)
    assert faults(production, RULE, APP, spoil) == messages


def test_a_service_that_the_file_does_not_know_is_not_looked_at(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "ServiceName", "another")
    assert faults(production, RULE, APP, spoil) == {}


def test_only_this_rule_sees_a_shorter_bake_time(real: Real) -> None:
    spoil = setting(SERVICE, "Service", BAKE, 1)
    assert real.caught(APP, spoil) == {("deployment-bake-time", "Service")}


def test_a_number_may_be_text(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "DeploymentConfiguration.BakeTimeInMinutes", "15")
    assert faults(production, RULE, APP, spoil) == {}
