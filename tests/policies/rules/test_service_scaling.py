"""service-scaling (ROVN-DEP-7)."""

import pytest

from policies.rules.service_scaling import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    SERVICE,
    Spoil,
    add,
    all_pass,
    faults,
    file_says,
    setting,
)

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
TRACKING = "TargetTrackingScalingPolicyConfiguration"


def put(path: str, value: object) -> Spoil:
    return setting(TARGET, "ServiceTasks", path, value)


def test_the_files_limits_and_no_count_beside_them_pass(real: Real) -> None:
    assert all_pass(real, RULE, "Service", "ServiceTasks")


NOTHING = {"Service": "nothing scales service/rovn-production/rovn-passport-api"}
NIGHT = [{"ScalableTargetAction": {"MinCapacity": 1}, "ScheduledActionName": "night"}]


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (put("MinCapacity", 2), {"ServiceTasks": "it keeps 2 to 6 tasks, not 3 to 6"}),
        (put("MaxCapacity", 60), {"ServiceTasks": "it keeps 3 to 60 tasks, not 3 to 6"}),
        (
            put("ScheduledActions", NIGHT),
            {"ServiceTasks": "a scheduled action lets it fall to 1 tasks, below 3"},
        ),
        (put("ResourceId", "service/rovn-production/another"), NOTHING),
        (put("ResourceId", "service/default/rovn-passport-api"), NOTHING),
        (put("ScalableDimension", "another"), NOTHING),
        (put("ServiceNamespace", "another"), NOTHING),
        (
            setting(POLICY, "ServiceCpuUse", f"{TRACKING}.TargetValue", 80),
            {"ServiceTasks": "no scaling policy keeps its CPU near 60 percent"},
        ),
        (
            setting(POLICY, "ServiceCpuUse", "ScalingTargetId", "another"),
            {"ServiceTasks": "no scaling policy keeps its CPU near 60 percent"},
        ),
        (
            setting(SERVICE, "Service", "DesiredCount", 3),
            {"Service": "DesiredCount 3 would set the tasks back with each change of the stack"},
        ),
    ],
)
def test_other_limits_and_a_second_count_fail(
    production: Real, spoil: Spoil, messages: dict[str | None, str]
) -> None:
    assert faults(production, RULE, APP, spoil) == messages


def test_one_task_fails_even_if_the_file_says_so(
    production: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_says(monkeypatch, min_tasks=1)
    assert faults(production, RULE, APP, put("MinCapacity", 1)) == {
        "ServiceTasks": "1 task cannot stand in two zones"
    }


def test_an_open_limit_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put("MinCapacity", OPEN))
    assert said["ServiceTasks"].startswith("MinCapacity: ${SomeParameter} is open")


def test_what_else_is_scaled_is_not_looked_at(production: Real) -> None:
    table = add("Table", TARGET, ServiceNamespace="dynamodb", ResourceId="table/x", MinCapacity=1)
    assert faults(production, RULE, APP, table) == {}


def test_no_limit_at_all_fails(production: Real) -> None:
    assert faults(production, RULE, APP, put("MaxCapacity", ABSENT)) == {
        "ServiceTasks": "it keeps 3 to None tasks, not 3 to 6"
    }


def test_only_this_rule_sees_another_limit(real: Real) -> None:
    assert real.caught(APP, put("MaxCapacity", 7)) == {("service-scaling", "ServiceTasks")}


METRIC = f"{TRACKING}.PredefinedMetricSpecification.PredefinedMetricType"
LITTLE = [{"ScalableTargetAction": {"MaxCapacity": 1}, "ScheduledActionName": "night"}]
NOT_CPU = "no scaling policy keeps its CPU near 60 percent"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            put("SuspendedState", {"DynamicScalingOutSuspended": True}),
            "DynamicScalingOutSuspended is True: nothing adds or takes away tasks",
        ),
        (
            put("ScheduledActions", LITTLE),
            "a scheduled action lets it have 1 tasks at most, outside the file's",
        ),
        (setting(POLICY, "ServiceCpuUse", METRIC, "ECSServiceAverageMemoryUtilization"), NOT_CPU),
        (setting(POLICY, "ServiceCpuUse", f"{TRACKING}.DisableScaleIn", "true"), NOT_CPU),
    ],
)
def test_scaling_that_does_nothing_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"ServiceTasks": message}


def test_a_night_may_have_as_few_tasks_as_the_file(production: Real) -> None:
    night = [{"ScalableTargetAction": {"MaxCapacity": 3}, "ScheduledActionName": "night"}]
    assert faults(production, RULE, APP, put("ScheduledActions", night)) == {}


def named_in_three(body: Json) -> None:
    target, policy = properties(body, TARGET), properties(body, POLICY)
    del policy["ScalingTargetId"]
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    policy |= {name: target[name] for name in names}


@pytest.mark.parametrize("spoil", [put("MinCapacity", "3"), named_in_three])
def test_the_same_in_other_words_passes(production: Real, spoil: Spoil) -> None:
    assert faults(production, RULE, APP, spoil) == {}
