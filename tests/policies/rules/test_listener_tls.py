"""listener-tls."""

import pytest

from policies.rules.listener_tls import FORWARD_SECRET, RULE
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts
from tests.policies.rules.spoiling import add, all_pass, setting

LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
TODAY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
GOOD = {
    "Port": 443,
    "Protocol": "HTTPS",
    "Certificates": [{"CertificateArn": "arn:x"}],
    "SslPolicy": TODAY,
}


def said(**given: object) -> str:
    body = {"Type": LISTENER, "Properties": GOOD | given}
    return verdicts(RULE, template("platform", {"Listener": body}))["Listener"]


def test_both_listeners_of_ours_pass(real: Real) -> None:
    assert all_pass(real, RULE, "IngressBalancerProduction", "IngressBalancerTest")


@pytest.mark.parametrize("policy", sorted(FORWARD_SECRET))
def test_forward_secret_policies_pass(policy: str) -> None:
    assert said(SslPolicy=policy) == "pass"
    assert "Ext1" not in policy
    assert "Ext2" not in policy


WEAK = "takes TLS below 1.2, or keys without forward secrecy"
OLDEST = "ELBSecurityPolicy-2016-08"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Port": 80, "Protocol": "HTTP"}, "port 80 speaks HTTP, not HTTPS"),
        ({"Protocol": "TCP"}, "port 443 speaks TCP, not HTTPS"),
        ({"Protocol": None}, "port 443 speaks None, not HTTPS"),
        ({"Certificates": []}, "port 443 has no certificate"),
        ({"SslPolicy": OLDEST}, f"{OLDEST} {WEAK}"),
        (
            {"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09"},
            f"ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09 {WEAK}",
        ),
        (
            {"SslPolicy": OPEN},
            "SslPolicy: ${SomeParameter} is open: "
            "the parameter SomeParameter is given when it is deployed",
        ),
    ],
)
def test_anything_weaker_fails(given: Json, message: str) -> None:
    assert said(**given) == message


def test_cloudformations_own_choice_fails() -> None:
    body = {"Type": LISTENER, "Properties": {k: v for k, v in GOOD.items() if k != "SslPolicy"}}
    found = verdicts(RULE, template("platform", {"Listener": body}))
    assert found["Listener"] == f"{OLDEST} {WEAK}"


def test_a_classic_load_balancer_fails() -> None:
    body = {"Type": "AWS::ElasticLoadBalancing::LoadBalancer"}
    assert verdicts(RULE, template("platform", {"Old": body}))["Old"] == (
        "it is a classic load balancer, whose listeners no rule reads"
    )


def test_something_must_listen() -> None:
    assert verdicts(RULE, template("platform", {}), whole=True) == {
        None: "nothing listens for the services of the environment file"
    }


def test_only_this_rule_sees_a_redirect_from_port_80(real: Real) -> None:
    redirect = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443"}}]
    plain = add("Plain", LISTENER, Port=80, Protocol="HTTP", DefaultActions=redirect)
    assert real.caught("platform", plain) == {("listener-tls", "Plain")}


def test_only_this_rule_sees_an_old_policy(real: Real) -> None:
    spoil = setting(LISTENER, "IngressBalancerTest", "SslPolicy", OLDEST)
    assert real.caught("platform", spoil) == {("listener-tls", "IngressBalancerTest")}
