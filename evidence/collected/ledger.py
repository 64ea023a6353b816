"""The clauses that an environment has, with what keeps each of them there."""

from collections.abc import Collection
from functools import partial

from evidence.model import ClauseEntry, Keeper
from policies.keepers import Binding, Kind, bindings
from policies.keepers import Keeper as Bound
from runbook.alarms.catalogue import alarms_of
from runbook.clauses import Clause, cited, clauses_of
from runbook.model.environment import Environment


def clause_entries(environment: Environment) -> tuple[ClauseEntry, ...]:
    """List the clauses of the environment's organisation, in the order of their files.

    ``source`` names document and section. A keeper that is not there is left out: an alarm that
    the environment does not have, a demand on environments of another kind, a test or a drill that
    does not count. Raises ``KeyError`` for an organisation without clauses.
    """
    bound = bindings()
    alarms = frozenset(alarm.id for alarm in alarms_of(environment))
    return tuple(
        _entry(environment, clause, bound[clause.id], alarms)
        for clause in clauses_of(environment.organisation)
    )


def _entry(
    environment: Environment, clause: Clause, binding: Binding, alarms: Collection[str]
) -> ClauseEntry:
    demands = {demand.said for demand in clause.demands if demand.binds(environment)}
    there = partial(_there, alarms=alarms, demands=demands)
    return ClauseEntry(
        id=clause.id,
        text=clause.title,
        source="; ".join(cited(clause)),
        state=binding.state.value,
        open=clause.open or "",
        applies=True,
        keepers=tuple(_keeper(each) for each in binding.keepers if there(each)),
    )


def _there(keeper: Bound, *, alarms: Collection[str], demands: Collection[str]) -> bool:
    match keeper.kind:
        case Kind.ALARM:
            return keeper.name in alarms
        case Kind.DEMAND:
            return keeper.name in demands
    return not keeper.fault


def _keeper(bound: Bound) -> Keeper:
    return Keeper(bound.kind.value, bound.called, bound.place, bound.test or "")
