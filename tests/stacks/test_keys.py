"""Every key of every stack: who may do what with it, to the word."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, plain

KEY, ALIAS, LOG_GROUP = "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::Logs::LogGroup"
# By stack and construct: its alias, the services it is used through, whether that may keep grants.
KEYS: dict[tuple[str, str], tuple[str, str | None, bool]] = {
    ("alerts", "AlertsKey"): ("alerts", "sns sqs", False),
    ("audit", "AuditKey"): ("audit", "s3", False),
    ("audit", "ReceiptsKey"): ("receipts", "s3", False),
    ("audit", "TrailKey"): ("trail", "s3", False),
    ("backup-copy", "CopiesKey"): ("database-copies", "rds", True),
    ("canary", "Key"): ("canary", "s3", False),
    ("data", "DatabaseKey"): ("database", "rds", True),
    ("data", "LogsKey"): ("database-logs", None, False),
    ("delivery", "Key"): ("delivery", "s3 sns", False),
    ("edge-alerts", "AlertsKey"): ("alerts", "sns sqs", False),
    ("edge-key", "ReplicasKey"): ("secret-replicas", "secretsmanager", False),
    ("event-watch", "EventWatchKey"): ("event-watch", "sqs", False),
    ("identity-events", "Key"): ("identity-events", "sqs", False),
    ("network", "LogsKey"): ("network-logs", None, False),
    ("paging", "PagingKey"): ("paging", "sqs", False),
    ("platform", "LogsKey"): ("platform-logs", None, False),
    ("platform", "PassportApiLogsKey"): ("passport-api-logs", None, False),
    ("records", "RecordsKey"): ("release-records", "sqs", False),
    ("records", "SecurityKey"): ("security", "sns", False),
    ("registry", "ImagesKey"): ("images", "ecr", True),
    ("release-gate", "LogsKey"): ("release-gate-logs", None, False),
    ("rotation", "JwtSigningKeysEnvelopeKey"): ("jwt-signing-keys", None, False),
    ("rotation", "LogsKey"): ("rotation-logs", None, False),
    ("secret-readers", "Key"): ("secret-readers", "sqs", False),
    ("secret-watch", "WatchKey"): ("secret-watch", "sqs", False),
    ("secrets", "SecretsKey"): ("secrets", "secretsmanager", False),
}
ADMINISTRATION = [
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey"),
    *("kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"),
    *("kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags"),
    *("kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:TagResource"),
    *("kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
]
USE = [
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
]
OF_TRAIL = {"EncryptTrail", "DescribeForTrail"}
OF_EVENTS, OF_ALERTS = {"SendEvents"}, {"SendAlarms", "SendBudgets", "SendFromTopics"}
OF_PAIRS = {"MakeKeyPairs"}
BY_NAME = OF_TRAIL | OF_EVENTS | OF_ALERTS | OF_PAIRS


@pytest.fixture
def keys(assembly: Assembly, environment: Environment) -> dict[tuple[str, str], dict[str, Any]]:
    """Map stack and construct to each key of the environment."""
    prefix = f"{environment.slug}-"
    return {
        (stack.removeprefix(prefix), logical_id[:-8]): resource
        for stack, template in assembly.templates.items()
        if stack.startswith(prefix)
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == KEY
    }


def test_every_key_rotates_is_retained_and_found_by_its_alias(
    assembly: Assembly, environment: Environment, keys: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert set(keys) == set(KEYS)
    for (part, name), key in keys.items():
        assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
        assert key["Properties"]["EnableKeyRotation"] is True
        stack = f"{environment.slug}-{part}"
        alias = plain(assembly.named(stack, ALIAS, f"{name}Alias")["Properties"])
        assert alias["AliasName"] == f"alias/{environment.slug}/{KEYS[part, name][0]}"
        assert alias["TargetKeyId"] == f"<{name}.Arn>"


def test_every_key_lets_in_exactly_these(
    assembly: Assembly, environment: Environment, keys: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Without PutKeyPolicy nobody could mend a key, with kms:* anybody destroy it."""
    for (part, name), key in keys.items():
        stack = f"{environment.slug}-{part}"
        region = assembly.environments[stack].rpartition("/")[2]
        _, service, lends = KEYS[part, name]
        expected = [
            _allowed("Administer", _root(environment), ADMINISTRATION, {}),
            *(_through(environment, region, service, lends=lends) if service else []),
            *_log_groups(assembly, environment, stack, name),
        ]
        policy = key["Properties"]["KeyPolicy"]
        assert policy["Version"] == "2012-10-17"
        found = [s for s in policy["Statement"] if s["Sid"] not in BY_NAME]
        assert found == expected, (part, name)


def test_the_trails_key_lets_in_this_trail_and_no_other(
    environment: Environment, keys: dict[tuple[str, str], dict[str, Any]]
) -> None:
    place = f"{environment.region}:{environment.account}"
    arn = f"arn:aws:cloudtrail:{place}:trail/{environment.slug}-audit"
    source, trail = {"aws:SourceArn": arn}, {"Service": "cloudtrail.amazonaws.com"}
    of_trail = source | {"kms:EncryptionContext:aws:cloudtrail:arn": arn}
    found = {
        where: [s for s in key["Properties"]["KeyPolicy"]["Statement"] if s["Sid"] in OF_TRAIL]
        for where, key in keys.items()
    }
    assert found.pop(("audit", "TrailKey")) == [
        _allowed("EncryptTrail", trail, "kms:GenerateDataKey", {"StringEquals": of_trail}),
        _allowed("DescribeForTrail", trail, "kms:DescribeKey", {"StringEquals": source}),
    ]
    assert not any(found.values())


def test_eventbridge_sends_under_the_keys_of_queues_and_topics_and_no_other(
    keys: dict[tuple[str, str], dict[str, Any]],
) -> None:
    """It tells the key no source: a condition that asks for one would lose every event."""
    sends = {
        where: statements
        for where, key in keys.items()
        if (
            statements := [
                s for s in key["Properties"]["KeyPolicy"]["Statement"] if s["Sid"] in OF_EVENTS
            ]
        )
    }
    expected = _allowed(
        "SendEvents",
        {"Service": "events.amazonaws.com"},
        ["kms:Decrypt", "kms:GenerateDataKey"],
        {},
    )
    wanted = [
        *(("alerts", "AlertsKey"), ("event-watch", "EventWatchKey"), ("paging", "PagingKey")),
        *(("identity-events", "Key"), ("records", "RecordsKey"), ("records", "SecurityKey")),
        *(("secret-readers", "Key"), ("secret-watch", "WatchKey")),
    ]
    assert sends == {key: [expected] for key in wanted}


def test_one_role_has_key_pairs_made_and_nobody_decrypts_them(
    environment: Environment, keys: dict[tuple[str, str], dict[str, Any]]
) -> None:
    found = {
        where: [s for s in key["Properties"]["KeyPolicy"]["Statement"] if s["Sid"] in OF_PAIRS]
        for where, key in keys.items()
    }
    role = f"arn:aws:iam::{environment.account}:role/{environment.slug}-rotate-jwt-signing-keys"
    conditions = {
        "ArnEquals": {"aws:PrincipalArn": role},
        "StringEquals": {
            "kms:CallerAccount": environment.account,
            "kms:DataKeyPairSpec": "ECC_NIST_P256",
        },
    }
    assert found.pop(("rotation", "JwtSigningKeysEnvelopeKey")) == [
        _allowed("MakeKeyPairs", _root(environment), "kms:GenerateDataKeyPair", conditions)
    ]
    assert not any(found.values())


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize("part", ["alerts", "edge-alerts"])
def test_alarms_budgets_and_topics_send_under_the_keys_of_their_topics(
    assembly: Assembly,
    environment: Environment,
    keys: dict[tuple[str, str], dict[str, Any]],
    part: str,
) -> None:
    """CloudWatch tells account and alarm. Without this an alarm is silent, and says nothing."""
    region = assembly.environments[f"{environment.slug}-{part}"].rpartition("/")[2]
    place = f"{region}:{environment.account}"
    account = {"StringEquals": {"aws:SourceAccount": environment.account}}
    alarms = f"arn:aws:cloudwatch:{place}:alarm:{environment.slug}-*"
    pages = [f"arn:aws:sns:{place}:{environment.slug}-sev-1"]
    sending = ["kms:Decrypt", "kms:GenerateDataKey"]
    expected = {
        "SendAlarms": _allowed(
            "SendAlarms",
            {"Service": "cloudwatch.amazonaws.com"},
            sending,
            {**account, "ArnLike": {"aws:SourceArn": alarms}},
        ),
        "SendFromTopics": _allowed(
            "SendFromTopics",
            {"Service": "sns.amazonaws.com"},
            sending,
            {"ArnEquals": {"aws:SourceArn": pages}},
        ),
    }
    if part == "alerts":
        budgets = f"arn:aws:budgets::{environment.account}:*"
        expected["SendBudgets"] = _allowed(
            "SendBudgets",
            {"Service": "budgets.amazonaws.com"},
            sending,
            {**account, "ArnLike": {"aws:SourceArn": budgets}},
        )
    policy = keys[part, "AlertsKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert {s["Sid"]: s for s in policy if s["Sid"] in OF_ALERTS} == expected


def test_no_other_key_lets_alarms_send(keys: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Each severity has a topic; the security topic hears of no alarm."""
    found = {
        part
        for (part, _), key in keys.items()
        if {s["Sid"] for s in key["Properties"]["KeyPolicy"]["Statement"]} & OF_ALERTS
    }
    assert found == {"alerts", "edge-alerts"}


def _root(environment: Environment) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{environment.account}:root"}


def _through(
    environment: Environment, region: str, service: str, *, lends: bool
) -> list[dict[str, Any]]:
    equals = {
        "StringEquals": {
            "kms:CallerAccount": environment.account,
            "kms:ViaService": [f"{each}.{region}.amazonaws.com" for each in service.split()],
        }
    }
    use = _allowed("UseThroughServices", _root(environment), USE, equals)
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}, **equals}
    lend = _allowed("LendToServices", _root(environment), "kms:CreateGrant", for_aws)
    return [use, lend] if lends else [use]


def _log_groups(
    assembly: Assembly, environment: Environment, stack: str, key: str
) -> list[dict[str, Any]]:
    """Expect a statement for each log group of the stack that is encrypted with this key."""
    place = f"{environment.region}:{environment.account}"
    # The id in the name of a canary's function is AWS's own: the key stands before it.
    canaries = f"/aws/lambda/cwsyn-{environment.slug}-"
    names = [
        f"{canaries}*" if name.startswith(canaries) else name
        for resource in assembly.template(stack)["Resources"].values()
        if resource["Type"] == LOG_GROUP
        and plain(resource["Properties"]["KmsKeyId"]) == f"<{key}.Arn>"
        for name in [plain(resource["Properties"]["LogGroupName"])]
    ]
    return [
        _allowed(
            "Encrypt" + "".join(filter(str.isalnum, name.title())),
            {"Service": f"logs.{environment.region}.amazonaws.com"},
            USE,
            {
                "ArnEquals": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{place}:log-group:{name}"
                }
            },
        )
        for name in names
    ]


def _allowed(
    sid: str, principal: dict[str, str], action: str | list[str], condition: dict[str, Any]
) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": "*",
    } | ({"Condition": condition} if condition else {})
