"""Images rest under a key of the environment."""

from collections.abc import Iterator

from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

KMS = ("KMS", "KMS_DSSE")


def _judge(repository: Resource, _: Scope) -> Iterator[str]:
    kind = repository.at("EncryptionConfiguration.EncryptionType", "AES256")
    if kind not in KMS:
        yield f"EncryptionType is {kind}, not KMS"
        return
    key = repository.at("EncryptionConfiguration.KmsKey")
    if key_behind(key, repository) is None:
        yield f"KmsKey is {key}, not a key of this environment"


RULE = Rule(
    id="registry-encrypted",
    title="Every repository is encrypted with a key of the environment",
    why="AWS's own key says nothing about who may use it, and a repository cannot change its key.",
    remedy="Leave the key to runbook_constructs.registry, which takes the registry stack's.",
    clauses=(),
    controls=("NIST SC-12", "NIST SC-28", "SOC2 CC6.1"),
    types=("AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"),
    judge=_judge,
)
