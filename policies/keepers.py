"""What keeps each clause, computed from what there is: nobody writes it down a second time.

A rule names its clauses, a clause carries its demands, a test is marked, an alarm of the catalogue,
a check of live things and a drill name theirs. Other commands join by a line in ``_SOURCES`` each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from policies.alarm_places import alarm_places
from policies.drilled import drilled
from policies.live_checks import TEST as LIVE_CHECKS_TEST
from policies.live_checks import live_checks
from policies.marks import ROOT, marks
from policies.rule import Rule
from policies.rules import all_rules
from runbook.alarms.catalogue import alarms_of
from runbook.clauses import Clause, all_clauses, clause_files
from runbook.model.selection import all_environments


class Kind(StrEnum):
    """What can keep a clause."""

    RULE = "rule"
    DEMAND = "demand"
    TEST = "test"
    ALARM = "alarm"
    COMMAND = "command"
    DRILL = "drill"


# A rule has tests of its own. The others say what should be, and nothing fails when it is not so.
PROOFS = (Kind.RULE, Kind.TEST, Kind.DRILL)


@dataclass(frozen=True, slots=True)
class Keeper:
    """One thing that keeps a clause.

    ``name`` is a rule's id, a demand in words, a test's name; ``path`` the file it stands in, and
    ``test`` the file that fails without it. ``fault`` says why it keeps nothing, if so.
    """

    kind: Kind
    clause: str
    name: str
    path: str
    test: str | None = None
    line: int | None = None
    fault: str = ""

    @property
    def place(self) -> str:
        """Tell the file, and the line where one is known."""
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def __str__(self) -> str:
        return f"{self.kind} {self.called} in {self.place}"

    @property
    def called(self) -> str:
        """Give the name; a mark of a whole file has none."""
        return self.name or "(the whole file)"


class State(StrEnum):
    """How far a clause is kept."""

    KEPT = "kept"
    IN_PART = "kept in part"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Binding:
    """A clause and all that keeps it, in the order of ``Kind``."""

    clause: Clause
    keepers: tuple[Keeper, ...]

    @property
    def proved(self) -> bool:
        """Whether something fails when the clause is broken."""
        return any(keeper.kind in PROOFS and not keeper.fault for keeper in self.keepers)

    @property
    def state(self) -> State:
        """Nothing is kept that is not proved; nothing is whole that says what it lacks."""
        if not self.proved:
            return State.OPEN
        return State.KEPT if self.clause.open is None else State.IN_PART

    def of(self, kind: Kind) -> tuple[Keeper, ...]:
        """Give the keepers of one kind."""
        return tuple(keeper for keeper in self.keepers if keeper.kind is kind)


def code_of(rule: Rule) -> str:
    """Name the file that holds a rule."""
    return f"policies/rules/{rule.id.replace('-', '_')}.py"


def test_of(rule: Rule) -> str:
    """Name the file that tests a rule."""
    return f"tests/policies/rules/test_{rule.id.replace('-', '_')}.py"


@cache
def keepers(root: Path = ROOT) -> tuple[Keeper, ...]:
    """List everything that says it keeps a clause."""
    return tuple(keeper for source in _SOURCES for keeper in source(root))


def bindings(
    clauses: Mapping[str, Clause] | None = None, found: Iterable[Keeper] | None = None
) -> dict[str, Binding]:
    """Bind every clause, by id; what names no clause is left to ``faults``."""
    known = all_clauses() if clauses is None else clauses
    bound: dict[str, list[Keeper]] = {clause: [] for clause in known}
    for keeper in keepers() if found is None else found:
        bound.get(keeper.clause, []).append(keeper)
    return {name: Binding(clause, tuple(bound[name])) for name, clause in known.items()}


def faults(clauses: Mapping[str, Clause], found: Iterable[Keeper]) -> list[str]:
    """Tell everything wrong between the clauses and what keeps them, each in a sentence."""
    listed = list(found)
    told = []
    for keeper in listed:
        if keeper.fault:
            told.append(f"{keeper} keeps nothing: {keeper.fault}")
        elif keeper.clause not in clauses:
            told.append(f"{keeper} names {keeper.clause}, and no clause has this id")
    for name, binding in bindings(clauses, listed).items():
        if not binding.proved and binding.clause.open is None:
            only = ", ".join(sorted({keeper.kind for keeper in binding.keepers})) or "nothing"
            told.append(
                f"{name} is kept by {only} alone, so no test fails without it: name it in a rule, "
                'mark a test with it, or say in its TOML what it waits for (open = "…")'
            )
    return told


def _of_rules(root: Path) -> Iterator[Keeper]:
    for rule in all_rules():
        test = test_of(rule)
        fault = "" if (root / test).is_file() else f"it has no test: {test} is not there"
        for clause in rule.clauses:
            yield Keeper(Kind.RULE, clause, rule.id, code_of(rule), test, fault=fault)


def _of_demands(_: Path) -> Iterator[Keeper]:
    for name, file in clause_files().items():
        for clause in file.clause:
            for demand in clause.demands:
                path, test = f"runbook/clauses/{name}.toml", "tests/model/test_clauses.py"
                yield Keeper(Kind.DEMAND, clause.id, demand.said, path, test)


def _of_tests(root: Path) -> Iterator[Keeper]:
    for mark in marks(root):
        yield Keeper(Kind.TEST, mark.clause, mark.test, mark.path, mark.path, mark.line, mark.fault)


def _of_alarms(_: Path) -> Iterator[Keeper]:
    """List the catalogue's alarms, by id: of which secret or service, no clause asks."""
    alarms = {
        (clause, alarm.id): None
        for environment in all_environments()
        for alarm in alarms_of(environment)
        for clause in alarm.clauses
    }
    places = alarm_places()
    for clause, id_ in alarms:
        path, line = places[id_]
        yield Keeper(Kind.ALARM, clause, id_, path, "tests/alarms/test_catalogue.py", line)


def _of_live_checks(root: Path) -> Iterator[Keeper]:
    for check in live_checks(root):
        name = f"runbook verify: {check.name}"
        for clause in check.clauses:
            yield Keeper(Kind.COMMAND, clause, name, check.path, LIVE_CHECKS_TEST, check.line)


def _of_drills(root: Path) -> Iterator[Keeper]:
    for each in drilled(root):
        drill, place = each.drill, each.path
        yield Keeper(Kind.DRILL, each.clause, drill, place, line=each.line, fault=each.fault)


_SOURCES: tuple[Callable[[Path], Iterable[Keeper]], ...] = (
    _of_rules,
    _of_demands,
    _of_tests,
    _of_alarms,
    _of_live_checks,
    _of_drills,
)
