"""endpoints-private."""

import json

import pytest

from policies.rules.endpoints_private import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ENDPOINT = "AWS::EC2::VPCEndpoint"
ACCOUNT = {"aws:PrincipalAccount": "111122223333"}
LAYERS = "arn:aws:s3:::prod-us-east-2-starport-layer-bucket/*"


def allow(*, sid: str = "Own", equals: Json | None = None, **given: object) -> Json:
    said = {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*"}
    condition = {"Condition": {"StringEquals": equals}} if equals else {}
    return said | {"Resource": "*"} | condition | given


def endpoint(*policy: Json, service: str = "kms", **given: object) -> Json:
    said = {
        "ServiceName": f"com.amazonaws.us-east-2.{service}",
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": True,
        "PolicyDocument": {"Statement": list(policy) or [allow(equals=ACCOUNT)]},
    } | given
    return {"Type": ENDPOINT, "Properties": said}


def said(body: Json) -> str:
    return verdicts(RULE, template("network", {"It": body}))["It"]


WIDE = "its statement Own is not limited to 111122223333"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (endpoint(), "pass"),
        (endpoint(PolicyDocument={"Statement": allow(equals=ACCOUNT)}), "pass"),
        (endpoint(PolicyDocument=json.dumps({"Statement": allow(equals=ACCOUNT)})), "pass"),
        (endpoint(allow(equals={"AWS:principalaccount": ["111122223333"]})), "pass"),
        (endpoint(allow(equals=ACCOUNT), allow(sid="No", Effect="Deny")), "pass"),
        (endpoint(allow()), WIDE),
        (endpoint(allow(equals=ACCOUNT), allow()), WIDE),
        (endpoint(allow(equals={"aws:PrincipalAccount": ["111122223333", "444455556666"]})), WIDE),
        (endpoint(allow(Condition={"StringEqualsIfExists": ACCOUNT})), WIDE),
        (endpoint(allow(Action="s3:*", Resource=LAYERS)), WIDE),
        (endpoint(PolicyDocument=None), "PolicyDocument is not set: it lets every account through"),
        (
            endpoint(PrivateDnsEnabled=False),
            "PrivateDnsEnabled is not true: the service's name leads through the NAT gateways",
        ),
        (endpoint(PolicyDocument="{"), "a policy is text, and no JSON"),
        (
            endpoint(allow(equals={"aws:PrincipalAccount": OPEN})),
            "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed",
        ),
    ],
)
def test_an_endpoint_lets_this_account_through(body: Json, message: str) -> None:
    assert said(body) == message


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (allow(equals=ACCOUNT | {"aws:ResourceAccount": "111122223333"}), "pass"),
        (allow(Action="s3:GetObject", Resource=[LAYERS]), "pass"),
        (allow(equals=ACCOUNT), WIDE),
        (allow(Action="s3:GetObject", Resource=[LAYERS, "*"]), WIDE),
        (allow(Action=["s3:GetObject", "s3:PutObject"], Resource=LAYERS), WIDE),
    ],
)
def test_a_gateway_leads_to_this_accounts_buckets(policy: Json, message: str) -> None:
    body = endpoint(policy, service="s3", PrivateDnsEnabled=None)
    del body["Properties"]["VpcEndpointType"]
    assert said(body) == message


def test_the_files_endpoints_must_exist() -> None:
    found = verdicts(RULE, template("network", {"It": endpoint()}), whole=True)[None]
    assert found.startswith("there is no interface endpoint for com.amazonaws.us-east-2.bedrock")
    assert "us-east-2.kms" not in found


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("network", {"Vpc": {"Type": "AWS::EC2::VPC"}}))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_name_that_leads_outside(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, ENDPOINT, "NetworkEndpointsKms")["PrivateDnsEnabled"] = False

    assert real.caught("network", spoil) == {(RULE.id, "NetworkEndpointsKms")}


def test_only_this_rule_sees_a_way_to_the_buckets_of_others(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, ENDPOINT, "NetworkVpcS3")["PolicyDocument"]
        del policy["Statement"][0]["Condition"]["StringEquals"]["aws:ResourceAccount"]

    assert real.caught("network", spoil) == {(RULE.id, "NetworkVpcS3")}
