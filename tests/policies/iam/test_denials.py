"""What policies on things surely deny, and that nothing else is taken for denied."""

import pytest

from policies.iam.called import shape
from policies.iam.grants import Grants
from policies.templates.scope import scopes_of
from policies.templates.values import UnresolvedError
from runbook.model.loader import load_environment
from tests.policies.rules.access import ACCOUNT, EXECUTION, IAM, PLACE, TASK, allow, policy
from tests.policies.rules.harness import OPEN, Json, template

PUT, READ = "s3:PutObject", "secretsmanager:GetSecretValue"
ARN = "<rovn-production-app/Records.Arn>"
# What CloudFormation calls it begins with the stack and the logical id.
MADE = "arn:aws:s3:::rovn-production-app-records"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production"
TOPIC = f"arn:aws:sns:{PLACE}:topic"
THINGS: dict[str, Json] = {
    "Records": {"Type": "AWS::S3::Bucket"},
    "Notes": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "notes"}},
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "topic"}},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Token": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"Name": "rovn/production/token"},
    },
    "Other": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"Name": "rovn/production/token-of-another"},
    },
}


def records(below: str = "") -> Json:
    return {"Fn::Sub": f"${{Records.Arn}}{below}"}


def deny(action: object, resource: object = "*", **more: object) -> Json:
    return allow(action, resource, Sid="Guard", Effect="Deny", Principal="*") | more


def on_bucket(*statements: Json, bucket: str = "Records") -> Json:
    document = {"Statement": list(statements)}
    given = {"Bucket": {"Ref": bucket}, "PolicyDocument": document}
    return {"Type": "AWS::S3::BucketPolicy", "Properties": given}


def taken(grant: Json, guard: Json, **others: Json) -> list[tuple[list[str], ...]]:
    """List what the guard takes of what the grant gives: actions, things, holders."""
    resources = {"Grant": grant, "Guard": guard, **THINGS, **others}
    environment = load_environment("rovn/production")
    (scope,) = scopes_of(environment, [template("app", resources)], whole=False)
    (granting,) = (one for one in scope.resources() if one.logical_id == "Grant")
    grants = Grants(scope)
    return [
        (list(found.actions), list(found.things), list(found.holders))
        for statement in grants.at(granting)
        for found in grants.denials.of(statement)
    ]


def is_denied(grant: Json, denial: Json) -> bool:
    return bool(taken(policy(grant), on_bucket(denial)))


WRITES = allow(PUT, records("/a/*"))


@pytest.mark.parametrize(
    ("granted", "denied", "found"),
    [
        (PUT, PUT, True),
        (PUT, "S3:put*", True),
        ("s3:putobject", PUT, True),
        ("s3:Put*", "s3:*", True),
        ("s3:PutObject?", "s3:PutObject*", True),
        ("s3:Put*", PUT, False),
        ("s3:*", "s3:Put*", False),
        (PUT, "s3:DeleteObject", False),
    ],
)
def test_all_that_an_action_names_is_denied_or_nothing(
    granted: str, denied: str, found: bool
) -> None:
    assert is_denied(allow(granted, records("/a/*")), deny(denied, records("/*"))) is found


@pytest.mark.parametrize(
    ("granted", "spared", "found"),
    [(PUT, "s3:Get*", True), (PUT, "S3:put*", False), ("s3:*", "s3:GetObject", False)],
)
def test_a_denial_of_all_but_some_actions(granted: str, spared: str, found: bool) -> None:
    denial = deny([], records("/*"), NotAction=spared)
    del denial["Action"]
    assert is_denied(allow(granted, records("/a/*")), denial) is found


@pytest.mark.parametrize(
    ("granted", "denied", "found"),
    [
        (records("/a/*"), records("/a/*"), True),
        (records("/a/b"), records("/a/*"), True),
        (records("/a/${!aws:username}/*"), records("/a/*"), True),
        (records(), records(), True),
        # A wider grant reaches more than is denied, which is usual.
        (records("/*"), records("/a/*"), False),
        (records("/b/*"), records("/a/*"), False),
        (records(), records("/*"), False),
        ("*", records("/*"), False),
        ("arn:aws:s3:::*", records("/*"), False),
        # Nobody knows the name yet; the pattern takes no other bucket.
        (f"{MADE}*/a/*", records("/a/*"), True),
        (f"{MADE}*/*", records("/a/*"), False),
        (f"{MADE}*", records(), True),
        ("arn:aws:s3:::rovn-production-app-*/a/*", records("/a/*"), True),
        ("arn:aws:s3:::notes/a/*", records("/a/*"), False),
        ("arn:aws:s3:::*/a/*", records("/a/*"), False),
        # AWS takes no policy about another bucket.
        ("arn:aws:s3:::notes/a/*", "arn:aws:s3:::notes/*", False),
    ],
)
def test_all_that_a_resource_names_is_denied_or_nothing(
    granted: Json, denied: Json, found: bool
) -> None:
    assert is_denied(allow(PUT, granted), deny(PUT, denied)) is found


def test_a_bucket_that_names_itself_is_known_by_its_name() -> None:
    guard = on_bucket(deny(PUT, "arn:aws:s3:::notes/*"), bucket="Notes")
    grant = policy(allow(PUT, ["arn:aws:s3:::notes/a/*", "arn:aws:s3:::notes-of-others/*"]))
    assert taken(grant, guard) == [([PUT], ["arn:aws:s3:::notes/a/*"], [TASK])]


def test_a_pattern_is_held_against_a_name_that_cloudformation_cuts() -> None:
    long = template("stack-of-a-long-name", {"BucketOfAVeryLongLogicalId": THINGS["Records"]})
    (scope,) = scopes_of(load_environment("rovn/production"), [long], whole=False)
    (bucket,) = scope.resources("AWS::S3::Bucket")
    assert shape(bucket) == "arn:aws:s3:::rovn-production-stack-of-bucketofaverylonglogical*"


SPARES = {"ArnNotEquals": {"aws:PrincipalArn": EXECUTION}}


@pytest.mark.parametrize(
    ("denial", "found"),
    [
        ({"Condition": SPARES}, True),
        ({"Condition": {"ArnNotEquals": {"aws:PrincipalArn": TASK}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}, False),
        ({"Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}}, True),
        ({"Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, False),
        ({"Condition": SPARES | {"Null": {"s3:object-lock-mode": "false"}}}, False),
        ({"Principal": {"AWS": [EXECUTION, TASK]}}, True),
        ({"Principal": {"AWS": EXECUTION}}, False),
        ({"Principal": {"AWS": ACCOUNT}}, True),
        ({"Principal": {"AWS": "999999999999"}}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
    ],
)
def test_whom_a_denial_surely_hits(denial: Json, found: bool) -> None:
    assert is_denied(WRITES, deny(PUT, records("/*"), **denial)) is found


@pytest.mark.parametrize("element", ["Principal", "Resource"])
def test_what_names_whom_or_what_it_spares_is_left_out(element: str) -> None:
    denial = deny(PUT, records("/*"))
    denial[f"Not{element}"] = {"AWS": EXECUTION} if element == "Principal" else records("/b/*")
    del denial[element]
    assert not is_denied(WRITES, denial)


def test_of_the_roles_of_the_account_and_of_nobody_else() -> None:
    shared = policy(WRITES, Roles=["r", "path/r"], Users=["u"], Groups=["g"])
    mine = [f"{IAM}:role/path/r", f"{IAM}:role/r", f"{IAM}:user/u"]
    assert taken(shared, on_bucket(deny(PUT, records("/*")))) == [([PUT], [f"{ARN}/a/*"], mine)]
    waiting = policy(WRITES, Roles=[], ManagedPolicyName="free")
    assert taken(waiting, on_bucket(deny(PUT, records("/*")))) == []


def test_a_role_whose_name_aws_makes() -> None:
    inline = {"PolicyName": "Own", "PolicyDocument": {"Statement": WRITES}}
    own = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [inline]}}
    guard = on_bucket(deny(PUT, records("/*"), Condition=SPARES))
    assert taken(own, guard) == [([PUT], [f"{ARN}/a/*"], ["<rovn-production-app/Grant.Arn>"])]
    wild = {"ArnNotLike": {"aws:PrincipalArn": f"{IAM}:role/rovn-production-app-*"}}
    assert taken(own, on_bucket(deny(PUT, records("/*"), Condition=wild))) == []


def test_a_condition_of_the_grant_says_whom_it_is_given() -> None:
    only = WRITES | {"Condition": {"ArnEquals": {"aws:PrincipalArn": EXECUTION}}}
    assert not is_denied(only, deny(PUT, records("/*"), Condition=SPARES))


def test_what_gives_nothing_is_denied_nothing() -> None:
    assert not is_denied(WRITES | {"Effect": "Deny"}, deny(PUT, records("/*")))
    boundary = "rovn-production-workload-boundary"
    ceiling = policy(WRITES, Roles=[], ManagedPolicyName=boundary)
    assert taken(ceiling, on_bucket(deny(PUT, records("/*")))) == []


def test_a_policy_on_a_thing_grants_too() -> None:
    own = allow(PUT, records("/a/*"), Principal={"AWS": [TASK, EXECUTION]})
    denial = deny(PUT, records("/*"), Condition=SPARES)
    assert taken(on_bucket(own, denial), on_bucket()) == [([PUT], [f"{ARN}/a/*"], [TASK])]
    root = allow(PUT, records("/a/*"), Principal={"AWS": ACCOUNT})
    assert taken(on_bucket(root, denial), on_bucket()) == []


def test_a_star_in_a_policy_on_a_thing_is_that_thing() -> None:
    own = allow("kms:Decrypt", "*", Principal={"AWS": TASK})
    statements = [own, deny("kms:*", "*", Condition=SPARES)]
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": statements}}}
    arn = "<rovn-production-app/Grant.Arn>"
    assert taken(key, on_bucket()) == [(["kms:Decrypt"], [arn], [TASK])]


QUEUE = {"Fn::GetAtt": ["Queue", "Arn"]}


@pytest.mark.parametrize(
    ("kind", "stands_on", "action", "thing"),
    [
        ("AWS::SNS::TopicPolicy", {"Topics": [{"Ref": "Topic"}]}, "sns:Publish", {"Ref": "Topic"}),
        ("AWS::SNS::TopicInlinePolicy", {"TopicArn": {"Ref": "Topic"}}, "sns:Publish", TOPIC),
        ("AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "Queue"}]}, "sqs:SendMessage", QUEUE),
        ("AWS::SQS::QueueInlinePolicy", {"Queue": {"Ref": "Queue"}}, "sqs:SendMessage", QUEUE),
    ],
)
def test_a_topic_and_a_queue(kind: str, stands_on: Json, action: str, thing: Json) -> None:
    document = {"Statement": deny(action, "*", Condition=SPARES)}
    guard = {"Type": kind, "Properties": {"PolicyDocument": document} | stands_on}
    assert [found[0] for found in taken(policy(allow(action, thing)), guard)] == [[action]]
    assert taken(policy(allow(action, records())), guard) == []


def test_a_key_by_its_arn_and_by_its_id() -> None:
    key = {"KeyPolicy": {"Statement": deny("kms:Decrypt")}}
    guard = {"Type": "AWS::KMS::Key", "Properties": key}
    here = f"arn:aws:kms:{PLACE}:key"
    for named, found in (
        ({"Fn::GetAtt": ["Guard", "Arn"]}, True),
        ({"Fn::Sub": f"{here}/${{Guard}}"}, True),
        (f"{here}/*", False),
        ({"Fn::GetAtt": ["Key", "Arn"]}, False),
    ):
        assert bool(taken(policy(allow("kms:Decrypt", named)), guard)) is found


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"Ref": "Token"}, True),
        (f"{SECRET}/token-AbCdEf", True),
        # It takes another secret of the environment, too.
        (f"{SECRET}/token-*", False),
        (f"{SECRET}/*", False),
    ],
)
def test_a_secret_by_its_name(named: Json, found: bool) -> None:
    guard = {"SecretId": {"Ref": "Token"}, "ResourcePolicy": {"Statement": deny(READ)}}
    body = {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": guard}
    assert bool(taken(policy(allow(READ, named)), body)) is found


def test_what_is_open_is_told_where_it_decides() -> None:
    spares = {"ArnNotEquals": {"aws:PrincipalArn": OPEN}}
    for denial in (
        deny(PUT, records("/*"), Condition=spares),
        deny(PUT, records("/*"), Principal={"AWS": OPEN}),
        deny(PUT, OPEN),
    ):
        with pytest.raises(UnresolvedError, match="is open"):
            is_denied(WRITES, denial)
    for denial in (
        deny("s3:GetObject", records("/*"), Condition=spares),
        deny(PUT, records("/b/*"), Condition=spares),
        deny(PUT, records("/*"), Condition={"StringNotEquals": {"s3:x-amz-acl": OPEN}}),
        deny(PUT, records("/*"), Effect=OPEN),
    ):
        assert not is_denied(WRITES, denial)
