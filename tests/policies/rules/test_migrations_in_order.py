"""migrations-in-order (ROVN-MIG-1, ROVN-MIG-2)."""

import json
from collections.abc import Callable

import pytest

from policies.rules.migrations_in_order import MACHINE, RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import Spoil, add, all_pass, faults

GATE = "release-gate"
NAME = "PassportApiGateMachine"


def changed(change: Callable[[Json], object]) -> Spoil:
    """Change the definition of the real state machine."""

    def spoil(body: Json) -> None:
        machine = properties(body, MACHINE, NAME)
        definition = json.loads(machine["DefinitionString"])
        change(definition)
        machine["DefinitionString"] = json.dumps(definition)

    return spoil


def leads(state: str, to: str) -> Spoil:
    return changed(lambda d: d["States"][state].update(Next=to))


def chooses(state: str, choice: int, to: str) -> Spoil:
    return changed(lambda d: d["States"][state]["Choices"][choice].update(Next=to))


def test_the_order_is_kept(real: Real) -> None:
    """What follows a rotation is a state machine, too, and migrates nothing."""
    assert all_pass(real, RULE, NAME)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            chooses("IsPending", 1, "Migrate"),
            "it can migrate without snapshot before; it can migrate without watch-snapshot before",
        ),
        (leads("Snapshot", "Migrate"), "it can migrate without watch-snapshot before"),
        (
            changed(lambda d: d.update(StartAt="Snapshot")),
            "it can migrate without decide before; it can end well without decide",
        ),
        (changed(lambda d: d.update(StartAt="Done")), "it can end well without decide"),
        (
            leads("HearMigration", "Done"),
            "it can end well after migrate without check; "
            "it can end well after migrate without hear-check",
        ),
        (
            chooses("IsCheckOver", 0, "Done"),
            "it can end well after migrate without hear-check",
        ),
        (
            changed(lambda d: d["States"]["IsMigrateOver"].update(Default="Done")),
            "it can end well after migrate without check; "
            "it can end well after migrate without hear-check",
        ),
        (
            changed(lambda d: d["States"]["Check"]["Catch"][0].update(Next="Done")),
            "it can end well after migrate without hear-check; "
            "after an error in Check it goes on with Done",
        ),
        (
            changed(lambda d: d["States"]["Migrate"]["Parameters"]["Payload"].update(step="none")),
            "it migrates nothing",
        ),
        (
            changed(lambda d: d.update(TimeoutSeconds=7201)),
            "it may take 7201 seconds, longer than ECS waits for it",
        ),
        (
            changed(lambda d: d.pop("TimeoutSeconds")),
            "it may take None seconds, longer than ECS waits for it",
        ),
    ],
)
def test_another_order_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, GATE, spoil) == {NAME: message}


def test_as_long_as_ecs_waits_is_not_too_long(production: Real) -> None:
    assert faults(production, RULE, GATE, changed(lambda d: d.update(TimeoutSeconds=7200))) == {}


def test_what_cannot_be_read_fails(production: Real) -> None:
    def said(definition: object) -> str:
        def spoil(body: Json) -> None:
            properties(body, MACHINE, NAME)["DefinitionString"] = definition

        return faults(production, RULE, GATE, spoil)[NAME]

    assert said("States:").startswith("its definition is no JSON, so nobody can judge it: ")
    assert said(OPEN).startswith("DefinitionString: ${SomeParameter} is open")


def test_another_machine_is_not_looked_at(production: Real) -> None:
    other = add("Other", MACHINE, StateMachineName="other", DefinitionString="{}")
    assert faults(production, RULE, GATE, other) == {}


def test_the_machine_must_exist(production: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, MACHINE, NAME)["StateMachineName"] = "other"

    assert faults(production, RULE, GATE, spoil) == {
        None: "no state machine is called rovn-production-passport-api-migrate"
    }


@pytest.mark.clause("ROVN-MIG-2")
def test_only_this_rule_sees_a_migration_without_its_snapshot(real: Real) -> None:
    assert real.caught(GATE, chooses("IsPending", 1, "Migrate")) == {(RULE.id, NAME)}
