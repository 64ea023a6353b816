"""ROVN-SEC-1: the secrets that exist are those that somebody owns."""

from collections.abc import Iterator

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type


def _names(scope: Scope) -> list[str]:
    return [f"{scope.environment.name}/{name}" for name in scope.environment.secrets]


def _judge(secret: Resource, scope: Scope) -> Iterator[str]:
    name = secret.at("Name")
    if name not in _names(scope):
        yield f"its name is {name or 'left to AWS'}, which is not in [secrets]"
    yield from _copies(secret, scope)


def _copies(secret: Resource, scope: Scope) -> Iterator[str]:
    """Want one of the pager's address, in the region that probes page from, and none else."""
    regions = [known(each).get("Region") for each in secret.at("ReplicaRegions", [])]
    key = str(secret.at("Name")).removeprefix(f"{scope.environment.name}/")
    wanted = scope.environment.copied_secrets.get(key, ())
    for region in wanted:
        if region not in regions:
            yield f"no copy of it is in {region}, where probes page from: nobody is subscribed"
    for region in regions:
        if region not in wanted:
            yield f"ReplicaRegions makes a copy in {region}, where nothing of ours reads it"


def _required(scope: Scope) -> Iterator[str]:
    found = [secret.at("Name") for secret in scope.resources(SECRET)]
    for name in _names(scope):
        if found.count(name) != 1:
            yield f"there are {found.count(name)} of the secret {name}, not one"


RULE = Rule(
    id="secrets-as-declared",
    title="Every secret of the environment file exists under its name, and no other",
    why="A secret that no file names has no owner, no readers' list and no day on which it is "
    "replaced.",
    remedy="Add the secret to [secrets] of the environment file with mechanism, cadence and owner; "
    "runbook_constructs.secret_store makes it.",
    clauses=("ROVN-SEC-1", "ROVN-SEC-3", "ROVN-SEV-1"),
    controls=("HIPAA 164.312(d)", "NIST CM-8", "NIST IA-5", "SOC2 CC6.1"),
    types=(SECRET,),
    judge=_judge,
    required=_required,
)
