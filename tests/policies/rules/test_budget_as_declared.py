"""budget-as-declared (ROVN-CST-1)."""

import pytest

from policies.rules import budget_as_declared
from policies.rules.budget_as_declared import BUDGET, RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import add, all_pass, faults, setting

PART, NAME = "costs", "BudgetExceeded"
TAG = "user:runbook:environment"
TOLD = "NotificationsWithSubscribers"


def test_the_budget_passes(real: Real) -> None:
    assert all_pass(real, RULE, NAME)


@pytest.mark.clause("ROVN-CST-1")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("Budget.BudgetLimit.Amount", 9000, "its limit is 9000, not 2500"),
        ("Budget.BudgetLimit.Unit", "EUR", "its unit is EUR, not USD"),
        ("Budget.BudgetType", "USAGE", "its type is USAGE, not COST"),
        ("Budget.TimeUnit", "ANNUALLY", "its time is ANNUALLY, not MONTHLY"),
        (
            "Budget.CostFilters",
            {"TagKeyValue": [f"{TAG}$staging"]},
            f"its filter is {{'TagKeyValue': ['{TAG}$staging']}}, "
            f"not {{'TagKeyValue': ['{TAG}$production']}}",
        ),
        (
            f"{TOLD}.0.Notification.Threshold",
            95,
            "rovn-production-sev-3 is not told at 80 % ACTUAL",
        ),
        (
            f"{TOLD}.1.Subscribers",
            [{"SubscriptionType": "EMAIL", "Address": "a@example.org"}],
            "rovn-production-sev-3 is not told at 100 % ACTUAL",
        ),
        (
            f"{TOLD}.2.Notification.NotificationType",
            "ACTUAL",
            "rovn-production-sev-3 is not told at 100 % FORECASTED",
        ),
    ],
)
def test_a_budget_that_is_another(production: Real, path: str, value: object, message: str) -> None:
    assert faults(production, RULE, PART, setting(BUDGET, NAME, path, value)) == {NAME: message}


BESIDE: list[tuple[str, Json]] = [
    ("TimePeriod", {"Start": "1577836800", "End": "1577923200"}),
    ("CostTypes", {"IncludeSubscription": False, "IncludeUpfront": False}),
    ("AutoAdjustData", {"AutoAdjustType": "HISTORICAL"}),
    ("PlannedBudgetLimits", {"1577836800": {"Amount": 9000, "Unit": "USD"}}),
    ("FilterExpression", {"Not": {"Tags": {"Key": "x", "Values": ["y"]}}}),
]


@pytest.mark.clause("ROVN-CST-1")
@pytest.mark.parametrize(("key", "value"), BESIDE)
def test_what_makes_another_sum_of_it(production: Real, key: str, value: Json) -> None:
    told = faults(production, RULE, PART, setting(BUDGET, NAME, f"Budget.{key}", value))
    assert told == {NAME: f"{key} is set, of which the catalogue knows nothing"}


@pytest.mark.parametrize(("key", "value"), BESIDE)
def test_only_this_rule_sees_another_sum(production: Real, key: str, value: Json) -> None:
    spoil = setting(BUDGET, NAME, f"Budget.{key}", value)
    assert production.caught(PART, spoil) == {("budget-as-declared", NAME)}


def test_without_it_nobody_hears(production: Real) -> None:
    told = faults(production, RULE, PART, setting(BUDGET, NAME, "Budget.BudgetName", "mine"))
    assert told == {
        NAME: "mine is no budget of the catalogue",
        None: "no budget is called rovn-production-budget-exceeded",
    }


def test_no_budget_stands_beside_the_catalogue(production: Real) -> None:
    told = faults(production, RULE, PART, add("Mine", BUDGET, Budget={"BudgetName": "mine"}))
    assert told == {"Mine": "mine is no budget of the catalogue"}


def test_an_open_sum_fails(production: Real) -> None:
    spoil = setting(BUDGET, NAME, "Budget.BudgetLimit.Amount", OPEN)
    assert "${SomeParameter} is open" in faults(production, RULE, PART, spoil)[NAME]


def test_other_resources_are_not_looked_at() -> None:
    thing = {"Type": "AWS::CloudWatch::Alarm", "Properties": {}}
    assert "Thing" not in verdicts(RULE, template("data", {"Thing": thing}))


def test_only_this_rule_sees_a_larger_sum(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, BUDGET, NAME)["Budget"]["BudgetLimit"]["Amount"] *= 10

    assert real.caught(PART, spoil) == {("budget-as-declared", NAME)}


@pytest.mark.clause("ALL-4")
def test_what_is_missing_is_told_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"b{number:02}" for number in range(20)]
    monkeypatch.setattr(budget_as_declared, "_wanted", lambda _: dict.fromkeys(names))
    told = verdicts(RULE, template("data", {}), whole=True)[None]
    assert told.split("; ") == [f"no budget is called {name}" for name in names]
