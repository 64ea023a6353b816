"""no-content-network (ROVN-NET-1)."""

import pytest

from policies.rules.no_content_network import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real
from tests.policies.rules.spoiling import APP, add, faults, file_says, services_are

DISTRIBUTION = "AWS::CloudFront::Distribution"
FAULT = "it stands before the load balancer, and passport.rovn.to is to lead straight to AWS"


def test_nothing_stands_before_ours(real: Real) -> None:
    assert real.statuses(RULE) == {None: "not_applicable"}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (DISTRIBUTION, {"DistributionConfig": {"Aliases": ["passport.rovn.to"]}}),
        (DISTRIBUTION, {"DistributionConfig": {"Aliases": ["another.example"]}}),
        (DISTRIBUTION, {"DistributionConfig": {"Enabled": True}}),
        (DISTRIBUTION, {}),
        ("AWS::CloudFront::DistributionTenant", {"Domains": ["passport.rovn.to"]}),
        ("AWS::GlobalAccelerator::Accelerator", {"Name": "edge"}),
    ],
)
def test_an_edge_fails(production: Real, kind: str, given: Json) -> None:
    assert faults(production, RULE, "platform", add("Edge", kind, **given)) == {"Edge": FAULT}


def test_open_aliases_fail(production: Real) -> None:
    edge = add("Edge", DISTRIBUTION, DistributionConfig={"Aliases": OPEN})
    said = faults(production, RULE, "platform", edge)["Edge"]
    assert said.startswith("DistributionConfig.Aliases: ${SomeParameter} is open")


def test_a_name_that_may_be_behind_one_passes(
    production: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingress = load_environment("rovn/production").services[APP].ingress
    file_says(monkeypatch, ingress=ingress.model_copy(update={"dns": "cdn"}))
    edge = add("Edge", DISTRIBUTION, DistributionConfig={"Aliases": ["passport.rovn.to"]})
    assert faults(production, RULE, "platform", edge) == {}


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (DISTRIBUTION, {"DistributionConfig": {"Aliases": ["docs.rovn.to"]}}, {}),
        ("AWS::CloudFront::DistributionTenant", {"Domains": ["docs.rovn.to"]}, {}),
        (
            "AWS::CloudFront::StreamingDistribution",
            {"DistributionConfig": {"Aliases": ["docs.rovn.to"]}},
            {"Edge": FAULT},
        ),
    ],
)
def test_beside_a_direct_name_another_may_be_behind_a_distribution(
    production: Real, monkeypatch: pytest.MonkeyPatch, kind: str, given: Json, told: Json
) -> None:
    direct = load_environment("rovn/production").services[APP]
    behind = direct.ingress.model_copy(update={"dns": "cdn", "hostname": "docs.rovn.to"})
    docs = direct.model_copy(update={"name": "rovn-docs", "ingress": behind})
    services_are(monkeypatch, {APP: direct, "docs": docs})
    assert faults(production, RULE, "platform", add("Edge", kind, **given)) == told


def test_somebody_has_to_be_told_the_record(production: Real) -> None:
    missing = {
        None: "no output of the platform says which record leads passport.rovn.to to the balancer"
    }

    def another_name(body: Json) -> None:
        body["Outputs"]["RecordPassportApi"]["Value"]["Fn::Join"][1][0] = "another CNAME "

    def open_name(body: Json) -> None:
        body["Outputs"]["RecordPassportApi"]["Value"] = OPEN

    def none(body: Json) -> None:
        del body["Outputs"]["RecordPassportApi"]

    for spoil in (another_name, open_name, none):
        assert faults(production, RULE, "platform", spoil) == missing


def test_only_this_rule_sees_a_distribution(real: Real) -> None:
    edge = add("Edge", DISTRIBUTION, DistributionConfig={"Enabled": True})
    assert real.caught("platform", edge) == {("no-content-network", "Edge")}


ROUTE = {"Name": "Passport.rovn.to.", "Type": "CNAME"}
ELSEWHERE = ROUTE | {"ResourceRecords": ["d1.cloudfront.net"]}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("AWS::ApiGateway::DomainName", {"DomainName": "passport.rovn.to"}),
        ("AWS::ApiGatewayV2::DomainName", {"DomainName": "*.rovn.to"}),
        ("AWS::Route53::RecordSet", ELSEWHERE),
        ("AWS::Route53::RecordSetGroup", {"RecordSets": [ELSEWHERE]}),
        ("AWS::GlobalAccelerator::EndpointGroup", {}),
        ("AWS::CloudFront::VpcOrigin", {}),
    ],
)
def test_what_answers_in_its_place_fails(production: Real, kind: str, given: Json) -> None:
    assert set(faults(production, RULE, "platform", add("Edge", kind, **given))) == {"Edge"}


def test_a_record_that_leads_elsewhere_is_told(production: Real) -> None:
    edge = add("Edge", "AWS::Route53::RecordSet", **ELSEWHERE)
    assert faults(production, RULE, "platform", edge) == {
        "Edge": "it leads Passport.rovn.to. to d1.cloudfront.net, not to the load balancer"
    }


def test_a_record_to_the_load_balancer_and_one_of_another_name_pass(production: Real) -> None:
    def record(body: Json) -> None:
        kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
        balancer = next(k for k, r in body["Resources"].items() if r["Type"] == kind)
        name = {"Fn::GetAtt": [balancer, "DNSName"]}
        add("Ours", "AWS::Route53::RecordSet", **ROUTE, ResourceRecords=[name])(body)

    other = ELSEWHERE | {"Name": "www.rovn.to"}
    theirs = add("Theirs", "AWS::Route53::RecordSet", **other)
    assert faults(production, RULE, "platform", record, theirs) == {}
