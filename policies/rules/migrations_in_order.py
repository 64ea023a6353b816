"""ROVN-MIG-1, ROVN-MIG-2: a snapshot before each migration, and a whole schema after it."""

import json
from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import known

MACHINE = "AWS::StepFunctions::StateMachine"
States = dict[str, dict[str, Any]]
# What the steps' function is told to do, in the only order there is.
ASK, SNAPSHOT, WAIT, MIGRATE, CHECK, HEAR = (
    "decide",
    "snapshot",
    "watch-snapshot",
    "migrate",
    "check",
    "hear-check",
)


def _gate_of(machine: Resource, scope: Scope) -> str | None:
    """Find the service whose migrations it runs."""
    name = machine.at("StateMachineName")
    names = {scope.principals.named(f"{key}-migrate"): key for key in _gated(scope)}
    return names.get(str(known(name)))


def _gated(scope: Scope) -> list[str]:
    return [key for key, service in scope.environment.services.items() if service.gate]


def _is_gate(machine: Resource, scope: Scope) -> bool:
    return _gate_of(machine, scope) is not None


def _judge(machine: Resource, scope: Scope) -> Iterator[str]:
    try:
        definition = json.loads(str(known(machine.at("DefinitionString"))))
    except ValueError as error:
        yield f"its definition is no JSON, so nobody can judge it: {error}"
        return
    gate = scope.environment.services[_gate_of(machine, scope) or ""].gate
    limit = definition.get("TimeoutSeconds")
    if gate and (limit is None or limit > gate.timeout_minutes * 60):
        yield f"it may take {limit} seconds, longer than ECS waits for it"
    states: States = definition["States"]
    yield from _order(definition["StartAt"], states)
    for name, state in states.items():
        for caught in state.get("Catch", []):
            if states[caught["Next"]]["Type"] != "Fail":
                yield f"after an error in {name} it goes on with {caught['Next']}"


def _order(start: str, states: States) -> Iterator[str]:
    steps = {
        step: [name for name, state in states.items() if _step_of(state) == step]
        for step in (ASK, SNAPSHOT, WAIT, MIGRATE, CHECK, HEAR)
    }
    ends = [name for name, state in states.items() if state["Type"] == "Succeed"]
    for before in (ASK, SNAPSHOT, WAIT):
        if _reaches(start, steps[MIGRATE], states, without=steps[before]):
            yield f"it can migrate without {before} before"
    for migrate in steps[MIGRATE]:
        for after in (CHECK, HEAR):
            if _reaches(migrate, ends, states, without=steps[after]):
                yield f"it can end well after migrate without {after}"
    if not steps[MIGRATE]:
        yield "it migrates nothing"
    if _reaches(start, ends, states, without=steps[ASK]):
        yield f"it can end well without {ASK}"


def _step_of(state: dict[str, Any]) -> str | None:
    step: str | None = state.get("Parameters", {}).get("Payload", {}).get("step")
    return step


def _reaches(start: str, ends: list[str], states: States, *, without: list[str]) -> bool:
    """Say whether a way leads from one state to one of these that passes none of those."""
    seen, waiting = set(without), [start]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        if name in ends:
            return True
        seen.add(name)
        waiting += _next(states[name])
    return False


def _next(state: dict[str, Any]) -> list[str]:
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    named = [way["Next"] for way in ways if "Next" in way]
    return [*named, *([state["Default"]] if "Default" in state else [])]


def _required(scope: Scope) -> Iterator[str]:
    there = {_gate_of(machine, scope) for machine in scope.resources(MACHINE)}
    for key in _gated(scope):
        if key not in there:
            yield f"no state machine is called {scope.principals.named(f'{key}-migrate')}"


RULE = Rule(
    id="migrations-in-order",
    title="A release migrates after its question and its snapshot, and ends well only after the "
    "schema was checked",
    why="A migration without a snapshot cannot be taken back, and one that nobody checks serves "
    "what it broke.",
    remedy="Leave the order to runbook_constructs.release_gate.state_machine.",
    clauses=("ROVN-MIG-1", "ROVN-MIG-2"),
    controls=("HIPAA 164.308(a)(7)(ii)(A)", "NIST CM-3", "NIST CP-9", "SOC2 CC8.1"),
    types=(MACHINE,),
    concerns=_is_gate,
    judge=_judge,
    required=_required,
    waivable=False,
)
