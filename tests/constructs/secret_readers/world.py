"""An account of moto's with the secrets of an environment as its stacks make them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from tests.constructs.release_gate.faults import Fault, Faulty

Json = Any
ACCOUNT = DEFAULT_ACCOUNT_ID
REGION, ENVIRONMENT = "us-east-2", "rovn/production"
IAM = f"arn:aws:iam::{ACCOUNT}"
MASTER, TOKEN = "database-master", "stripe-api-key"
TASKS, ROTATION, EXECUTOR, PEOPLE = "app-execution", "rotate-master", "cdk-cfn-exec", "break-glass"
LISTS: Json = {
    "account": ACCOUNT,
    "readers": {MASTER: [f"role/{EXECUTOR}", f"role/{ROTATION}"], TOKEN: [f"role/{TASKS}"]},
    "people": [f"role/{PEOPLE}"],
    "executors": [f"role/{EXECUTOR}"],
    "copies": {},
    "trusted": {
        "ecs-tasks.amazonaws.com": [f"role/{TASKS}"],
        "lambda.amazonaws.com": [f"role/{ROTATION}"],
        "cloudformation.amazonaws.com": [f"role/{EXECUTOR}"],
    },
}
GET = "secretsmanager:GetSecretValue"
ANY_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{ENVIRONMENT}/*"
VALUE = "the-value-itself-7f3a"


def allow(action: Json, resource: Json = "*", **more: Json) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Json, resource: Json = "*", **more: Json) -> Json:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def document(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def guard(readers: Sequence[str]) -> Json:
    """Write the denial of a secret's own policy as SecretStore does."""
    arns = [f"{IAM}:{name}" for name in (*readers, *LISTS["people"])]
    condition = {"ArnNotEquals": {"aws:PrincipalArn": arns}}
    return {**deny(GET), "Sid": "DenyReaders", "Principal": "*", "Condition": condition}


def key_policy() -> list[Json]:
    """Write the policy of the secrets' key as CustomerKey does."""
    root = {"Principal": {"AWS": f"{IAM}:root"}}
    through = {
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": [f"secretsmanager.{REGION}.amazonaws.com"],
    }
    use = ["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"]
    return [
        {**allow(["kms:DescribeKey", "kms:ListGrants", "kms:PutKeyPolicy"]), **root},
        {**allow(use), **root, "Condition": {"StringEquals": through}},
    ]


def description(message: str) -> str:
    """Read what a page says, of the form that Slack shows; it has no other."""
    read = json.loads(message)
    assert (read["version"], read["source"]) == ("1.0", "custom")
    text: str = read["content"]["description"]
    return text


@dataclass
class World:
    """The account; what it was asked, and what was paged."""

    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    key: str = ""
    topic: str = ""
    queue: str = ""

    def real(self, service: Any) -> Any:  # noqa: ANN401 - boto3
        return self.clients.setdefault(service, boto3.client(service, region_name=REGION))

    def client(self, service: str) -> Any:  # noqa: ANN401 - as boto3's
        return Faulty(self, service, self.real(service))

    @property
    def iam(self) -> Any:  # noqa: ANN401 - boto3
        return self.real("iam")

    def role(
        self, name: str, *statements: Json, trust: Json = None, boundary: str | None = None
    ) -> str:
        """Make a role with an inline policy of these statements."""
        trusted = {"Principal": {"AWS": f"{IAM}:root"}} if trust is None else trust
        body = {"Effect": "Allow", "Action": "sts:AssumeRole", **trusted}
        more = {"PermissionsBoundary": boundary} if boundary else {}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(body), **more)
        if statements:
            self.iam.put_role_policy(
                RoleName=name, PolicyName="inline", PolicyDocument=document(*statements)
            )
        return name

    def policy(self, name: str, *statements: Json) -> str:
        made = self.iam.create_policy(PolicyName=name, PolicyDocument=document(*statements))
        return str(made["Policy"]["Arn"])

    def guard(self, secret: str, *statements: Json) -> None:
        """Write another policy of a secret; none takes it away."""
        client = self.real("secretsmanager")
        if statements:
            policy = document(*statements)
            client.put_resource_policy(SecretId=self.secrets[secret], ResourcePolicy=policy)
        else:
            client.delete_resource_policy(SecretId=self.secrets[secret])

    def key_says(self, *statements: Json) -> None:
        policy = document(*statements)
        self.real("kms").put_key_policy(KeyId=self.key, PolicyName="default", Policy=policy)

    @property
    def pages(self) -> list[Mapping[str, str]]:
        """Take what was paged since the last time."""
        sqs = self.real("sqs")
        found: list[Mapping[str, str]] = []
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                page = json.loads(message["Body"])
                found.append({**page, "Message": description(page["Message"])})
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    @property
    def counted(self) -> list[float]:
        """List what was counted, in order."""
        metrics: Any = get_backend("cloudwatch")[ACCOUNT][REGION].metric_data
        return [metric.value for metric in metrics if metric.name == "UnlistedReaders"]


def build() -> World:
    """Make the account as it stands after a deploy: nobody is outside the lists."""
    world = World()
    kms, secrets = world.real("kms"), world.real("secretsmanager")
    made = kms.create_key(Policy=document(*key_policy()))
    world.key = made["KeyMetadata"]["Arn"]
    for name, readers in LISTS["readers"].items():
        world.secrets[name] = secrets.create_secret(
            Name=f"{ENVIRONMENT}/{name}", KmsKeyId=world.key, SecretString=VALUE
        )["ARN"]
        world.guard(name, guard(readers))
    for service, (role,) in LISTS["trusted"].items():
        world.role(
            role.removeprefix("role/"),
            allow(GET, ANY_SECRET if EXECUTOR in role else _of(world, role)),
            trust={"Principal": {"Service": service}},
        )
    world.role(PEOPLE, allow("*"))
    world.topic = world.real("sns").create_topic(Name="rovn-production-security")["TopicArn"]
    world.queue = world.real("sqs").create_queue(QueueName="pages")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:pages"
    world.real("sns").subscribe(TopicArn=world.topic, Protocol="sqs", Endpoint=arn)
    return world


def settings(world: World) -> dict[str, str]:
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "ENVIRONMENT_NAME": ENVIRONMENT,
        "LISTS": json.dumps(LISTS),
        "SECURITY_TOPIC": world.topic,
    }


def _of(world: World, role: str) -> list[str]:
    return [world.secrets[name] for name, who in LISTS["readers"].items() if role in who]
