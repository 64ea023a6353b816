"""Secrets rest under a key of the environment."""

from collections.abc import Iterator

from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(secret: Resource, _: Scope) -> Iterator[str]:
    key = secret.at("KmsKeyId")
    if key_behind(key, secret) is None:
        yield f"KmsKeyId is {key}, not a key of this environment"


RULE = Rule(
    id="secrets-encrypted",
    title="Every secret is encrypted with a key of the environment",
    why="AWS's own key lets every principal of the account decrypt what it can read.",
    remedy="Leave the key to runbook_constructs.secret_store, which takes the secrets stack's.",
    clauses=(),
    controls=("HIPAA 164.312(a)(2)(iv)", "NIST SC-12", "NIST SC-28", "SOC2 CC6.1"),
    types=("AWS::SecretsManager::Secret",),
    judge=_judge,
    waivable=False,
)
