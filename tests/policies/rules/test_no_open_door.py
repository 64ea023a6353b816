"""no-open-door."""

import pytest

from policies.iam.balancer_accounts import balancer_accounts
from policies.rules.no_open_door import RULE
from tests.policies.rules.access import IAM, add, allow, on, said
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template
from tests.policies.rules.spoiling import faults

STATEMENT = "statement One lets"
OTHER = "arn:aws:iam::999999999999:root"
OURS = {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}


def bucket(**more: object) -> Json:
    return on("AWS::S3::BucketPolicy", allow("s3:GetObject", **more))


@pytest.mark.parametrize(
    "more",
    [
        {"Principal": {"AWS": f"{IAM}:role/one"}},
        {"Principal": {"AWS": "111122223333"}},
        {"Principal": "*", "Condition": OURS},
        {"Principal": "*", "Effect": "Deny"},
        {"Principal": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": f"{IAM}:role/one"}}},
        {"Principal": {"Service": "delivery.logs.amazonaws.com"}, "Action": "s3:PutObject"},
        {
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": ["s3:PutObject", "s3:GetBucketAcl"],
        },
    ],
)
def test_a_named_principal_or_a_bound_one_passes(more: Json) -> None:
    assert said(RULE, bucket(**more)) == "pass"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"Principal": "*"}, f"{STATEMENT} everybody in"),
        ({"Principal": {"AWS": ["*"]}}, f"{STATEMENT} everybody in"),
        ({"NotPrincipal": {"AWS": OTHER}}, f"{STATEMENT} everybody in"),
        (
            {"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalAccount": "*"}}},
            f"{STATEMENT} everybody in",
        ),
        (
            {"Principal": {"AWS": "999999999999"}},
            f"{STATEMENT} {OTHER} in, which is not of account 111122223333",
        ),
        (
            {"Principal": {"Service": "cloudfront.amazonaws.com"}},
            f"{STATEMENT} cloudfront.amazonaws.com in for any account: bind it to 111122223333",
        ),
        (
            {"Principal": {"Federated": "cognito-identity.amazonaws.com"}},
            f"{STATEMENT} Federated cognito-identity.amazonaws.com in, "
            "which is not of account 111122223333",
        ),
        (
            {"Principal": {"CanonicalUser": "abc"}},
            f"{STATEMENT} CanonicalUser abc in, which is not of account 111122223333",
        ),
    ],
)
def test_everybody_and_another_account_fail(more: Json, message: str) -> None:
    assert said(RULE, bucket(**more)) == message


def test_the_balancers_of_the_own_region_write_their_logs_and_do_nothing_else() -> None:
    def by(region: str, action: str) -> str:
        principal = {"AWS": f"arn:aws:iam::{balancer_accounts()[region]}:root"}
        return said(RULE, on("AWS::S3::BucketPolicy", allow(action, Principal=principal)))

    assert by("us-east-2", "s3:PutObject") == "pass"
    assert "is not of account" in by("us-east-2", "s3:GetObject")
    assert "is not of account" in by("us-west-2", "s3:PutObject")


@pytest.mark.parametrize("kind", ["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"])
def test_a_service_acts_for_the_account_only(kind: str) -> None:
    service = {"Service": "events.amazonaws.com"}
    statement = allow("sns:Publish", Principal=service)
    fault = "lets events.amazonaws.com in for any account: bind it to 111122223333"
    assert said(RULE, on(kind, statement)) == f"statement One {fault}"
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-2:111122223333:rule/*"}}
    assert said(RULE, on(kind, statement | {"Condition": source})) == "pass"


def test_a_function_is_invoked_for_the_account_only() -> None:
    permission = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    assert "for any account" in said(RULE, on("AWS::Lambda::Permission", **permission))
    bound = {"SourceAccount": "111122223333"}
    assert said(RULE, on("AWS::Lambda::Permission", **permission, **bound)) == "pass"


@pytest.mark.parametrize(
    "document",
    [{}, {"PolicyDocument": {"Statement": allow("*", Principal="*", Sid="One")}}],
)
def test_an_endpoint_is_for_one_account(document: Json) -> None:
    endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Properties": document}
    assert said(RULE, endpoint).endswith("opens the endpoint to other accounts")
    bound = {"Statement": allow("*", Principal="*", Condition=OURS)}
    endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"PolicyDocument": bound}}
    assert said(RULE, endpoint) == "pass"


@pytest.mark.parametrize(
    ("action", "bucket", "passes"),
    [
        ("s3:GetObject", "prod-us-east-2-starport-layer-bucket", True),
        ("s3:PutObject", "prod-us-east-2-starport-layer-bucket", False),
        ("s3:GetObject", "another", False),
    ],
)
def test_layers_of_images_are_pulled_from_a_bucket_of_aws(
    action: str, bucket: str, passes: bool
) -> None:
    statement = allow(action, f"arn:aws:s3:::{bucket}/*", Principal="*", Sid="One")
    given = {"PolicyDocument": {"Statement": statement}}
    told = said(RULE, {"Type": "AWS::EC2::VPCEndpoint", "Properties": given})
    assert told == ("pass" if passes else "statement One opens the endpoint to other accounts")


def test_what_limits_an_identity_opens_nothing(real: Real) -> None:
    assert faults(real, RULE, "bootstrap") == {}


def test_an_open_principal_fails() -> None:
    assert said(RULE, bucket(Principal={"AWS": OPEN})).startswith("Principal: ${SomeParameter}")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


def test_only_this_rule_sees_an_open_bucket(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::S3::BucketPolicy", "BalancerLogsPolicy")
        add(policy, allow("s3:GetObject", "arn:aws:s3:::one/*", Principal={"AWS": "*"}))

    assert real.caught("platform", spoil) == {("no-open-door", "BalancerLogsPolicy")}


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("AWS::EC2::VPCEndpointServicePermissions", "AllowedPrincipals"),
        ("AWS::Lambda::LayerVersionPermission", "Principal"),
        ("AWS::RAM::ResourceShare", "Principals"),
    ],
)
def test_what_is_shared_without_a_policy_is_shared_all_the_same(kind: str, key: str) -> None:
    assert said(RULE, {"Type": kind, "Properties": {key: "999999999999"}}) == (
        f"a statement without Sid lets {OTHER} in, which is not of account 111122223333"
    )
    assert said(RULE, {"Type": kind, "Properties": {key: "111122223333"}}) == "pass"


TOLD = {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}
SENDS = {"Principal": {"Service": "events.amazonaws.com"}}
KEY_USE = ["kms:Decrypt", "kms:GenerateDataKey"]


TOPIC = {"Ref": "Topic"}
ARN = {"Fn::GetAtt": ["Thing", "Arn"]}


def made(kind: str, **given: object) -> Json:
    return {"Type": kind, "Properties": given}


def sends_to(target: object) -> Json:
    return made("AWS::Events::Rule", Targets=[{"Id": "one", "Arn": target}])


def events_to(kind: str, action: str | list[str], *, to: object = TOPIC, **more: object) -> str:
    document = {"Statement": [allow(action, **SENDS, **more)]}
    body = made(kind, PolicyDocument=document, Topics=[TOPIC])
    return said(RULE, body, Topic=made("AWS::SNS::Topic"), Rule=sends_to(to))


def key_for(action: str | list[str], service: str, **users: Json) -> str:
    statement = allow(action, Principal={"Service": service})
    return said(
        RULE, made("AWS::KMS::Key", KeyPolicy={"Statement": [statement]}), "records", **users
    )


ANY_ACCOUNT = "statement One lets events.amazonaws.com in for any account: bind it to 111122223333"


def test_eventbridge_tells_keys_and_topics_no_source() -> None:
    """What asks for one refuses the page; what asks for it if it is told does not."""
    assert events_to("AWS::SNS::TopicPolicy", "sns:Publish", Condition=TOLD) == "pass"
    for box in ("AWS::SNS::Topic", "AWS::SQS::Queue"):
        under = made(box, KmsMasterKeyId=ARN)
        assert key_for(KEY_USE, "events.amazonaws.com", Box=under) == "pass"


def test_a_topic_that_no_rule_sends_to_stays_shut() -> None:
    for other in ("arn:aws:sns:us-east-2:111122223333:another", {"Ref": "Thing"}):
        told = events_to("AWS::SNS::TopicPolicy", "sns:Publish", to=other, Condition=TOLD)
        assert told == ANY_ACCOUNT
    open_ = events_to("AWS::SNS::TopicPolicy", "sns:Publish", to=OPEN, Condition=TOLD)
    assert "${SomeParameter} is open" in open_


@pytest.mark.parametrize(
    "users",
    [
        {},
        {"Box": made("AWS::SNS::Topic", KmsMasterKeyId="alias/aws/sns")},
        {"Data": made("AWS::S3::Bucket", Key=ARN)},
        {
            "Box": made("AWS::SNS::Topic", KmsMasterKeyId=ARN),
            "Data": made("AWS::RDS::DBInstance", KmsKeyId=ARN),
        },
        {
            "Box": made("AWS::SNS::Topic", KmsMasterKeyId=ARN),
            "Alias": made("AWS::KMS::Alias", AliasName="alias/one", TargetKeyId=ARN),
            "Data": made("AWS::SecretsManager::Secret", KmsKeyId="alias/one"),
        },
    ],
)
def test_the_key_of_anything_but_messages_stays_shut(users: dict[str, Json]) -> None:
    """EventBridge of another account, too, acts under this name: it gets no key of data."""
    statement = allow(KEY_USE, **SENDS)
    key = made("AWS::KMS::Key", KeyPolicy={"Statement": [statement]})
    judgement = judged(RULE, template("data", {"Thing": key, **users}))["Thing"]
    assert judgement.message == ANY_ACCOUNT


def test_only_this_rule_sees_a_database_key_that_is_open_to_eventbridge(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::KMS::Key", "DatabaseKey")["KeyPolicy"]
        policy["Statement"].append(allow(KEY_USE, **SENDS))

    assert real.caught("data", spoil) == {("no-open-door", "DatabaseKey")}


@pytest.mark.parametrize(
    ("kind", "action", "condition"),
    [
        ("AWS::SNS::TopicPolicy", "sns:Publish", {}),
        ("AWS::SNS::TopicPolicy", "sns:Subscribe", TOLD),
        ("AWS::SNS::TopicPolicy", ["sns:Publish", "sns:Subscribe"], TOLD),
        (
            "AWS::SNS::TopicPolicy",
            "sns:Publish",
            {"StringEqualsIfExists": {"aws:SourceAccount": "999999999999"}},
        ),
        (
            "AWS::SNS::TopicPolicy",
            "sns:Publish",
            {"StringLikeIfExists": {"aws:SourceAccount": "111122223333"}},
        ),
        ("AWS::SNS::TopicPolicy", "sns:Publish", {**TOLD, "Bool": {"aws:x": "true"}}),
        ("AWS::SQS::QueuePolicy", "sqs:SendMessage", TOLD),
    ],
)
def test_eventbridge_is_let_in_for_nothing_else(
    kind: str, action: str | list[str], condition: Json
) -> None:
    said_of = events_to(kind, action, **({"Condition": condition} if condition else {}))
    assert "lets events.amazonaws.com in for any account" in said_of


def test_a_key_is_open_to_eventbridge_for_sending_and_to_no_other_service() -> None:
    box = made("AWS::SNS::Topic", KmsMasterKeyId=ARN)
    for action, service in (
        ("kms:CreateGrant", "events.amazonaws.com"),
        ([*KEY_USE, "kms:Encrypt"], "events.amazonaws.com"),
        ("kms:*", "events.amazonaws.com"),
        (KEY_USE, "sns.amazonaws.com"),
    ):
        assert "in for any account" in key_for(action, service, Box=box)
