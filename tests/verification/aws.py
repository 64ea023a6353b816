"""An environment that runs as it should, as real clients see it; tests spoil one answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3 import Session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.loaders import create_loader

from runbook.alarms.delivery import slack_channels
from runbook.deployed.deployed_stack import DeployedStack
from runbook.model.loader import load_environment
from runbook.operations.account import Account
from runbook.verification.live import Live, LivePlace

Json = Any
ENVIRONMENT = load_environment("rovn/production")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RECENT = NOW - timedelta(minutes=4)
# The services' models, read once for all sessions.
MODELS = create_loader()
PLACE = f"{ENVIRONMENT.region}:{ENVIRONMENT.account}"
TASKS = f"arn:aws:ecs:{PLACE}:task-definition"
RUNNING, BEFORE = f"{TASKS}/rovn-passport-api:7", f"{TASKS}/rovn-passport-api:6"
PAIRED = f"{TASKS}/rovn-passport-api-migrations:7"
TAG, TAG_BEFORE = "prod-20260510220219", "prod-20260503120000"
GROUPS = f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup"
BLUE, GREEN = f"{GROUPS}/blue/1", f"{GROUPS}/green/2"
LISTENER = f"arn:aws:elasticloadbalancing:{PLACE}:listener/app/rovn-production/1/2"
RULE = f"{LISTENER.replace(':listener/', ':listener-rule/')}/3"
# A key in an address: nothing may tell it.
PASTED = "canary0123456789canary0123456789"
TOPIC = f"arn:aws:sns:{PLACE}:rovn-production-security"
MUTE = f"arn:aws:cloudwatch:{PLACE}:alarm-mute-rule:rovn-production-muted-fri-at-17-for-3690m"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/admin-token-a1B2c3"
SNAPSHOT = "rovn-production-0002-20260510220219"
DENIED = ("AccessDenied", "you may not")


@dataclass
class Aws:
    """Answers by ``service:Operation``: a dict, a function of the request, an error or a raise.

    ``service:Operation@region`` is about one region alone.
    """

    answers: dict[str, Json]
    calls: list[str] = field(default_factory=list)

    def session(self) -> Session:
        """Make real clients: parameters are checked against the services' models."""
        session = Session(
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106
            region_name=ENVIRONMENT.region,
        )
        session._session.register_component("data_loader", MODELS)
        events = session._session.get_component("event_emitter")
        events.register("before-parameter-build.*.*", self._keep)
        events.register("before-call.*.*", self._answer)
        return session

    def account(self) -> Account:
        return Account(ENVIRONMENT, self.session())

    def _keep(self, params: Json, context: Json, **_: Json) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: Json, context: Json, **_: Json) -> tuple[AWSResponse, Json]:
        call = f"{model.service_model.service_name}:{model.name}"
        self.calls.append(call)
        here = f"{call}@{context['client_region']}"
        answer = self.answers[here if here in self.answers else call]
        if callable(answer):
            answer = answer(context["asked"])
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, tuple):
            return response(400), {
                "Error": {"Code": answer[0], "Message": answer[1]},
                "ResponseMetadata": {},
            }
        return response(200), {"ResponseMetadata": {}} | answer


def response(status: int) -> AWSResponse:
    return AWSResponse("https://aws", status, HTTPHeaders(), None)


def live(aws: Aws) -> Live:
    """Give the environment with one stack that holds one of everything."""
    account = aws.account()
    return Live(account, [stack(account)], NOW)


RESOURCES: dict[str, tuple[str, str]] = {
    "Key": ("AWS::KMS::Key", "key-1"),
    "Trail": ("AWS::CloudTrail::Trail", "rovn-production-audit"),
    "Database": ("AWS::RDS::DBInstance", "rovn-production-postgres"),
    "Records": ("AWS::S3::Bucket", "records"),
    "Open": ("AWS::S3::Bucket", "not-under-lock"),
    "Topic": ("AWS::SNS::Topic", TOPIC),
    "Muted": ("AWS::CloudWatch::AlarmMuteRule", MUTE),
    "Secret": ("AWS::SecretsManager::Secret", SECRET),
    "Rule": ("AWS::ElasticLoadBalancingV2::ListenerRule", RULE),
}
LOCKED = {
    "ObjectLockEnabled": True,
    "ObjectLockConfiguration": {
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
    },
}


def stack(account: Account) -> DeployedStack:
    template = {
        "Resources": {
            name: {"Type": type_, "Properties": LOCKED if name == "Records" else {}}
            for name, (type_, _) in RESOURCES.items()
        }
    }
    return DeployedStack(
        name="rovn-production-all",
        stack_id=f"arn:aws:cloudformation:{PLACE}:stack/rovn-production-all/1",
        place=LivePlace(account, ENVIRONMENT.region),
        template=template,
        termination_protection=True,
        parameters={},
        outputs={},
        resources=RESOURCES,
        exports={},
        own_exports={},
    )


def definition(asked: Mapping[str, Json], status: str = "ACTIVE") -> Json:
    name = asked["taskDefinition"]
    tag = TAG_BEFORE if name == BEFORE else TAG
    container: Json = {"name": "app", "image": f"x.amazonaws.com/rovn-passport-api:{tag}"}
    if name in (RUNNING, BEFORE):
        container["dockerLabels"] = {"runbook.migrations-task-definition": PAIRED}
    told = {"taskDefinitionArn": name, "status": status, "containerDefinitions": [container]}
    return {"taskDefinition": told}


def deployment(number: int, status: str = "SUCCESSFUL") -> Json:
    return {
        "serviceDeploymentArn": f"deployment/{number}",
        "status": status,
        "createdAt": NOW - timedelta(days=10 - number),
        "targetServiceRevision": {"arn": f"revision/{number}"},
        "sourceServiceRevisions": [{"arn": f"revision/{number - 1}"}],
    }


def objects(asked: Mapping[str, Json]) -> Json:
    """Give two dated folders, of which the later has an object."""
    prefix = asked["Prefix"]
    if not prefix:
        return {"CommonPrefixes": [{"Prefix": "releases/"}]}
    if prefix == "releases/":
        return {"CommonPrefixes": [{"Prefix": "releases/2025/"}, {"Prefix": "releases/2026/"}]}
    found = {"Key": f"{prefix}record.json", "LastModified": NOW - timedelta(days=30)}
    return {"Contents": [found]}


def weights(**shares: int) -> Json:
    groups = {"blue": BLUE, "green": GREEN, "other": f"{GROUPS}/other/3"}
    listed = [{"TargetGroupArn": groups[name], "Weight": w} for name, w in shares.items()]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": listed}}
    return {"Rules": [{"RuleArn": RULE, "Priority": "10", "Actions": [forward]}]}


def another_rule(priority: str) -> Callable[[Mapping[str, Json]], Json]:
    """Give the production listener one more rule, of nobody's template."""
    more = {"RuleArn": f"{RULE}-more", "Priority": priority, "Actions": []}

    def rules(asked: Mapping[str, Json]) -> Json:
        (own,) = weights(blue=100, green=0)["Rules"]
        if "RuleArns" in asked:
            return {"Rules": [own]}
        assert asked["ListenerArn"] == LISTENER
        return {"Rules": [own, more]}

    return rules


def alarm(**changes: Json) -> Json:
    told = {"AlarmName": "rovn-production-5xx", "ActionsEnabled": True, "AlarmActions": [TOPIC]}
    return {"MetricAlarms": [told | changes]}


def mute_rules(*arns: str, **changes: Json) -> Json:
    """List mute rules; ``changes`` are those of each."""
    return {
        "AlarmMuteRuleSummaries": [
            {"AlarmMuteRuleArn": arn, "Status": "ACTIVE"} | changes for arn in arns
        ]
    }


def mute_rule(*alarms: str, **changes: Json) -> Json:
    """Tell a mute rule over these alarms."""
    schedule = {"Expression": "cron(0 2 * * *)", "Duration": "PT4H"}
    targets = {"MuteTargets": {"AlarmNames": list(alarms)}} if alarms else {}
    return {"Rule": {"Schedule": schedule}, "Status": "ACTIVE"} | targets | changes


def subscribed(pager: str = f"{TOPIC}:1", slack: str = f"{TOPIC}:2") -> Json:
    """Subscribe a pager and Slack; nobody where the ARN is empty."""
    hosts = {
        f"events.pagerduty.com/integration/{PASTED}/enqueue": pager,
        "global.sns-api.chatbot.amazonaws.com": slack,
    }
    return {
        "Subscriptions": [
            {"SubscriptionArn": arn, "Protocol": "https", "Endpoint": f"https://{host}"}
            for host, arn in hosts.items()
            if arn
        ]
    }


def channels(**changes: Json) -> Json:
    """Give both channels as the environment file has them, but for ``changes`` of security's."""
    told = [
        {
            "ConfigurationName": channel.name,
            "SlackTeamName": "x",
            "SlackTeamId": ENVIRONMENT.alerting.slack_workspace,
            "SlackChannelId": channel.id,
            "SlackChannelName": "x",
            "ChatConfigurationArn": f"arn:aws:chatbot::{ENVIRONMENT.account}:x/{channel.name}",
            "IamRoleArn": "x",
            "SnsTopicArns": list(channel.topics),
            "GuardrailPolicyArns": [
                f"arn:aws:iam::{ENVIRONMENT.account}:policy/rovn-production-slack-guardrail"
            ],
            "State": "ENABLED",
            **(changes if channel.name.endswith("security") else {}),
        }
        for channel in slack_channels(ENVIRONMENT)
    ]
    return {"SlackChannelConfigurations": told}


def database(**changes: Json) -> Json:
    told = {
        "DBInstanceIdentifier": "rovn-production-postgres",
        "DBInstanceArn": f"arn:aws:rds:{PLACE}:db:rovn-production-postgres",
        "DBInstanceStatus": "available",
        "BackupRetentionPeriod": 30,
        "LatestRestorableTime": RECENT,
    }
    return {"DBInstances": [told | changes]}


def copy(**changes: Json) -> Json:
    told = {
        "DBInstanceArn": f"arn:aws:rds:{PLACE}:db:rovn-production-postgres",
        "Status": "replicating",
        "RestoreWindow": {"LatestTime": RECENT},
    }
    return {"DBInstanceAutomatedBackups": [told | changes]}


def snapshot(**changes: Json) -> Json:
    told = {
        "DBSnapshotIdentifier": SNAPSHOT,
        "Status": "available",
        "Encrypted": True,
        "SnapshotCreateTime": NOW - timedelta(days=3),
        "TagList": [{"Key": "runbook:purpose", "Value": "pre-deploy"}],
    }
    return {"DBSnapshots": [told | changes]}


def revisions(asked: Mapping[str, Json]) -> Json:
    named = {"revision/7": RUNNING, "revision/6": BEFORE, "revision/5": BEFORE}
    return {
        "serviceRevisions": [
            {"serviceRevisionArn": arn, "taskDefinition": named[arn]}
            for arn in asked["serviceRevisionArns"]
        ]
    }


def key(state: str = "Enabled", **more: Json) -> Json:
    return {"KeyMetadata": {"KeyId": "key-1", "KeyState": state} | more}


def secret(**changes: Json) -> Json:
    """Describe a secret; its version ``1`` has a value, ``2`` none."""
    told = {
        "Name": "rovn/production/admin-token",
        "ARN": SECRET,
        "RotationEnabled": True,
        "VersionIdsToStages": {"1": ["AWSCURRENT"]},
        "LastChangedDate": NOW - timedelta(hours=2),
    }
    return told | changes


def versions(days: float) -> Json:
    """List the version that has a value, of so many days."""
    return {"Versions": [{"VersionId": "1", "CreatedDate": NOW - timedelta(days=days)}]}


def last_run(**changes: Json) -> Json:
    """Describe the last run of a canary, among those of others."""
    told = {"Status": {"State": "PASSED"}, "Timeline": {"Started": RECENT}} | changes
    others = {"Status": {"State": "FAILED"}, "Timeline": {"Started": RECENT}}
    return {
        "CanariesLastRun": [
            {"CanaryName": "rovn-production-another", "LastRun": others},
            {"CanaryName": "rovn-production-passport-api", "LastRun": told},
        ]
    }


def good() -> Aws:
    """Answer as an account does in which everything is as it should be."""
    service = {
        "serviceName": "rovn-passport-api",
        "status": "ACTIVE",
        "deployments": [{"status": "PRIMARY", "taskDefinition": RUNNING}],
        "loadBalancers": [
            {
                "targetGroupArn": BLUE,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": GREEN,
                    "productionListenerRule": RULE,
                },
            }
        ],
    }
    topic = {"Attributes": {"KmsMasterKeyId": "key-1"}}
    kept = {"Mode": "COMPLIANCE", "RetainUntilDate": NOW + timedelta(days=7 * 365)}
    return Aws(
        {
            "kms:DescribeKey": key(),
            "secretsmanager:DescribeSecret": secret(),
            "secretsmanager:ListSecretVersionIds": versions(10),
            "cloudtrail:GetTrailStatus": {"IsLogging": True, "LatestDeliveryTime": RECENT},
            "rds:DescribeDBInstances": database(),
            "rds:DescribeDBInstanceAutomatedBackups": copy(),
            "rds:DescribeDBSnapshots": snapshot(),
            "ecs:DescribeServices": {"services": [service]},
            "ecs:DescribeTaskDefinition": definition,
            "ecs:ListServiceDeployments": {
                "serviceDeployments": [deployment(6), deployment(7)],
            },
            "ecs:DescribeServiceDeployments": lambda asked: {
                "serviceDeployments": [
                    deployment(int(arn.rpartition("/")[2]))
                    for arn in asked["serviceDeploymentArns"]
                ]
            },
            "ecs:DescribeServiceRevisions": revisions,
            "stepfunctions:DescribeExecution": {
                "status": "SUCCEEDED",
                "output": f'{{"files": ["0002"], "snapshot": "{SNAPSHOT}"}}',
            },
            "ecr:DescribeRepositories": {"repositories": [{"imageTagMutability": "IMMUTABLE"}]},
            "ecr:DescribeImages": {"imageDetails": [{"imageTags": [TAG]}]},
            "elbv2:DescribeRules": weights(blue=100, green=0),
            "elbv2:DescribeTargetHealth": {
                "TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]
            },
            "cloudwatch:DescribeAlarms": alarm(),
            "cloudwatch:ListAlarmMuteRules": mute_rules(),
            f"cloudwatch:ListAlarmMuteRules@{ENVIRONMENT.region}": mute_rules(MUTE),
            "cloudwatch:GetAlarmMuteRule": mute_rule("rovn-production-rds-cpu"),
            "sns:GetTopicAttributes": topic,
            "sns:ListSubscriptionsByTopic": subscribed(),
            "chatbot:DescribeSlackChannelConfigurations": channels(),
            "s3:GetObjectLockConfiguration": {
                "ObjectLockConfiguration": LOCKED["ObjectLockConfiguration"]
            },
            "s3:ListObjectsV2": objects,
            "s3:GetObjectRetention": {"Retention": kept},
            "synthetics:GetCanary": {"Canary": {"Status": {"State": "RUNNING"}}},
            "synthetics:DescribeCanariesLastRun": last_run(),
        }
    )


def changed(call: str, answer: Json | Callable[[Mapping[str, Json]], Json]) -> Aws:
    """Answer one call otherwise."""
    aws = good()
    assert call in aws.answers
    aws.answers[call] = answer
    return aws
