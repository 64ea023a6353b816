"""ROVN-SEC-6, ROVN-SEC-2: each secret is read and written by those on its list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.called import called
from policies.conditions import demanded
from policies.grants import grants_of, holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.scope import Resource, Scope

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
# BatchGetSecretValue reads what GetSecretValue may.
READ = ("secretsmanager:GetSecretValue",)
WRITE = ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
# What changes who reads it, or takes a copy elsewhere.
EDIT = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
)
_DECRYPT = ("kms:Decrypt", "kms:ReEncryptFrom")


@dataclass(frozen=True)
class _Lists:
    """Who may do what with one secret: actions, and those who may."""

    names: Sequence[str]
    may: Sequence[tuple[Sequence[str], Sequence[str]]]


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for secret in scope.resources(SECRET):
        lists = _lists(secret, scope)
        if lists:
            for actions, allowed in lists.may:
                # It makes secrets, so it is granted all of them; each one's policy keeps it out.
                executors = scope.principals.cdk_roles("cfn-exec")
                for message in outsiders(
                    resource, scope, actions, allowed, lists.names, excused=executors
                ):
                    yield f"{secret.at('Name')}: {message}"
    yield from _unseen(resource, scope)
    for key in _keys(scope):
        yield from _decrypted(resource, scope, called(key))
    if resource.type == SECRET:
        yield from _unguarded(resource, scope)


def _lists(secret: Resource, scope: Scope) -> _Lists | None:
    name = str(secret.at("Name", "")).removeprefix(f"{scope.environment.name}/")
    if name not in scope.environment.secrets:
        return None
    return _Lists(called(secret), _may(name, scope))


def _may(name: str, scope: Scope) -> list[tuple[Sequence[str], Sequence[str]]]:
    principals = scope.principals
    return [
        (READ, principals.may_read(name)),
        (WRITE, principals.may_write(name)),
        (EDIT, principals.may_edit_secrets),
    ]


def _unseen(resource: Resource, scope: Scope) -> Iterator[str]:
    """Ask about what stands in no template given: the policies on those are not seen either."""
    environment = scope.environment
    there = {secret.at("Name") for secret in scope.resources(SECRET)}
    here = f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret"
    # A password that RDS keeps itself is nobody's here.
    yield from outsiders(resource, scope, READ, scope.principals.break_glass, [f"{here}:rds!*"])
    for name in environment.secrets:
        full = f"{environment.name}/{name}"
        if full not in there:
            for actions, allowed in _may(name, scope):
                spared = (*allowed, *scope.principals.builders)
                for message in outsiders(
                    resource, scope, actions, spared, [f"{here}:{full}-??????"]
                ):
                    yield f"{full}: {message}"


def _keys(scope: Scope) -> list[Resource]:
    found = (scope.target(s.at("KmsKeyId")) for s in scope.resources(SECRET))
    return [key for key in dict.fromkeys(found) if key is not None]


def _decrypted(resource: Resource, scope: Scope, names: Sequence[str]) -> Iterator[str]:
    """Want the secrets' key to be used through Secrets Manager only, which asks who reads."""
    grants = grants_of(scope)
    for statement in grants.at(resource):
        who, what = grants.strangers(statement, _DECRYPT, scope.principals.break_glass, names)
        if not who:
            continue
        through = demanded(statement.conditions, "kms:ViaService")
        if not through or not all(service.startswith("secretsmanager.") for service in through):
            yield f"{statement.label} allows {', '.join(what)} with the secrets' key to " + (
                f"{', '.join(who)}, not only through Secrets Manager"
            )


def _unguarded(secret: Resource, scope: Scope) -> Iterator[str]:
    """Want the secret's own policy to keep out who is not on the lists, whatever they carry."""
    lists = _lists(secret, scope)
    if lists is None:
        yield f"no list says who may read {secret.at('Name', 'a secret without name')}"
        return
    guards = [
        (deny, set(spares))
        for deny, spares in grants_of(scope).denials
        if deny.certainly_covers(lists.names)
    ]
    for actions, allowed in lists.may:
        for action in actions:
            if not any(deny.among([action]) and who <= set(allowed) for deny, who in guards):
                yield f"its policy does not deny {action} to all but {', '.join(sorted(allowed))}"


def _concerns(resource: Resource, scope: Scope) -> bool:
    return resource.type == SECRET or holds_policies(resource, scope)


def _required(scope: Scope) -> Iterator[str]:
    there = {str(secret.at("Name", "")) for secret in scope.resources(SECRET)}
    for name in scope.environment.secrets:
        if f"{scope.environment.name}/{name}" not in there:
            yield f"no stack has the secret {scope.environment.name}/{name}"


RULE = Rule(
    id="who-reads-secrets",
    title="Each secret is read, written and changed by those on its list only",
    why="A reader that nobody listed leads from one weakness to every vendor and the database.",
    remedy="Name its reader under consumers of [secrets.…]; the lists stand in "
    "runbook/access/principals.py, and SecretStore writes them into each secret's policy.",
    clauses=("ROVN-SEC-6", "ROVN-SEC-2"),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-3", "NIST AC-6", "SOC2 CC6.1"),
    types=ANY,
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
