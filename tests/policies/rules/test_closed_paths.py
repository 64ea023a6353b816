"""closed-paths (ROVN-HLT-2)."""

import pytest

from policies.rules.closed_paths import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    Spoil,
    all_pass,
    faults,
    file_says,
    setting,
)

LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
PRODUCTION, CLOSED = "ServiceColoursProductionRule", "ServiceColoursClosedPaths"
OPEN_PATH = {PRODUCTION: "/debug/* reaches rovn-passport-api: no rule before it answers with a 4xx"}


def closed(path: str, value: object) -> Spoil:
    return setting(LISTENER_RULE, CLOSED, path, value)


def paths(*patterns: str) -> Spoil:
    return closed("Conditions.0.PathPatternConfig.Values", list(patterns))


def host(name: str) -> Json:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": [name]}}


DEBUG = {"Field": "path-pattern", "Values": ["/debug/*"]}
METHOD = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}


def test_closed_paths_come_first(real: Real) -> None:
    assert all_pass(real, RULE, PRODUCTION)


@pytest.mark.parametrize(
    "spoil",
    [
        paths("/debug*"),
        paths("/x", "/debug/*"),
        paths("*"),
        paths("/d?bug/*"),
        closed("Conditions", [DEBUG]),
        closed("Conditions", [DEBUG, host("passport.rovn.to")]),
        closed("Actions.0.FixedResponseConfig.StatusCode", "403"),
    ],
)
def test_what_closes_as_much_passes(production: Real, spoil: Spoil) -> None:
    assert faults(production, RULE, APP, spoil) == {}


@pytest.mark.parametrize(
    "spoil",
    [
        # The load balancer tells capital letters from small ones, and ? from any text.
        paths("/Debug/*"),
        paths("/debug/?"),
        paths("/debug/sentry"),
        paths("/debug/"),
        closed("Conditions", [DEBUG, host("another.example")]),
        closed("Conditions", [DEBUG, METHOD]),
        closed("Conditions", []),
        closed("Actions.0.FixedResponseConfig.StatusCode", "200"),
        closed("Actions.0.Type", "redirect"),
        closed("Actions", [{"Type": "authenticate-oidc"}] * 2),
        closed("Priority", 11),
        closed("ListenerArn", "another"),
        closed("Conditions", ABSENT),
    ],
)
def test_what_leaves_a_path_open_fails(production: Real, spoil: Spoil) -> None:
    assert faults(production, RULE, APP, spoil) == OPEN_PATH


def test_an_open_priority_fails(production: Real) -> None:
    (said,) = faults(production, RULE, APP, closed("Priority", OPEN)).values()
    assert said.startswith("Priority: ${SomeParameter} is open")


def test_every_path_of_the_file_is_closed(
    production: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingress = load_environment("rovn/production").services[APP].ingress
    closed_paths = {"closed_paths": ("/debug/*", "/metrics")}
    file_says(monkeypatch, ingress=ingress.model_copy(update=closed_paths))
    assert faults(production, RULE, APP) == {
        PRODUCTION: "/metrics reaches rovn-passport-api: no rule before it answers with a 4xx"
    }


def test_a_listener_that_forwards_by_itself_closes_them_too(production: Real) -> None:
    """What a listener does by default comes after every rule, whatever its number."""

    def spoil(body: Json) -> None:
        rule = properties(body, LISTENER_RULE, PRODUCTION)
        body["Resources"]["Second"] = {
            "Type": LISTENER,
            "Properties": {"Port": 444, "DefaultActions": rule["Actions"]},
        }

    def with_rule(body: Json) -> None:
        rule = properties(body, LISTENER_RULE, CLOSED)
        body["Resources"]["SecondRule"] = {
            "Type": LISTENER_RULE,
            "Properties": rule | {"ListenerArn": {"Ref": "Second"}, "Priority": 50_000},
        }

    assert faults(production, RULE, APP, spoil) == {"Second": OPEN_PATH[PRODUCTION]}
    assert faults(production, RULE, APP, spoil, with_rule) == {}


def test_only_this_rule_sees_a_path_that_is_open(real: Real) -> None:
    assert real.caught(APP, paths("/other")) == {("closed-paths", PRODUCTION)}


def second_rule(**given: object) -> Spoil:
    """Add a rule on the production listener that leads to the service, too."""

    def spoil(body: Json) -> None:
        rule = properties(body, LISTENER_RULE, PRODUCTION)
        changed = rule | {"Priority": 12} | given
        body["Resources"]["Second"] = {"Type": LISTENER_RULE, "Properties": changed}

    return spoil


def test_closing_one_host_does_not_close_the_others(production: Real) -> None:
    closed_here = closed("Conditions", [DEBUG, host("passport.rovn.to")])
    every_host = second_rule(Conditions=[{"Field": "path-pattern", "Values": ["/*"]}])
    said = faults(production, RULE, APP, closed_here, every_host)
    assert said == {"Second": OPEN_PATH[PRODUCTION]}
    assert faults(production, RULE, APP, every_host) == {}


def test_two_conditions_on_paths_close_only_what_both_take(production: Real) -> None:
    never = {"Field": "path-pattern", "Values": ["/never/*"]}
    assert faults(production, RULE, APP, closed("Conditions", [DEBUG, never])) == OPEN_PATH


def test_a_path_that_is_rewritten_fails(production: Real) -> None:
    said = faults(production, RULE, APP, second_rule(Transforms=[{"Type": "url-rewrite"}]))
    assert said["Second"].startswith("its Transforms rewrite what was compared")


@pytest.mark.parametrize("arn", [OPEN, "arn:aws:elasticloadbalancing:other"])
def test_a_target_group_that_nobody_sees_fails(production: Real, arn: object) -> None:
    spoil = second_rule(Actions=[{"Type": "forward", "TargetGroupArn": arn}])
    assert set(faults(production, RULE, APP, spoil)) == {"Second"}


def test_a_target_group_of_no_service_fails(production: Real) -> None:
    def stranger(body: Json) -> None:
        kind = "AWS::ElasticLoadBalancingV2::TargetGroup"
        body["Resources"]["Third"] = {"Type": kind, "Properties": {"Targets": [{"Id": "10.0.0.5"}]}}

    forwards = second_rule(Actions=[{"Type": "forward", "TargetGroupArn": {"Ref": "Third"}}])
    said = faults(production, RULE, APP, stranger, forwards)["Second"]
    assert said.endswith("is of no service of the environment file: what it leads to is unseen")


def test_a_priority_may_be_text(production: Real) -> None:
    assert faults(production, RULE, APP, closed("Priority", "10")) == {}
