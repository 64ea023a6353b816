"""ROVN-SEC-1: each consumer gets the secrets of the file by reference, and nobody another's."""

from collections.abc import Iterator

from policies.lookups.services import (
    TASK_DEFINITION,
    Container,
    consumer_of,
    containers,
    main_container,
    pairs,
)
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope


def _judge(definition: Resource, scope: Scope) -> Iterator[str]:
    consumer = consumer_of(definition, scope)
    main = main_container(definition, scope) if consumer else None
    wanted = _references(consumer, scope) if consumer else {}
    if consumer and main is None:
        yield f"no container of it reads the secrets of {consumer}"
    names = _variables(scope)
    for container in containers(definition):
        yield from _secrets(container, wanted if container == main else {})
        if container.at("EnvironmentFiles", []):
            yield f"{container.name} reads variables from files in S3, where values stand"
        plain = pairs(container.at("Environment", []))
        for name in sorted(names.intersection(plain)):
            yield f"{container.name} has {name}, a secret's variable, as plain text"


def _secrets(container: Container, wanted: dict[str, str]) -> Iterator[str]:
    found = pairs(container.at("Secrets", []), value="ValueFrom")
    for name in sorted(wanted.keys() - found.keys()):
        yield f"{container.name} does not get {name}"
    for name, reference in found.items():
        if name not in wanted:
            yield f"{container.name} gets {name}, which the environment file does not give it"
        elif reference != wanted[name]:
            yield f"{container.name} gets {name} from {reference}, not from {wanted[name]}"


def _references(consumer: str, scope: Scope) -> dict[str, str]:
    """Map a consumer's variables to what they must refer to."""
    environment = scope.environment
    place = f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret"
    references = {}
    for secret, variables in environment.secrets_of(consumer).items():
        for variable in variables:
            name, _, key = variable.partition(":")
            # Empty: the version's stage and id, so the current one.
            references[name] = f"{place}:{environment.name}/{secret}-??????" + (
                f":{key}::" if key else ""
            )
    return references


def _variables(scope: Scope) -> set[str]:
    secrets = scope.environment.secrets.values()
    return {variable.partition(":")[0] for secret in secrets for variable in secret.variables}


RULE = Rule(
    id="secrets-by-reference",
    title="Containers get exactly the secrets that the environment file gives them, by reference",
    why="A value in a task definition is read by all who may describe it, for as long as it "
    "is kept; a secret too many is one more way to lose it.",
    remedy="Give a secret `consumers` and `variables` in the environment file; "
    "runbook_constructs.service_tasks renders them.",
    clauses=("ROVN-SEC-1",),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "NIST IA-5(7)", "SOC2 CC6.1"),
    types=(TASK_DEFINITION,),
    judge=_judge,
    waivable=False,
)
