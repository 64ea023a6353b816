"""ALL-1: what keeps a clause is computed; one that nothing keeps says what it waits for."""

from pathlib import Path

import pytest

from policies.keepers import Binding, Keeper, Kind, State, bindings, faults, keepers
from policies.live_checks import live_checks
from runbook.alarms.catalogue import alarms_of
from runbook.clauses import Clause, all_clauses
from runbook.model.selection import all_environments
from runbook.verification.check import all_checks
from tests.assembly import ROOT

OPEN = Path(__file__).with_name("open.txt")
CLAUSE = Clause(id="ROVN-BCK-1", title="Backups are kept", source="R7")
UNFINISHED = CLAUSE.model_copy(update={"open": "Backups wait for the data stack"})
CLAUSES = {CLAUSE.id: CLAUSE}
UNKEPT = (
    "ROVN-BCK-1 is kept by {} alone, so no test fails without it: name it in a rule, mark a test "
    'with it, or say in its TOML what it waits for (open = "…")'
)


def keeper(kind: Kind, clause: str = CLAUSE.id, fault: str = "") -> Keeper:
    return Keeper(kind, clause, "some-name", "some/file.py", line=7, fault=fault)


@pytest.mark.clause("ALL-1")
def test_every_clause_is_kept_or_says_what_it_waits_for() -> None:
    assert faults(all_clauses(), keepers()) == []


@pytest.mark.clause("ALL-1")
def test_what_is_open_only_becomes_less() -> None:
    """Only this list lets a clause be open, and a line of it goes when its clause is kept."""
    listed = {
        name: State(state) for name, state in map(_split, OPEN.read_text("utf-8").splitlines())
    }
    now = {name: binding.state for name, binding in bindings().items()}
    order = list(State)
    for name, state in now.items():
        before = listed.get(name, State.KEPT)
        lost = f"{name} was {before} and is {state}: give it back what kept it"
        assert order.index(state) <= order.index(before), lost
        won = f"{name} is {state}: say so in tests/clauses/open.txt, and read its `open` again"
        assert state is before, won
    assert list(listed) == [name for name in now if name in listed]


def _split(line: str) -> tuple[str, str]:
    name, _, state = line.partition(": ")
    return name, state


@pytest.mark.parametrize(
    ("kinds", "clause", "state"),
    [
        ([Kind.RULE], CLAUSE, State.KEPT),
        ([Kind.TEST], CLAUSE, State.KEPT),
        ([Kind.DRILL], CLAUSE, State.KEPT),
        ([Kind.RULE, Kind.DEMAND], UNFINISHED, State.IN_PART),
        ([Kind.DEMAND, Kind.ALARM, Kind.COMMAND], UNFINISHED, State.OPEN),
        ([], UNFINISHED, State.OPEN),
    ],
)
def test_a_clause_is_kept_as_far_as_something_proves_it(
    kinds: list[Kind], clause: Clause, state: State
) -> None:
    found = [keeper(kind) for kind in kinds]
    assert faults({clause.id: clause}, found) == []
    binding = bindings({clause.id: clause}, found)[clause.id]
    assert binding == Binding(clause, tuple(found))
    assert binding.state is state
    assert [kind for kind in Kind if binding.of(kind)] == sorted(kinds, key=list(Kind).index)


@pytest.mark.parametrize(
    ("kinds", "only"),
    [([], "nothing"), ([Kind.DEMAND], "demand"), ([Kind.COMMAND, Kind.ALARM], "alarm, command")],
)
def test_a_clause_that_nothing_proves_is_told(kinds: list[Kind], only: str) -> None:
    assert faults(CLAUSES, map(keeper, kinds)) == [UNKEPT.format(only)]


def test_a_keeper_of_an_unknown_clause_is_told() -> None:
    found = [keeper(Kind.RULE), keeper(Kind.TEST, "ROVN-BCK-77")]
    told = "test some-name in some/file.py:7 names ROVN-BCK-77, and no clause has this id"
    assert faults(CLAUSES, found) == [told]


def test_a_keeper_that_never_runs_keeps_nothing() -> None:
    found = [keeper(Kind.TEST, fault="pytest may pass this test over")]
    assert faults(CLAUSES, found) == [
        "test some-name in some/file.py:7 keeps nothing: pytest may pass this test over",
        UNKEPT.format("test"),
    ]


def test_checks_of_live_things_are_read_as_they_are_registered() -> None:
    told = {(check.name, check.clauses) for check in live_checks(ROOT)}
    assert told == {(check.name, check.clauses) for check in all_checks().values()}
    assert {clause for _, clauses in told for clause in clauses} <= all_clauses().keys()
    assert any(k.name == "runbook verify: locks" for k in bindings()["ROVN-BCK-2"].of(Kind.COMMAND))


def test_alarms_are_read_as_the_catalogue_has_them() -> None:
    told = {(k.clause, k.name) for k in keepers() if k.kind is Kind.ALARM}
    wanted = {
        (clause, alarm.id)
        for environment in all_environments()
        for alarm in alarms_of(environment)
        for clause in alarm.clauses
    }
    assert told == wanted
    assert {clause for clause, _ in told} <= all_clauses().keys()
    (rate,) = bindings()["ROVN-ALM-1"].of(Kind.ALARM)
    assert (rate.name, rate.path) == ("api-5xx-rate", "runbook/alarms/web.py")
    assert rate.test is not None
    assert (ROOT / rate.test).is_file()
    # Of fourteen secrets it is one alarm.
    assert [k.name for k in bindings()["ROVN-SEC-3"].of(Kind.ALARM)].count("secret-overdue") == 1


def test_each_alarm_leads_to_the_line_that_defines_it() -> None:
    alarms = [keeper for keeper in keepers() if keeper.kind is Kind.ALARM]
    for each in alarms:
        assert each.line is not None, each
        line = (ROOT / each.path).read_text("utf-8").splitlines()[each.line - 1]
        assert f'"{each.name}"' in line, each
    (connections,) = {each.place for each in alarms if each.name == "rds-connections"}
    path, _, number = connections.partition(":")
    assert path == "runbook/alarms/tasks.py"
    line = (ROOT / path).read_text("utf-8").splitlines()[int(number) - 1]
    assert line.strip() == 'id="rds-connections",'


def test_a_rule_without_a_test_keeps_nothing(tmp_path: Path) -> None:
    told = faults({}, keepers(tmp_path))
    missing = "it has no test: tests/policies/rules/test_audit_bucket_lock.py is not there"
    assert any(message.endswith(missing) for message in told)
