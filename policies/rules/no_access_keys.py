"""ROVN-DEP-9: no credential that lasts comes from a template, and no user but who deploys."""

from collections.abc import Iterator

from policies.iam.attachments import arn_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type != "AWS::IAM::User":
        yield "an access key lasts until somebody deletes it, and its secret is in the stack"
        return
    if "LoginProfile" in resource.properties:
        yield "it has a password: people sign in elsewhere and assume a role"
    identity = scope.principals.deploy_identity
    if arn_of(resource) != identity:
        yield f"it is the user {arn_of(resource)}; a template makes no user but {identity}"


RULE = Rule(
    id="no-access-keys",
    title="No template makes an access key, a password, or a user other than the deploy identity",
    why="What a template writes down is read by everybody who may look at the stack, and works "
    "from anywhere until it is found.",
    remedy="Use a role; where deploy.identity is iam_user, an operator makes its key by hand.",
    clauses=("ROVN-DEP-9",),
    controls=("HIPAA 164.312(d)", "NIST IA-5", "SOC2 CC6.1"),
    types=("AWS::IAM::AccessKey", "AWS::IAM::User"),
    judge=_judge,
    waivable=False,
)
