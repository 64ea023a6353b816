"""Each check of live things: silent where all is well, and never silent where it cannot tell."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from runbook.alarms.catalogue import metric_alarms_of
from runbook.alarms.delivery import slack_channels
from runbook.verification.check import CHECKS, Check, all_checks, checks_that
from runbook.verification.finding import Inspection, Kind
from tests.verification.aws import (
    BEFORE,
    DENIED,
    ENVIRONMENT,
    NOW,
    PAIRED,
    PASTED,
    RUNNING,
    TAG_BEFORE,
    TOPIC,
    Aws,
    alarm,
    another_rule,
    changed,
    channels,
    copy,
    database,
    definition,
    deployment,
    good,
    key,
    last_run,
    live,
    secret,
    snapshot,
    subscribed,
    versions,
    weights,
)

Json = Any
TRAIL = "cloudtrail:GetTrailStatus"
SECURITY = slack_channels(ENVIRONMENT)[1]
LATE = NOW - timedelta(hours=3)


def inspected(name: str, aws: Aws) -> Inspection:
    return all_checks()[name].inspect(live(aws))


@pytest.mark.parametrize("name", sorted(all_checks()))
def test_where_all_is_well_nothing_is_told_and_something_was_looked_at(name: str) -> None:
    aws = good()
    inspection = inspected(name, aws)
    assert inspection.findings == []
    assert inspection.looked > 0
    assert aws.calls


def inactive(*arns: str) -> Any:  # noqa: ANN401 - an answer
    return lambda asked: definition(
        asked, "INACTIVE" if asked["taskDefinition"] in arns else "ACTIVE"
    )


def no_paired(asked: Mapping[str, Json]) -> Json:
    gone = ("ClientException", "Unable to describe task definition.")
    return gone if asked["taskDefinition"] == PAIRED else definition(asked)


def service_without(name: str) -> Json:
    (service,) = good().answers["ecs:DescribeServices"]["services"]
    (balancer,) = service["loadBalancers"]
    kept = {key: value for key, value in balancer.items() if key != name}
    return {"services": [service | {"loadBalancers": [kept]}]}


def subscriptions(*arns: str) -> Json:
    return {"Subscriptions": [{"SubscriptionArn": arn, "Protocol": "https"} for arn in arns]}


def test_parts_of_composites_tell_nobody_themselves() -> None:
    part = next(a for a in metric_alarms_of(ENVIRONMENT) if a.part).name(ENVIRONMENT.slug)
    silent = alarm(AlarmName=part, AlarmActions=[])
    assert not inspected("alarm delivery", changed("cloudwatch:DescribeAlarms", silent)).findings


def test_both_regions_are_looked_at_and_no_address_is_told() -> None:
    aws = good()
    aws.answers["sns:ListSubscriptionsByTopic@us-east-1"] = subscribed(pager="Deleted")
    (finding,) = inspected("severities", aws).findings
    assert "us-east-1" in finding.where
    assert PASTED not in str(finding.as_json())


def fixes(call: str, answer: Json) -> list[str]:
    aws = good()
    aws.answers[call] = answer
    return [finding.fix for finding in inspected("severities", aws).findings]


SUBSCRIPTIONS = "sns:ListSubscriptionsByTopic"


def test_a_pager_that_waits_is_asked_again_and_never_subscribed_anew() -> None:
    """SNS would give the same subscription, and the clean-up would remove it (0038)."""
    told = fixes(f"{SUBSCRIPTIONS}@us-east-1", subscribed(pager="PendingConfirmation"))
    topic = "--topic-arn arn:aws:sns:us-east-1:111122223333:rovn-production-sev-1"
    assert told
    for fix in told:
        assert fix.startswith(f"aws sns subscribe --region us-east-1 {topic} --protocol https ")
        assert "the address in rovn/production/pager-address" in fix
        assert "raise alerting.pager_generation with a new address only" in fix
        assert "make deploy" not in fix
        assert PASTED not in fix


def test_one_that_waits_beside_one_that_is_gone_is_asked_again() -> None:
    both = [*subscribed("Deleted", "")["Subscriptions"], *subscribed(slack="")["Subscriptions"]]
    both[1] = both[1] | {"SubscriptionArn": "PendingConfirmation"}
    slack = subscribed(pager="")["Subscriptions"]
    told = fixes(f"{SUBSCRIPTIONS}@us-east-1", {"Subscriptions": [*both, *slack]})
    assert told
    assert all(fix.startswith("aws sns subscribe") for fix in told)


@pytest.mark.parametrize("pager", ["", "Deleted"])
def test_a_pager_that_is_gone_is_subscribed_by_a_changed_template(pager: str) -> None:
    told = fixes(f"{SUBSCRIPTIONS}@us-east-1", subscribed(pager=pager))
    assert told
    for fix in told:
        assert fix.startswith(
            "raise alerting.pager_generation, and make deploy ENV=rovn/production"
        )


@pytest.mark.parametrize("slack", ["", "PendingConfirmation", "Deleted"])
def test_slack_is_subscribed_by_hand(slack: str) -> None:
    """No template of ours has that subscription: a deploy would change nothing."""
    told = fixes(f"{SUBSCRIPTIONS}@us-east-1", subscribed(slack=slack))
    assert told
    for fix in told:
        assert fix.startswith("aws sns subscribe --region us-east-1 --topic-arn arn:aws:sns:")
        assert "https://global.sns-api.chatbot.amazonaws.com" in fix
        assert "rovn-production-alarms has to name the topic" in fix
        assert "make deploy" not in fix


@pytest.mark.parametrize(
    ("change", "command"),
    [
        ({"SlackChannelId": "C0ANOTHER"}, f"--slack-channel-id {SECURITY.id}"),
        ({"SnsTopicArns": []}, f"--sns-topic-arns {TOPIC}"),
        (
            {"GuardrailPolicyArns": []},
            "--guardrail-policy-arns arn:aws:iam::111122223333:policy/rovn-production-slack-",
        ),
    ],
)
def test_what_was_changed_by_hand_in_slack_is_set_by_hand(change: Json, command: str) -> None:
    (fix,) = fixes("chatbot:DescribeSlackChannelConfigurations", channels(**change))
    assert "where the environment file has changed. What was changed by hand: aws chatbot" in fix
    assert "update-slack-channel-configuration --region us-east-2 --chat-configuration-arn " in fix
    assert command in fix


def test_a_channel_of_another_workspace_is_made_anew() -> None:
    """No update takes another workspace, and the name is taken while the old one stands."""
    told = channels(SlackTeamId="T0ANOTHER")
    (fix,) = fixes("chatbot:DescribeSlackChannelConfigurations", told)
    assert fix.startswith("aws chatbot delete-slack-channel-configuration")
    created = "create-slack-channel-configuration --region us-east-2 --configuration-name"
    assert f"{created} {SECURITY.name}" in fix


def test_what_was_removed_by_hand_no_deploy_makes_again() -> None:
    topics = fixes(f"{SUBSCRIPTIONS}@us-east-1", ("NotFound", "Topic does not exist"))
    assert topics
    for fix in topics:
        assert "Where it stands: aws sns create-topic --region us-east-1 --name rovn-" in fix
    none: Json = {"SlackChannelConfigurations": []}
    told = fixes("chatbot:DescribeSlackChannelConfigurations", none)
    assert len(told) == 2
    for fix in told:
        assert "Where it stands: aws chatbot create-slack-channel-configuration" in fix


def no_balancer() -> Json:
    (service,) = good().answers["ecs:DescribeServices"]["services"]
    return {"services": [service | {"loadBalancers": []}]}


def image_gone(tag: str) -> Any:  # noqa: ANN401 - an answer
    gone = ("ImageNotFoundException", "no")
    there = good().answers["ecr:DescribeImages"]
    return lambda asked: gone if asked["imageIds"] == [{"imageTag": tag}] else there


def foreign(arn: str) -> Any:  # noqa: ANN401 - an answer
    def told(asked: Mapping[str, Json]) -> Json:
        found = definition(asked)
        if asked["taskDefinition"] == arn:
            found["taskDefinition"]["containerDefinitions"][0]["image"] = "elsewhere/app:1"
        return found

    return told


def lock(mode: str = "COMPLIANCE", **kept: int) -> Json:
    rule = {"DefaultRetention": {"Mode": mode} | kept}
    return {"ObjectLockConfiguration": {"Rule": rule}}


def health(*states: str) -> Json:
    return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}


def canary(state: str) -> Json:
    return {"Canary": {"Status": {"State": state}}}


SECRET, VERSIONS = "secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"
HANGS = {"1": ["AWSCURRENT"], "2": ["AWSPENDING"]}
CANARY, LAST_RUN = "synthetics:GetCanary", "synthetics:DescribeCanariesLastRun"
SPOILED: list[Any] = [
    ("rotation", SECRET, secret(RotationEnabled=False), "its rotation is off"),
    ("rotation", SECRET, secret(VersionIdsToStages={}), "it has no value"),
    ("rotation", SECRET, secret(DeletedDate=NOW), "is to be deleted on 2026-06-01"),
    ("rotation", SECRET, ("ResourceNotFoundException", "gone"), "Secrets Manager has no"),
    ("rotation", SECRET, secret(VersionIdsToStages=HANGS), "version 2 is at createSecret"),
    ("rotation", VERSIONS, versions(99), "110 % of the age that it may have"),
    ("keys", "kms:DescribeKey", key("Disabled"), "the key is Disabled"),
    ("keys", "kms:DescribeKey", key("PendingDeletion", DeletionDate=NOW), "deleted on 2026-06-01"),
    ("trail", TRAIL, {"IsLogging": False, "LatestDeliveryTime": NOW}, "does not log"),
    ("trail", TRAIL, {"IsLogging": True, "LatestDeliveryTime": LATE}, "since 2026-06-01 09:00"),
    (
        "trail",
        TRAIL,
        {"IsLogging": True, "LatestDeliveryTime": NOW, "LatestDeliveryError": "AccessDenied"},
        "its last delivery failed: AccessDenied",
    ),
    (
        "trail",
        TRAIL,
        {"IsLogging": True, "LatestDeliveryTime": NOW, "LatestDigestDeliveryError": "NoSuchBucket"},
        "its last digest failed: NoSuchBucket",
    ),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        database(LatestRestorableTime=LATE),
        "restored to 2026-06-01 09:00 UTC only, 180 minutes ago",
    ),
    (
        "backups elsewhere",
        "rds:DescribeDBInstanceAutomatedBackups",
        {"DBInstanceAutomatedBackups": []},
        "there is no copy of its automated backups",
    ),
    (
        "backups elsewhere",
        "rds:DescribeDBInstanceAutomatedBackups",
        copy(Status="retained"),
        "the copy is retained",
    ),
    (
        "backups elsewhere",
        "rds:DescribeDBInstanceAutomatedBackups",
        copy(RestoreWindow={"LatestTime": LATE}),
        "180 minutes ago",
    ),
    ("pre-deploy snapshots", "rds:DescribeDBSnapshots", {"DBSnapshots": []}, "it is gone"),
    ("pre-deploy snapshots", "rds:DescribeDBSnapshots", snapshot(TagList=[]), "it is gone"),
    ("pre-deploy snapshots", "rds:DescribeDBSnapshots", snapshot(Status="failed"), "it is failed"),
    (
        "pre-deploy snapshots",
        "rds:DescribeDBSnapshots",
        snapshot(Encrypted=False),
        "it is not encrypted",
    ),
    (
        "pre-deploy snapshots",
        "rds:DescribeDBSnapshots",
        snapshot(SnapshotCreateTime=NOW - timedelta(days=100)),
        "older than 90 days",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        inactive(RUNNING),
        "it runs, and is INACTIVE: no task of it can be started",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        inactive(BEFORE),
        "it served before, and is INACTIVE",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        inactive(PAIRED),
        "migrations:7 migrates for rovn-passport-api:7, and is INACTIVE",
    ),
    (
        "task definitions",
        "ecs:DescribeTaskDefinition",
        no_paired,
        "migrations:7 migrates for rovn-passport-api:7, and is not there",
    ),
    ("task definitions", "ecs:DescribeServices", {"services": []}, "no such service"),
    (
        "images",
        "ecr:DescribeRepositories",
        {"repositories": [{"imageTagMutability": "MUTABLE"}]},
        "tags are MUTABLE",
    ),
    ("images", "ecr:DescribeImages", ("ImageNotFoundException", "no"), "ECR does not have it"),
    ("images", "ecr:DescribeImages", {"imageDetails": []}, "ECR does not have it"),
    ("images", "ecr:DescribeImages", image_gone(TAG_BEFORE), "it served before, and ECR does not"),
    ("images", "ecs:DescribeTaskDefinition", foreign(RUNNING), "is no image of its repository"),
    ("listener weights", "ecs:DescribeServices", no_balancer(), "has no load balancer"),
    ("listener weights", "elbv2:DescribeRules", another_rule("9"), "comes first, at 9"),
    (
        "listener weights",
        "elbv2:DescribeRules",
        weights(blue=50, green=50),
        "2 of its groups have traffic (blue 50, green 50)",
    ),
    (
        "listener weights",
        "elbv2:DescribeRules",
        weights(blue=0, green=0),
        "0 of its groups have traffic",
    ),
    (
        "listener weights",
        "elbv2:DescribeRules",
        weights(blue=100, other=1),
        "production traffic goes to other, none of its groups",
    ),
    (
        "listener weights",
        "elbv2:DescribeTargetHealth",
        health("unhealthy", "draining"),
        "blue has all the traffic and no healthy task (draining, unhealthy)",
    ),
    (
        "listener weights",
        "elbv2:DescribeTargetHealth",
        health(),
        "it has no targets",
    ),
    (
        "listener weights",
        "ecs:DescribeServices",
        service_without("advancedConfiguration"),
        "it cannot shift traffic",
    ),
    (
        "alarm delivery",
        "cloudwatch:DescribeAlarms",
        alarm(ActionsEnabled=False),
        "its actions are off",
    ),
    ("alarm delivery", "cloudwatch:DescribeAlarms", alarm(AlarmActions=[]), "it has no action"),
    (
        "alarm delivery",
        "sns:GetTopicAttributes",
        ("NotFound", "Topic does not exist"),
        "there is no such topic",
    ),
    ("alarm delivery", "sns:ListSubscriptionsByTopic", subscriptions(), "nobody is subscribed"),
    (
        "alarm delivery",
        "sns:ListSubscriptionsByTopic",
        subscriptions(f"{TOPIC}:1", "PendingConfirmation"),
        "a subscription by https is PendingConfirmation",
    ),
    ("alarm delivery", "kms:DescribeKey", key("Disabled"), "its key is Disabled"),
    (
        "severities",
        "sns:ListSubscriptionsByTopic",
        subscribed(pager=""),
        "pager is not subscribed: sev-1 does not reach it",
    ),
    (
        "severities",
        "sns:ListSubscriptionsByTopic",
        subscribed(slack=""),
        "slack is not subscribed: sev-4 does not reach it",
    ),
    (
        "severities",
        "sns:ListSubscriptionsByTopic",
        subscribed(pager="PendingConfirmation"),
        "the subscription of pager is PendingConfirmation: sev-1 does not reach it",
    ),
    (
        "severities",
        "sns:ListSubscriptionsByTopic",
        ("NotFound", "Topic does not exist"),
        "there is no such topic",
    ),
    (
        "severities",
        "chatbot:DescribeSlackChannelConfigurations",
        {"SlackChannelConfigurations": []},
        "no configuration has this name",
    ),
    (
        "severities",
        "chatbot:DescribeSlackChannelConfigurations",
        channels(SlackChannelId="C0ANOTHER"),
        "it is another channel",
    ),
    (
        "severities",
        "chatbot:DescribeSlackChannelConfigurations",
        channels(SnsTopicArns=[]),
        f"it does not listen to {TOPIC}",
    ),
    (
        "severities",
        "chatbot:DescribeSlackChannelConfigurations",
        channels(GuardrailPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "its guardrail is not the declared one",
    ),
    (
        "severities",
        "chatbot:DescribeSlackChannelConfigurations",
        channels(State="DISABLED"),
        "it is DISABLED",
    ),
    ("locks", "s3:GetObjectLockConfiguration", lock("GOVERNANCE", Years=7), "is GOVERNANCE"),
    ("locks", "s3:GetObjectLockConfiguration", {"ObjectLockConfiguration": {}}, "lock is none"),
    ("locks", "s3:GetObjectLockConfiguration", lock(Days=30), "locked for 30 days, not 2555"),
    (
        "locks",
        "s3:GetObjectRetention",
        ("NoSuchObjectLockConfiguration", "none"),
        "its lock is none",
    ),
    (
        "locks",
        "s3:GetObjectRetention",
        {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": NOW}},
        "its lock is GOVERNANCE",
    ),
    (
        "locks",
        "s3:GetObjectRetention",
        {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": NOW + timedelta(days=60)}},
        "locked until 2026-07-31 only",
    ),
    ("canaries", CANARY, ("ResourceNotFoundException", "none"), "there is none: nobody asks"),
    ("canaries", CANARY, canary("STOPPED"), "it is STOPPED: nobody asks the service"),
    ("canaries", CANARY, canary("ERROR"), "it is ERROR: nobody asks the service"),
    ("canaries", CANARY, canary("READY"), "it is READY: nobody asks the service"),
    ("canaries", LAST_RUN, {"CanariesLastRun": []}, "it runs, and has never ended a run"),
    (
        "canaries",
        LAST_RUN,
        {"CanariesLastRun": [{"CanaryName": "rovn-production-passport-api"}]},
        "it runs, and has never ended a run",
    ),
    (
        "canaries",
        LAST_RUN,
        last_run(Timeline={"Started": NOW - timedelta(minutes=6)}),
        "its last run began 6 minutes ago",
    ),
    (
        "canaries",
        LAST_RUN,
        last_run(Status={"State": "FAILED", "StateReason": "the status is 503, not 200"}),
        "its last run failed: the status is 503, not 200",
    ),
]


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize(("name", "call", "answer", "told"), SPOILED)
def test_what_is_not_as_it_should_be_is_told(name: str, call: str, answer: Json, told: str) -> None:
    findings = inspected(name, changed(call, answer)).findings
    breaches = [finding for finding in findings if finding.kind is Kind.BREACH]
    assert any(told in finding.what for finding in breaches), findings
    for finding in breaches:
        assert finding.fix
        assert finding.clauses == all_checks()[name].clauses


UNSURE: list[Any] = [
    ("rotation", SECRET, DENIED, "DescribeSecret: AccessDenied"),
    ("rotation", VERSIONS, DENIED, "ListSecretVersionIds: AccessDenied"),
    ("trail", TRAIL, {"IsLogging": True}, "no delivery yet"),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        database(DBInstanceStatus="stopped"),
        "it is stopped",
    ),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        database(DBInstanceStatus="inaccessible-encryption-credentials"),
        "it is inaccessible-encryption-credentials",
    ),
    (
        "pre-deploy snapshots",
        "stepfunctions:DescribeExecution",
        {"status": "SUCCEEDED"},
        "came with migrations is not known: its gate does not tell what it did",
    ),
    (
        "point-in-time recovery",
        "rds:DescribeDBInstances",
        {
            "DBInstances": [
                {"DBInstanceStatus": "available", "BackupRetentionPeriod": 30},
            ]
        },
        "does not tell",
    ),
    (
        "listener weights",
        "ecs:DescribeServiceDeployments",
        {"serviceDeployments": [deployment(7, "IN_PROGRESS"), deployment(6)]},
        "a service deployment is IN_PROGRESS",
    ),
]


@pytest.mark.parametrize(("name", "call", "answer", "told"), UNSURE)
def test_what_nobody_can_tell_is_not_taken_for_good(
    name: str, call: str, answer: Json, told: str
) -> None:
    findings = inspected(name, changed(call, answer)).findings
    assert {finding.kind for finding in findings} == {Kind.UNVERIFIED}
    assert told in findings[0].what


def test_a_rule_that_comes_after_takes_nothing() -> None:
    for priority in ("11", "default"):
        aws = changed("elbv2:DescribeRules", another_rule(priority))
        assert inspected("listener weights", aws).findings == []


def test_a_failed_gate_of_a_release_that_went_back_is_no_question() -> None:
    aws = changed("stepfunctions:DescribeExecution", {"status": "FAILED"})
    aws.answers["ecs:DescribeServiceDeployments"] = {
        "serviceDeployments": [deployment(n, "ROLLBACK_SUCCESSFUL") for n in (7, 6)]
    }
    assert inspected("pre-deploy snapshots", aws).findings == []


@pytest.mark.parametrize("newest", [14, 40])
def test_a_rollback_goes_to_another_image_however_often_this_one_was_deployed(newest: int) -> None:
    """Six and older are what served before; all since are restarts of what runs."""
    aws = changed("ecs:DescribeTaskDefinition", inactive(BEFORE))
    aws.answers["ecs:ListServiceDeployments"] = {
        "serviceDeployments": [deployment(number) for number in range(6, newest + 1)]
    }
    aws.answers["ecs:DescribeServiceRevisions"] = lambda asked: {
        "serviceRevisions": [
            {
                "serviceRevisionArn": arn,
                "taskDefinition": BEFORE
                if int(arn.rpartition("/")[2]) < 7
                else f"{RUNNING[:-1]}{arn.rpartition('/')[2]}",
            }
            for arn in asked["serviceRevisionArns"]
        ]
    }
    (finding,) = inspected("task definitions", aws).findings
    assert finding.what.startswith("it served before, and is INACTIVE")


FOLDERS = {
    "": ["AWSLogs/", "releases/"],
    "AWSLogs/": ["AWSLogs/111122223333/", "AWSLogs/444455556666/"],
    "AWSLogs/111122223333/": [f"AWSLogs/111122223333/{name}/" for name in ("a", "b", "c", "d")],
    "releases/": [f"releases/{year}/" for year in (2024, 2025, 2026)],
    **{f"releases/{y}/": [f"releases/{y}/{m}/" for m in ("09", "10", "11")] for y in (2024, 2026)},
    "releases/2026/11/": [f"releases/2026/11/{day:02d}/" for day in range(1, 23)],
}


def listing(asked: Mapping[str, Json]) -> Json:
    """Give the folders above on pages of one, and in the last day three objects on two pages."""
    prefix, token = asked["Prefix"], int(asked.get("ContinuationToken", 0))
    if prefix == "releases/2026/11/22/":
        items: list[Json] = [
            {"Contents": [{"Key": f"{prefix}{n}", "LastModified": NOW + timedelta(seconds=n)}]}
            for n in (1, 2)
        ]
    else:
        items = [{"CommonPrefixes": [{"Prefix": name}]} for name in FOLDERS.get(prefix, [])]
    if not items:
        return {}
    more = {"IsTruncated": True, "NextContinuationToken": str(token + 1)}
    return items[token] | (more if token + 1 < len(items) else {})


def test_the_newest_records_are_looked_at_on_whatever_page_and_year_they_stand() -> None:
    aws, prefixes, keys = good(), list[str](), list[str]()
    kept = aws.answers["s3:GetObjectRetention"]

    def listed(asked: Mapping[str, Json]) -> Json:
        prefixes.append(asked["Prefix"])
        return listing(asked)

    def retained(asked: Mapping[str, Json]) -> Json:
        keys.append(asked["Key"])
        return kept

    aws.answers |= {"s3:ListObjectsV2": listed, "s3:GetObjectRetention": retained}
    assert inspected("locks", aws).findings == []
    assert sorted(keys) == ["releases/2026/11/22/1", "releases/2026/11/22/2"]
    assert {f"AWSLogs/111122223333/{name}/" for name in ("a", "b", "c", "d")} <= set(prefixes)
    assert not any(each.startswith(("releases/2024/", "releases/2025/")) for each in prefixes)


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (
            lambda asked: {"CommonPrefixes": [{"Prefix": f"{asked['Prefix']}a/"}]},
            "more than 10 deep",
        ),
        (
            lambda asked: (
                {}
                if asked["Prefix"]
                else {"CommonPrefixes": [{"Prefix": f"{n}x/"} for n in range(99)]}
            ),
            "more than 80 folders side by side",
        ),
    ],
    ids=["deep", "wide"],
)
def test_folders_that_are_not_looked_into_are_told(listed: Json, told: str) -> None:
    (finding,) = inspected("locks", changed("s3:ListObjectsV2", listed)).findings
    assert finding.kind is Kind.UNVERIFIED
    assert told in finding.what


def calls_of(name: str) -> list[str]:
    aws = good()
    inspected(name, aws)
    return list(dict.fromkeys(aws.calls))


FAULTS: dict[str, Json] = {
    "denied": DENIED,
    "gone": ("ResourceNotFoundException", "it is not there"),
    "expired": ("ExpiredToken", "sign in again"),
    "lost": ReadTimeoutError(endpoint_url="https://aws"),
    "no network": EndpointConnectionError(endpoint_url="https://aws"),
    "odd": {},
}
# An empty answer says something where it lists: there are none.
EMPTY_IS_AN_ANSWER = {
    ("alarm delivery", "cloudwatch:DescribeAlarms"),
    ("alarm mutes", "cloudwatch:ListAlarmMuteRules"),
    ("listener weights", "ecs:ListServiceDeployments"),
    ("locks", "s3:ListObjectsV2"),
    ("pre-deploy snapshots", "ecs:ListServiceDeployments"),
    ("images", "ecs:ListServiceDeployments"),
    ("task definitions", "ecs:ListServiceDeployments"),
}


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name in sorted(all_checks()) for call in calls_of(name)]
)
def test_no_call_that_fails_leaves_a_check_silent(name: str, call: str, fault: str) -> None:
    if fault == "odd" and (name, call) in EMPTY_IS_AN_ANSWER:
        assert not any(
            f.kind is Kind.UNVERIFIED for f in inspected(name, changed(call, {})).findings
        )
        return
    findings = inspected(name, changed(call, FAULTS[fault])).findings
    assert findings
    assert {finding.kind for finding in findings} <= {Kind.BREACH, Kind.UNVERIFIED}


def test_a_check_that_fails_itself_is_told() -> None:
    def fails(_: object, __: object) -> None:
        raise KeyError("Status")

    (finding,) = Check("broken", (), fails).inspect(live(good())).findings
    assert finding.kind is Kind.UNVERIFIED
    assert "KeyError('Status')" in finding.what


def test_two_checks_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "twice", Check("twice", (), lambda *_: None))
    with pytest.raises(ValueError, match="two checks 'twice'"):
        checks_that("twice")(lambda *_: None)
