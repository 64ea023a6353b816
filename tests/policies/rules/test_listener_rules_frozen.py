"""listener-rules-frozen (ROVN-DEP-4)."""

import json

import pytest

from policies.rules import listener_rules_frozen
from policies.rules.listener_rules_frozen import RULE, frozen
from runbook.model.loader import known_environments, load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, APP, SERVICE, Spoil, all_pass, faults, setting

LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
PRODUCTION, TEST = "ServiceColoursProductionRule", "ServiceColoursTestRule"
FORWARD = "Actions.0.ForwardConfig.TargetGroups"


def put(path: str, value: object) -> Spoil:
    return setting(LISTENER_RULE, PRODUCTION, path, value)


def test_both_rules_are_as_first_deployed(real: Real) -> None:
    assert all_pass(real, RULE, PRODUCTION, TEST)


def test_every_blue_green_service_is_held_and_no_other() -> None:
    wanted = {
        (name, key)
        for name in known_environments()
        for key, service in load_environment(name).services.items()
        if service.strategy == "blue_green"
    }
    assert {(name, key) for name, services in frozen().items() for key in services} == wanted
    for services in frozen().values():
        for rules in services.values():
            assert set(rules) == {"production", "test", "groups"}


def swapped(body: Json) -> None:
    groups = properties(body, LISTENER_RULE, PRODUCTION)["Actions"][0]["ForwardConfig"]
    groups["TargetGroups"].reverse()


HOST = [{"Field": "host-header", "HostHeaderConfig": {"Values": ["x.example"]}}]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("Priority", 12), "Priority is 12, and was first deployed as 11"),
        (put("Conditions", HOST), f"Conditions is {HOST}, and was first deployed as "),
        (put(f"{FORWARD}.0.Weight", 0), "Actions is "),
        (swapped, "Actions is "),
        (put("Transforms", []), "Transforms is [], and was first deployed as None"),
    ],
)
def test_a_changed_rule_fails(production: Real, spoil: Spoil, message: str) -> None:
    (said,) = faults(production, RULE, APP, spoil).items()
    assert said[0] == PRODUCTION
    assert said[1].startswith(message)


def test_target_groups_are_told_by_what_they_are_to_the_service(production: Real) -> None:
    said = faults(production, RULE, APP, swapped)[PRODUCTION]
    now = "[{'TargetGroupArn': 'alternate', 'Weight': 0}, {'TargetGroupArn': 'first', "
    first = "[{'TargetGroupArn': 'first', 'Weight': 100}, {'TargetGroupArn': 'alternate', "
    assert said.index(now) < said.index("and was first deployed as") < said.index(first)


def test_a_tag_changes_nothing(production: Real) -> None:
    assert faults(production, RULE, APP, put("Tags", [])) == {}


def test_an_open_weight_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put(f"{FORWARD}.0.Weight", OPEN))
    assert said[PRODUCTION].startswith("${SomeParameter} cannot be known before the deploy")


def test_what_was_never_written_down_fails(
    production: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_rules_frozen, "frozen", dict)
    nothing = "policies/frozen_listener_rules.toml has no values for rovn/production passport-api"
    assert faults(production, RULE, APP) == {
        PRODUCTION: f"{nothing} production",
        TEST: f"{nothing} test",
    }


def test_a_rule_that_was_deployed_must_exist(production: Real) -> None:
    advanced = "LoadBalancers.0.AdvancedConfiguration.TestListenerRule"
    spoil = setting(SERVICE, "Service", advanced, ABSENT)
    assert faults(production, RULE, APP, spoil) == {
        None: "policies/frozen_listener_rules.toml holds the test rule of passport-api, "
        "and there is none"
    }


def test_only_this_rule_sees_another_weight(real: Real) -> None:
    spoil = put(f"{FORWARD}.0.Weight", 99)
    assert real.caught(APP, spoil) == {("listener-rules-frozen", PRODUCTION)}


GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


@pytest.mark.parametrize(("key", "value"), [("Port", 80), ("Name", "blue"), ("Protocol", "HTTPS")])
def test_a_target_group_that_is_made_anew_fails(production: Real, key: str, value: object) -> None:
    """Its rule gets another ARN, so CloudFormation writes the weights, too."""
    said = faults(production, RULE, APP, setting(GROUP, "ServiceColoursBlue", key, value))
    assert set(said) == {PRODUCTION, TEST}
    assert all(m.startswith("its first target group is {") for m in said.values())


def test_colours_that_changed_places_fail(production: Real) -> None:
    def change_places(body: Json) -> None:
        text = json.dumps(body)
        blue, green = (
            next(k for k in body["Resources"] if k.startswith(f"ServiceColours{colour}"))
            for colour in ("Blue", "Green")
        )
        swapped_text = text.replace(blue, "?").replace(green, blue).replace("?", green)
        body["Resources"] = json.loads(swapped_text)["Resources"]
        body["Resources"][blue], body["Resources"][green] = (
            body["Resources"][green],
            body["Resources"][blue],
        )

    assert set(faults(production, RULE, APP, change_places)) == {PRODUCTION, TEST}


@pytest.mark.clause("ALL-4")
def test_what_is_gone_is_told_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"r{number:02}" for number in range(20)]
    held: Json = {"rovn/production": {"gone": {key: {} for key in [*names, "groups"]}}}
    monkeypatch.setattr(listener_rules_frozen, "frozen", lambda: held)
    told = verdicts(RULE, template("data", {}), whole=True)[None]
    assert [said.split()[3] for said in told.split("; ")] == names
