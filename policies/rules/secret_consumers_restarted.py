"""ROVN-SEC-3: whoever reads a secret gets new tasks once it has a new value, and nobody else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.references import find
from policies.lookups.restart_machine import MACHINE, is_restart_machine, restarts, steps
from policies.lookups.secret_events import (
    RULE_OF_EVENTS,
    Event,
    call,
    rotation,
    secret_arns,
    takes,
    targets,
)
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known

Json = Any
# EventBridge's own: after the value's, and the same at each delivery.
_SINCE = "<aws.events.event.ingestion-time>"


def _concerns(resource: Resource, scope: Scope) -> bool:
    if resource.type == MACHINE:
        return is_restart_machine(resource, scope)
    return any(_to_machine(target, scope) for target in targets(resource))


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == MACHINE:
        yield from _machine(resource, scope)
        return
    for target in targets(resource):
        if not target.get("DeadLetterConfig"):
            yield f"what {target.get('Id')} does not take is lost: it has no dead-letter queue"
        if known(target.get("RoleArn")) != scope.principals.secret_restart_events:
            yield f"{target.get('Id')} is started as {target.get('RoleArn')}, whom nobody knows"
    said = [_input(target) for target in targets(resource)]
    for given in said:
        secret = scope.environment.secrets.get(str(given.get("secret")))
        if secret is None or given.get("service") not in _services(secret.services, scope):
            yield f"it restarts {given.get('service')}, which does not read {given.get('secret')}"
        if given.get("rotated") != _SINCE:
            yield f"a restart since {given.get('rotated')} is taken for one since the rotation"
    yield from _for_others(resource, {str(given.get("secret")) for given in said}, scope)


def _machine(machine: Resource, scope: Scope) -> Iterator[str]:
    states = steps(machine)
    if not any(restarts(state, scope.environment.slug) for state in states.values()):
        yield "it asks nobody for new tasks of the service it is given"
    text = machine.at("DefinitionString")
    if "TimeoutSeconds" not in (json.loads(text) if states else {}):
        yield "it has no TimeoutSeconds: one that never ends is never told"


def _for_others(rule: Resource, secrets: set[str], scope: Scope) -> Iterator[str]:
    for name, arn in secret_arns(scope).items():
        if name not in secrets and takes(rule, rotation("RotationSucceeded", arn)):
            yield f"it listens to {name}, of which it restarts nobody"


def _required(scope: Scope) -> Iterator[str]:
    if not any(is_restart_machine(found, scope) for found in scope.resources(MACHINE)):
        yield f"no state machine is called {scope.principals.secret_restart.rpartition('/')[2]}"
    rules = [rule for rule in scope.resources(RULE_OF_EVENTS) if _concerns(rule, scope)]
    for name, arn in secret_arns(scope).items():
        secret = scope.environment.secrets.get(name)
        for service in _services(secret.services if secret else (), scope):
            for what, event in _new_values(name, arn, scope):
                if not any(_restarts(rule, name, service) and takes(rule, event) for rule in rules):
                    yield f"nothing restarts {service} when {what}"


def _new_values(name: str, arn: str, scope: Scope) -> Iterator[tuple[str, Event]]:
    """List how a secret comes to a new value: by its function, and by people."""
    by = scope.principals.break_glass[0]
    environment = scope.environment
    full = f"{environment.name}/{name}"
    # AWS takes an ARN without its last six letters, too.
    part = f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret:{full}"
    current = {"versionStage": "AWSCURRENT", "moveToVersionId": "new"}
    yield f"{name} was rotated", rotation("RotationSucceeded", arn)
    for secret in (arn, full, part):
        yield (
            f"somebody promotes a value of {secret}",
            call("UpdateSecretVersionStage", secret, by, **current),
        )
        yield f"somebody puts a value of {secret}", call("PutSecretValue", secret, by)


def _restarts(rule: Resource, secret: str, service: str) -> bool:
    said = (_input(target) for target in targets(rule))
    return any((each.get("secret"), each.get("service")) == (secret, service) for each in said)


def _input(target: Mapping[str, Json]) -> Mapping[str, Json]:
    """Read what a target is given; nothing where that is no object of JSON."""
    template = known(target.get("InputTransformer") or {}).get("InputTemplate")
    try:
        given = json.loads(closed(template)) if isinstance(closed(template), str) else {}
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _to_machine(target: Mapping[str, Json], scope: Scope) -> bool:
    arn = target.get("Arn")
    machine = find(arn, scope, MACHINE) if arn is not None else None
    return machine is not None and is_restart_machine(machine, scope)


def _services(keys: tuple[str, ...], scope: Scope) -> list[str]:
    services = scope.environment.services
    return [services[key].name for key in keys]


RULE = Rule(
    id="secret-consumers-restarted",
    title="A new value of a secret restarts exactly the services that read it",
    why="ECS gives a task its secrets when it starts. Without a restart a service goes on with the "
    "value of before until that ends, and then with none.",
    remedy="Leave rules and state machine to runbook_constructs.secret_restart; who reads a secret "
    "stands in consumers of the environment file.",
    clauses=("ROVN-SEC-3", "DLX-SEC-1"),
    controls=("HIPAA 164.308(a)(5)(ii)(D)", "NIST IA-5", "SOC2 CC6.1"),
    types=(RULE_OF_EVENTS, MACHINE),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
