"""Whom IAM allows uses a key through the services it is for (docs/decisions/0006)."""

from collections.abc import Iterator, Mapping

from policies.iam.resource_policies import Statement, conditions, covers, statements
from policies.lookups.keys import KEYS
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

_LENDING = "kms:CreateGrant"
_USING = (
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:Sign",
)


# Makes something new, and reads nothing that is there: for this there is no service between.
_PAIR = "kms:GenerateDataKeyPair"
_WHO = ("ArnEquals", "aws:principalarn")


def _judge(key: Resource, scope: Scope) -> Iterator[str]:
    account = known(key.stack.ref("AWS::AccountId"))
    for statement in statements(key.at("KeyPolicy")):
        if statement.get("Effect") != "Allow" or _is_for_services_only(statement):
            continue
        name = known(statement.get("Sid", "a statement"))
        given = conditions(statement)
        used = [action for action in (*_USING, _LENDING) if covers(statement, action)]
        via = given.get(("StringEquals", "kms:viaservice"))
        if used and not via and not (used == [_PAIR] and _is_for_signing_keys(given, scope)):
            yield f"{name} allows {', '.join(used)} without StringEquals on kms:ViaService"
        if used and given.get(("StringEquals", "kms:calleraccount")) != [account]:
            yield f"{name} allows {', '.join(used)} to accounts other than {account}"
        if _LENDING in used and not _is_for_resources_only(statement):
            yield f"{name} allows {_LENDING} without kms:GrantIsForAWSResource"


def _is_for_signing_keys(given: Mapping[tuple[str, str], list[str]], scope: Scope) -> bool:
    """Say whether a statement is for the one function that makes a secret's key pairs."""
    secrets = scope.environment.secrets.items()
    makers = [scope.principals.rotation(n) for n, s in secrets if s.mechanism == "signing_key"]
    named = given.get(_WHO, [])
    return len(named) == 1 and named[0] in makers


def _is_for_services_only(statement: Statement) -> bool:
    principal = known(statement.get("Principal"))
    return isinstance(principal, dict) and set(principal) == {"Service"}


def _is_for_resources_only(statement: Statement) -> bool:
    values = conditions(statement).get(("Bool", "kms:grantisforawsresource"), [])
    return [str(value).lower() for value in values] == ["true"]


RULE = Rule(
    id="key-through-services",
    title="Nobody uses a key directly, only through the services that its policy names, but for "
    "having signing keys made",
    why="Whoever may decrypt by hand needs no rights on the bucket or the secret, and leaves no "
    "line in their logs.",
    remedy="Make the key with runbook_constructs.customer_key, and name the services in via.",
    clauses=("ROVN-SEC-2",),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "NIST SC-12", "SOC2 CC6.1"),
    types=KEYS,
    judge=_judge,
    waivable=False,
)
