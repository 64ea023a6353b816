"""no-secret-in-template (ROVN-SEC-1)."""

import base64
import json
import re
from importlib.resources import files
from typing import Any

import pytest

from policies.lookups.secret_properties import NAMES, NOT_SECRET
from policies.rules.no_secret_in_template import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

KEY = "ghp_" + "a1" * 18
REFERENCE = "{{resolve:secretsmanager:production/db:SecretString:password::}}"
LOOKS = "holds what looks like a GitHub token"


def said(body: Json, **sections: Any) -> dict[str | None, str]:  # noqa: ANN401 - JSON
    return verdicts(RULE, template("data", {"Thing": body}, **sections))


def topic(**given: object) -> Json:
    return {"Type": "AWS::SNS::Topic", "Properties": given}


def test_a_template_without_secrets_passes() -> None:
    assert said(topic(TopicName="x")) == {None: "pass", "Thing": "not_applicable"}


@pytest.mark.parametrize(
    ("sections", "where"),
    [
        ({"Parameters": {"P": {"Default": KEY}}}, "Parameters.P.Default"),
        ({"Outputs": {"O": {"Value": f"see {KEY}"}}}, "Outputs.O.Value"),
        ({"Description": KEY}, "Description"),
        ({"Mappings": {"M": {"a": {"b": KEY}}}}, "Mappings.M.a.b"),
        ({"Mappings": {"M": {KEY: {}}}}, "Mappings.M.(a key)"),
    ],
)
def test_every_section_is_looked_at(sections: Json, where: str) -> None:
    assert said(topic(), **sections)[None] == f"{where} {LOOKS}"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (topic(DisplayName=KEY), "Properties.DisplayName"),
        (topic(A={"Fn::Join": ["", ["ghp_", "a1" * 18]]}), "Properties.A"),
        (topic(A={"Fn::Sub": f"${{SomeParameter}}{KEY}"}), "Properties.A.Fn::Sub"),
        ({"Type": "AWS::SNS::Topic", "Metadata": {"m": KEY}}, "Metadata.m"),
        (
            {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"Fn::Base64": KEY}}},
            "Properties.UserData.Fn::Base64",
        ),
        (
            {
                "Type": "AWS::EC2::Instance",
                "Properties": {"UserData": base64.b64encode(KEY.encode()).decode()},
            },
            "Properties.UserData",
        ),
        (
            {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": f"k='{KEY}'"}}},
            "Properties.Code.ZipFile",
        ),
    ],
)
def test_every_part_of_a_resource_is_looked_at(body: Json, where: str) -> None:
    assert said(body)[None] == f"Resources.Thing.{where} {LOOKS}"


def test_variables_are_left_to_their_own_rule() -> None:
    variables = [{"Name": "SETTING", "Value": KEY}]
    task = {"ContainerDefinitions": [{"Environment": variables}]}
    assert said({"Type": "AWS::ECS::TaskDefinition", "Properties": task})[None] == "pass"


WRITTEN = "is written out: it has to be a dynamic reference to a secret"


@pytest.mark.parametrize(
    ("kind", "given", "path"),
    [
        ("AWS::RDS::DBInstance", {"MasterUserPassword": "x"}, "MasterUserPassword"),
        ("AWS::SecretsManager::Secret", {"SecretString": "x"}, "SecretString"),
        ("AWS::IAM::User", {"LoginProfile": {"Password": "x"}}, "LoginProfile.Password"),
        ("AWS::ElastiCache::ReplicationGroup", {"AuthToken": "x"}, "AuthToken"),
        ("AWS::CodeBuild::SourceCredential", {"Token": "x"}, "Token"),
        ("AWS::AmazonMQ::Broker", {"Users": [{"Password": 1}]}, "Users.0.Password"),
        ("Custom::Thing", {"Deep": {"clientSecret": "x"}}, "Deep.clientSecret"),
        ("AWS::ElastiCache::User", {"Passwords": ["x"]}, "Passwords"),
        (
            "AWS::CodePipeline::Pipeline",
            {"Stages": [{"Actions": [{"Configuration": {"OAuthToken": "x"}}]}]},
            "Stages.0.Actions.0.Configuration.OAuthToken",
        ),
    ],
)
def test_what_takes_a_secret_takes_a_reference_only(kind: str, given: Json, path: str) -> None:
    assert said({"Type": kind, "Properties": given})["Thing"] == f"{path} {WRITTEN}"
    referred = json.loads(re.sub(r'"x"|1', json.dumps(REFERENCE), json.dumps(given)))
    assert said({"Type": kind, "Properties": referred})["Thing"] == "pass"


def test_an_open_value_fails_and_is_not_shown() -> None:
    given = {"MasterUserPassword": {"Fn::Sub": "hunter${SomeParameter}"}}
    assert said({"Type": "AWS::RDS::DBInstance", "Properties": given})["Thing"] == (
        "MasterUserPassword is open: it has to be a dynamic reference to a secret"
    )
    given = {"MasterUserPassword": OPEN}
    assert "is open" in said({"Type": "AWS::RDS::DBInstance", "Properties": given})["Thing"]


def test_a_generated_secret_is_not_looked_at() -> None:
    body = {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}}
    assert said(body)["Thing"] == "not_applicable"


def test_the_units_of_a_tokens_life_are_no_secret() -> None:
    body = {
        "Type": "AWS::Cognito::UserPoolClient",
        "Properties": {"TokenValidityUnits": {"AccessToken": "minutes"}},
    }
    assert said(body)["Thing"] == "not_applicable"


_SECRET = re.compile(
    r"(password|passphrase|secretstring|secretkey|authtoken|oauthtoken|accesstoken|refreshtoken"
    r"|clientsecret|privatekey|sharedsecret|apikeyvalue|apikey)$",
    re.IGNORECASE,
)


def _names(schema: Any, above: str = "") -> set[str]:  # noqa: ANN401 - JSON
    if isinstance(schema, list):
        return {name for item in schema for name in _names(item)}
    if not isinstance(schema, dict):
        return set()
    found = {
        name
        for name, body in (schema.items() if above == "properties" else ())
        if isinstance(body, dict) and body.get("type") == "string" and _SECRET.search(name)
    }
    return found.union(*(_names(item, key) for key, item in schema.items()))


def test_the_names_are_those_of_cloudformation() -> None:
    known = NAMES | {name for _, name in NOT_SECRET}
    schemas = [
        json.loads(file.read_text("utf-8"))
        for file in (files("cfnlint.data.schemas") / "resources").iterdir()
        if file.name.endswith(".json")
    ]
    names = {name for schema in schemas if "typeName" in schema for name in _names(schema)}
    assert len(names) > 30
    assert {name for name in names if name.lower() not in known} == set()


def test_only_this_rule_sees_a_secret_written_out(real: Real) -> None:
    def spoil(body: Json) -> None:
        secret = properties(body, "AWS::SecretsManager::Secret", "SecretsDatabaseMaster")
        del secret["GenerateSecretString"]
        secret["SecretString"] = "hunter"

    assert real.caught("secrets", spoil) == {("no-secret-in-template", "SecretsDatabaseMaster")}


def test_only_this_rule_sees_a_token_in_a_description(real: Real) -> None:
    def spoil(body: Json) -> None:
        body["Description"] += f" {KEY}"

    assert real.caught("data", spoil) == {("no-secret-in-template", "")}


SPILT = "{{resolve:secretsmanager:production/db:SecretString:%s}}"


def test_the_deploy_writes_no_secret_where_everybody_reads() -> None:
    fault = (
        "Resources.Thing.DisplayName gets a secret from the deploy, and everybody reads it there"
    )
    assert said(topic(DisplayName=f"a {SPILT % 'password'}"))[None] == fault
    assert said(topic(DisplayName="{{resolve:secretsmanager:production/db}}"))[None] == fault
    assert said(topic(DisplayName={"Fn::Join": ["", [SPILT % "password::"]]}))[None] == fault
    assert said(topic(DisplayName=SPILT % "username"))[None] == "pass"
    assert said(topic(MasterUserPassword=SPILT % "password"))[None] == "pass"


def test_what_is_not_generated_holds_no_secret() -> None:
    def secret(**given: str) -> str | None:
        properties = {"GenerateSecretString": {"SecretStringTemplate": json.dumps(given)}}
        return said({"Type": "AWS::SecretsManager::Secret", "Properties": properties})["Thing"]

    assert secret(username="postgres") == "pass"
    assert secret(password="hunter2") == (  # noqa: S106 - none
        "GenerateSecretString.SecretStringTemplate.password is written out: only "
        "GenerateStringKey is generated"
    )


def test_a_parameter_holds_no_secret() -> None:
    def parameter(name: str, value: str) -> str | None:
        given = {"Name": name, "Type": "String", "Value": value}
        return said({"Type": "AWS::SSM::Parameter", "Properties": given})["Thing"]

    assert parameter("/rovn/image", "prod-20260101000000") == "pass"
    assert parameter("/rovn/db-password", "hunter2") == (
        "Value holds a literal value, and its name says that it is a secret"
    )


def test_a_pagers_address_may_be_one_reference_and_only_by_https() -> None:
    """It is a key as a whole, and SNS has no other place for it."""

    def told(protocol: str, address: str) -> str:
        given = {"Protocol": protocol, "Endpoint": address, "TopicArn": "x"}
        body = {"Type": "AWS::SNS::Subscription", "Properties": given}
        return verdicts(RULE, template("alerts", {"Pager": body}))[None]

    whole = "{{resolve:secretsmanager:production/pager:SecretString}}"
    fault = "Resources.Pager.Endpoint gets a secret from the deploy, and everybody reads it there"
    assert fault not in told("https", whole)
    assert fault in told("http", whole)
    assert fault in told("email", whole)
    assert fault in told("https", f"https://events.pagerduty.com/{whole}")
