"""cluster-insights (ROVN-ALM-4)."""

import pytest

from policies.rules.cluster_insights import RULE
from tests.policies.rules.harness import OPEN, Real, template, verdicts
from tests.policies.rules.spoiling import APP, SERVICE, all_pass, faults, setting

CLUSTER = "AWS::ECS::Cluster"


def said(*settings: object) -> str:
    body = {"Type": CLUSTER, "Properties": {"ClusterSettings": list(settings)}}
    return verdicts(RULE, template("platform", {"Cluster": body}))["Cluster"]


def test_the_cluster_of_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "Cluster")


@pytest.mark.parametrize("value", ["enabled", "enhanced"])
def test_what_counts_tasks_passes(value: str) -> None:
    assert said({"Name": "containerInsights", "Value": value}) == "pass"


def test_what_counts_none_fails() -> None:
    wanted = "not enhanced or enabled"
    assert said() == f"containerInsights is not set, {wanted}"
    off = {"Name": "containerInsights", "Value": "disabled"}
    assert said(off) == f"containerInsights is disabled, {wanted}"
    # ECS would go by the account's setting, which no template tells.
    assert said({"Name": "another", "Value": "enabled"}).startswith("containerInsights is not set")


def test_an_open_value_fails() -> None:
    open_one = said({"Name": "containerInsights", "Value": OPEN})
    assert open_one.startswith("${SomeParameter} cannot be known before the deploy")


def test_the_cluster_must_be_one_of_the_templates(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "Cluster", "default")
    assert faults(production, RULE, APP, spoil) == {
        None: "rovn-passport-api runs in a cluster that is not in these templates"
    }


def test_only_this_rule_sees_insights_switched_off(real: Real) -> None:
    spoil = setting(CLUSTER, "Cluster", "ClusterSettings.0.Value", "disabled")
    assert real.caught("platform", spoil) == {("cluster-insights", "Cluster")}
