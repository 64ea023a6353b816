"""Small templates of IAM, with one statement to try."""

from policies.rule import Rule
from runbook.model.loader import load_environment
from tests.policies.rules.harness import Json, Real, judged, template

ACCOUNT = "111122223333"
IAM = f"arn:aws:iam::{ACCOUNT}"
PLACE = f"us-east-2:{ACCOUNT}"
SLUG = "rovn-production"
TASK = f"{IAM}:role/{SLUG}-passport-api-task"
EXECUTION = f"{IAM}:role/{SLUG}-passport-api-execution"
DEPLOY = f"{IAM}:role/claude-deploy"
BREAK_GLASS = f"{IAM}:role/break-glass"
HOME = f"{IAM}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-us-east-2"
AWAY = f"{IAM}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-us-west-2"
# Where IAM tells of itself, and what hands that on stands.
IDENTITY = f"{IAM}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-us-east-1"
BUILDERS = f"{BREAK_GLASS}, {IDENTITY}, {HOME}, {AWAY}"


def allow(action: object, resource: object = "*", **more: object) -> Json:
    """Write a statement that allows; ``more`` are its other elements."""
    return {"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource} | more


def policy(*statements: Json, **properties: object) -> Json:
    """Write a managed policy, carried by the task role unless ``properties`` say otherwise."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    carried = {"Roles": [f"{SLUG}-passport-api-task"], "PolicyDocument": document}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": carried | properties}


def role(**properties: object) -> Json:
    """Write a role, the service's task role unless ``properties`` name another."""
    named = {"RoleName": f"{SLUG}-passport-api-task"}
    return {"Type": "AWS::IAM::Role", "Properties": named | properties}


def on(kind: str, *statements: Json, **properties: object) -> Json:
    """Write a resource policy of this type."""
    return {"Type": kind, "Properties": {"PolicyDocument": {"Statement": [*statements]}}} | (
        {"Properties": properties} if properties else {}
    )


def said(rule: Rule, body: Json, part: str = "passport-api", **others: Json) -> str:
    """Say what a rule says of one resource; ``others`` stand beside it in the template."""
    resources = {"Thing": body, **others}
    result = judged(rule, template(part, resources))["Thing"]
    return result.message or result.status.value


def add(body: Json, *statements: Json) -> None:
    """Put statements into a policy that holds others, to spoil it."""
    body["PolicyDocument"]["Statement"] += statements


def account(real: Real) -> str:
    """Tell in which account an environment is, to spoil its templates with ARNs of its own."""
    return load_environment(real.name).account
