"""Patients' data rests under a key of the environment, and so does what Insights keep of it."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, is_replica, source_of
from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

_SOURCES = (
    "DBSnapshotIdentifier",
    "SourceDBInstanceAutomatedBackupsArn",
    "SourceDBInstanceIdentifier",
)
# Its place in an ARN.
_ACCOUNT = 4


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    if instance.at("StorageEncrypted") is not True:
        yield "StorageEncrypted is not true: the storage can be read without any key"
    key = instance.at("KmsKeyId")
    if key is None and is_replica(instance):
        # RDS takes the key of the source, and no other, within a region.
        if source_of(instance, scope) is None:
            yield "it takes the key of an instance that is in no template"
    elif key_behind(key, instance) is None:
        yield f"KmsKeyId is {key}, not a key of this environment"
    for source in _SOURCES:
        if _is_foreign(str(instance.at(source, "")), scope):
            yield f"{source} is of another account, and brings its own encryption, or none"
    if _has_insights(instance):
        key = instance.at("PerformanceInsightsKMSKeyId")
        if key_behind(key, instance) is None:
            yield f"PerformanceInsightsKMSKeyId is {key}, not a key of this environment"


def _is_foreign(source: str, scope: Scope) -> bool:
    """Tell an ARN of another account: a copy has the encryption of what it was made of."""
    parts = source.split(":")
    return len(parts) > _ACCOUNT and parts[_ACCOUNT] != scope.environment.account


def _has_insights(instance: Resource) -> bool:
    """Say whether texts of statements are kept outside the database."""
    switched_on = instance.at("EnablePerformanceInsights", default=False) is not False
    return switched_on or instance.at("DatabaseInsightsMode", "standard") != "standard"


RULE = Rule(
    id="database-encrypted",
    title="The database, its backups and its Insights are encrypted with a key of the environment",
    why="AWS's own key says nothing about who may use it, and a database cannot be encrypted "
    "later.",
    remedy="Leave the keys to runbook_constructs.database, which takes the data stack's.",
    clauses=(),
    controls=("HIPAA 164.312(a)(2)(iv)", "NIST SC-12", "NIST SC-28", "SOC2 CC6.1"),
    types=(INSTANCE,),
    judge=_judge,
    waivable=False,
)
