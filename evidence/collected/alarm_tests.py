"""What the shipped alarm tests say of an environment's alarms, replayed against its templates."""

from pathlib import Path

from evidence.model import AlarmTested
from runbook.alarms.finding import every_alarm
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError
from simulator.testing.completeness import Shown, shown_of
from simulator.testing.sources import Sources
from simulator.testing.test_run import UnusableError, run_shipped
from simulator.testing.verdict import Played


def alarms_tested(environment: Environment, assembly: Path) -> tuple[AlarmTested, ...]:
    """Run the shipped tests on the alarms of an assembly, strictly, as ``make check`` does.

    One entry for each id of the catalogue, in its order, parts of composites after their whole.
    A budget has no datapoints, so that no test is of it. Raises ``RefusedError`` for tests, an
    assembly or templates that cannot be used.
    """
    try:
        run = run_shipped(Sources(assembly, environment=environment.name))
    except UnusableError as unusable:
        raise _as_one(unusable) from None
    return counted(environment, run.played)


def counted(environment: Environment, played: tuple[Played, ...]) -> tuple[AlarmTested, ...]:
    """Count by the catalogue's ids what tests show."""
    shown: dict[str, list[Shown]] = {}
    for each in shown_of(environment, played, strict=True):
        shown.setdefault(each.alarm.partition("/")[0], []).append(each)
    clauses: dict[str, dict[str, None]] = {}
    for alarm in every_alarm(environment):
        clauses.setdefault(alarm.id, {}).update(dict.fromkeys(alarm.clauses))
    return tuple(_of_id(id_, tuple(named), shown.get(id_, [])) for id_, named in clauses.items())


def _of_id(id_: str, clauses: tuple[str, ...], shown: list[Shown]) -> AlarmTested:
    return AlarmTested(
        alarm=id_,
        clauses=clauses,
        tests=sum(each.tests for each in shown),
        failed=sum(each.failed for each in shown),
        fires=_of_all([each.fires for each in shown]),
        stays_quiet=_of_all([each.stays_quiet for each in shown]),
    )


def _of_all(counts: list[int]) -> int:
    """Add up; nothing is shown of an id as long as nothing is of one of its subjects."""
    return sum(counts) if all(counts) else 0


def _as_one(unusable: UnusableError) -> RefusedError:
    """Make one refusal of several, each with the file that it is about."""
    refusals = [
        Refusal(f"{refused.source}: {each.key}", each.reason, each.fix)
        for refused in unusable.refused
        for each in refused.refusals
    ]
    return RefusedError("the shipped alarm tests", list(dict.fromkeys(refusals)))
