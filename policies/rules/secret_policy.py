"""ROVN-SEC-6: a secret refuses whoever is not on its list, whatever their own policies say."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from policies.iam.resource_policies import (
    Statement,
    conditions,
    covers,
    is_for_everybody,
    listed,
    statements,
)
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError, closed

SECRET, POLICY = "AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy"
# BatchGetSecretValue reads what GetSecretValue may.
READ = ("secretsmanager:GetSecretValue",)
WRITE = ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
# What changes the guard, the key or the rotation, or takes a copy elsewhere.
EDIT = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
)
# Cannot be matched by more than the ARNs it names, none of which holds a wildcard.
_NOT = ("ArnNotEquals", "ArnNotLike", "StringNotEquals")


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == SECRET:
        count = _guards(scope)[resource]
        if count != 1:
            yield f"it has {count} resource policies, not one: IAM alone says who reads it"
        return
    secret = _secret_of(resource, scope)
    if secret is None:
        yield "it guards a secret that is in no template"
        return
    if resource.at("BlockPublicPolicy") is not True:
        yield "BlockPublicPolicy is not true: AWS takes a policy that opens it to everybody"
    denials = [s for s in statements(closed(resource.at("ResourcePolicy"))) if _refuses(s, secret)]
    for action, wanted in _lists(secret, scope).items():
        named = [_excepted(each) for each in denials if covers(each, action)]
        if set(wanted) not in named:
            yield f"nothing denies {action} to everybody but {', '.join(wanted)}"


@lru_cache(maxsize=2)
def _guards(scope: Scope) -> Counter[Resource | None]:
    """Count the policies of each secret."""
    return Counter(_secret_of(policy, scope) for policy in scope.resources(POLICY))


def _secret_of(policy: Resource, scope: Scope) -> Resource | None:
    value = policy.at("SecretId")
    target = scope.target(value)
    if target is not None:
        return target if target.type == SECRET else None
    return next((s for s in scope.resources(SECRET) if s.at("Name") == value), None)


def _lists(secret: Resource, scope: Scope) -> Mapping[str, tuple[str, ...]]:
    """Map each action that must be denied to those who may do it all the same."""
    name = str(secret.at("Name")).removeprefix(f"{scope.environment.name}/")
    if name not in scope.environment.secrets:
        raise UnresolvedError(f"{name} is not in [secrets], so nobody says who may read it")
    principals = scope.principals
    return {
        **dict.fromkeys(READ, principals.may_read(name)),
        **dict.fromkeys(WRITE, principals.may_write(name)),
        **dict.fromkeys(EDIT, principals.may_edit_secrets),
    }


def _refuses(statement: Statement, secret: Resource) -> bool:
    """Say whether it denies something about the secret to everybody, with exceptions."""
    resources = listed(statement.get("Resource"))
    own = secret.stack.ref(secret.logical_id)
    return (
        statement.get("Effect") == "Deny"
        and is_for_everybody(statement)
        and ("*" in resources or own in resources)
    )


def _excepted(statement: Statement) -> set[str] | None:
    """Read whom a denial leaves out; None when it hangs on something else, too."""
    held = conditions(statement)
    if not held:
        return set()
    for (operator, key), values in held.items():
        if operator in _NOT and key == "aws:principalarn" and len(held) == 1:
            return set(values)
    return None


RULE = Rule(
    id="secret-policy",
    title="Every secret has a policy of its own that denies reading, writing and editing to all "
    "but those on the environment's lists",
    why="One IAM policy that grants too much would open every secret at once; a denial on the "
    "secret itself outweighs it.",
    remedy="Leave policies to runbook_constructs.secret_store, which takes the lists of "
    "runbook/access/secret_principals.py.",
    clauses=("ROVN-SEC-6",),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-3", "NIST AC-6", "SOC2 CC6.3"),
    types=(SECRET, POLICY),
    judge=_judge,
    waivable=False,
)
