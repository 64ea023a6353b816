"""ROVN-SEC-6, ROVN-SEC-2: each secret is read and written by those on its list."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from policies.iam.called import called
from policies.iam.conditions import through_services
from policies.iam.grants import grants_of, holds_policies, outsiders
from policies.lookups.references import find
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

Json = Any
ALIAS = "AWS::KMS::Alias"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
# BatchGetSecretValue reads what GetSecretValue may.
READ = ("secretsmanager:GetSecretValue",)
WRITE = ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
# What changes who reads it, or takes a copy elsewhere.
EDIT = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
)
_DECRYPT = ("kms:Decrypt", "kms:ReEncryptFrom")


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    # It makes secrets, so it is granted all of them; each one's own policy keeps it out
    # (secret-policy).
    executors = scope.principals.cdk_roles("cfn-exec")
    about = (*READ, *WRITE, *EDIT)
    touches = any(statement.among(about) for statement in grants_of(scope).at(resource))
    for name, names in _called(scope).items() if touches else ():
        for actions, allowed in _may(name, scope):
            for message in outsiders(resource, scope, actions, (*allowed, *executors), names):
                yield f"{name}: {message}"
    # A password that RDS keeps itself is nobody's here.
    people = scope.principals.break_glass
    yield from outsiders(resource, scope, READ, people, [f"{_here(scope)}:rds!*"])
    yield from _decrypted(resource, scope)


@lru_cache(maxsize=2)
def _called(scope: Scope) -> Mapping[str, Sequence[str]]:
    """Tell how policies may call each secret of the environment, wherever its template is.

    Its copies are called as it is but for the region.
    """
    environment = scope.environment
    there = {secret.at("Name"): secret for secret in scope.resources(SECRET)}
    names = {}
    for name in environment.secrets:
        full = f"{environment.name}/{name}"
        own = called(there[full]) if full in there else (f"{_here(scope)}:{full}-??????",)
        copies = _copies(there[full]) if full in there else []
        here = f":{environment.region}:"
        names[name] = [
            *own,
            *(
                each.replace(here, f":{known(copy).get('Region')}:", 1)
                for copy in copies
                for each in own
            ),
        ]
    return names


def _copies(secret: Resource) -> Sequence[Json]:
    found: Sequence[Json] = known(secret.at("ReplicaRegions", []))
    return found


def _here(scope: Scope) -> str:
    environment = scope.environment
    return f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret"


def _may(name: str, scope: Scope) -> list[tuple[Sequence[str], Sequence[str]]]:
    principals = scope.principals
    return [
        (READ, principals.may_read(name)),
        (WRITE, principals.may_write(name)),
        (EDIT, principals.may_edit_secrets),
    ]


@lru_cache(maxsize=2)
def _called_keys(scope: Scope) -> Sequence[str]:
    """Tell how policies may call any of the keys that secrets are under."""
    secrets = list(scope.resources(SECRET))
    copies = [known(copy).get("KmsKeyId") for secret in secrets for copy in _copies(secret)]
    aliases = (find(alias, scope, ALIAS) for alias in copies if alias is not None)
    found = [scope.target(secret.at("KmsKeyId")) for secret in secrets]
    found += [scope.target(alias.at("TargetKeyId")) for alias in aliases if alias is not None]
    keys = (key for key in dict.fromkeys(found) if key is not None)
    return tuple(dict.fromkeys(name for key in keys for name in called(key)))


def _decrypted(resource: Resource, scope: Scope) -> Iterator[str]:
    """Want the secrets' keys to be used through Secrets Manager only, which asks who reads.

    Another service decrypts what it keeps itself: through it nobody reads a secret.
    """
    grants, people, names = grants_of(scope), scope.principals.break_glass, _called_keys(scope)
    for statement in grants.at(resource):
        who, what = grants.strangers(statement, _DECRYPT, people, names)
        if who and not through_services(statement.conditions):
            yield f"{statement.label} allows {', '.join(what)} with the secrets' key to " + (
                f"{', '.join(who)}, not only through Secrets Manager"
            )


RULE = Rule(
    id="who-reads-secrets",
    title="Each secret is granted to those on its list only, whatever its own policy denies",
    why="A reader that nobody listed leads from one weakness to every vendor and the database.",
    remedy="Name its reader under consumers of [secrets.…]; the lists stand in "
    "runbook/access/secret_principals.py, and SecretStore writes them into each secret's policy.",
    clauses=("ROVN-SEC-6", "ROVN-SEC-2"),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-3", "NIST AC-6", "SOC2 CC6.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
