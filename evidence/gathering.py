"""Puts together what a bundle says: every judge, the ledger, tests, waivers, and what is missing.

Raises ``RefusedError`` for an assembly that is not of the environments as their files are now.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path

from evidence.collected.alarm_tests import alarms_tested
from evidence.collected.assembly import environments_in, read_assembly, require, templates_of
from evidence.collected.independent import Started, independent_judged, independent_judges
from evidence.collected.nag import nag_judged
from evidence.collected.nag_sources import nag_sources
from evidence.collected.own_rules import Waiving, own_judged, waivers_of
from evidence.collected.provenance import Provenance, provenance
from evidence.collected.rehearsals import last_rehearsal
from evidence.collected.synthesis import synthesis_judged
from evidence.composition import evidence_of
from evidence.model import AlarmTested, Commit, Evidence, Judged, Rehearsal
from policies.expiry import day_of_the_commit, expired
from policies.keepers import bindings
from policies.rules import all_rules
from policies.templates.assembly import Reading
from policies.waivable_rules import PACKS
from policies.waivers import Waiver, load_waivers
from policies.waiving import waived_for
from runbook.model.environment import Environment
from runbook.model.refusal import RefusedError
from runbook.working_tree import WorkingTree

_GIVEN = (
    "The assembly was given: that it was made from this commit is shown for its alarms alone, and "
    "for what rules compare with the environment's file."
)
Judges = Callable[[Reading, Path], AbstractContextManager[Started]]


def gather(
    assembly: Path,
    environments: Sequence[Environment],
    *,
    rehearsal: Path,
    sources: Path,
    before: WorkingTree | None,
    refused: str | None = None,
    judges: Judges = independent_judges,
) -> tuple[Evidence, ...]:
    """Gather the evidence of each of these environments, in their order.

    ``assembly`` is judged whole, whatever is asked for, so that a bundle says the same alone.
    ``rehearsal`` is the report of the last one, ``sources`` the repository, ``before`` how its
    working tree stood before all else. ``refused`` is what a synthesis of these sources was refused
    for, empty for nothing; None where the assembly was given and nobody knows what it was made
    from.
    """
    reading = read_assembly(assembly)
    require(environments, reading, assembly)
    there, waivers, last = environments_in(reading), load_waivers(), last_rehearsal(rehearsal)
    # They take longest, and need nobody; what else is judged beside them wins nothing by processes.
    with judges(reading, assembly) as started:
        tested = {each.name: alarms_tested(each, assembly) for each in environments}
        waiving = Waiving(waivers=waivers, day=_day())
        own = own_judged(reading, there, sources=sources, waiving=waiving)
        by_environment = {
            each.name: (
                own[each.name],
                synthesis_judged(
                    assembly,
                    each,
                    there,
                    waivers,
                    templates=templates_of(each, reading),
                    refused=bool(refused),
                ),
                *nag_judged(
                    assembly, each, waived_for(PACKS, waivers, [each]), waiving.day, reading
                ),
            )
            for each in environments
        }
        independent = independent_judged(started, there, waivers, waiving.day)
    # Last: what changes while they judge is in no commit's evidence.
    origin = _of_the_commit_alone(provenance(sources, before), given=refused is None)
    return tuple(
        _evidence(
            each,
            reading,
            (*by_environment[each.name], *independent[each.name]),
            waiving,
            tested[each.name],
            last,
            origin,
            (_GIVEN,) if refused is None else (),
        )
        for each in environments
    )


def prepare() -> None:
    """Read what needs no assembly, once for all: the rules, what keeps clauses, the packs."""
    all_rules()
    bindings()
    nag_sources()


def _of_the_commit_alone(origin: Provenance, *, given: bool) -> Provenance:
    """Call nothing clean that was made of a given assembly, which may be of any code."""
    return replace(origin, commit=replace(origin.commit, clean=not given and origin.commit.clean))


def _day() -> date | None:
    """Ask for the day that waivers are judged by; None where no commit tells it."""
    try:
        return day_of_the_commit()
    except RefusedError:
        return None


def _evidence(
    environment: Environment,
    reading: Reading,
    judged: Sequence[Judged],
    waiving: Waiving,
    alarm_tests: tuple[AlarmTested, ...],
    rehearsal: Rehearsal | None,
    origin: Provenance,
    gaps: tuple[str, ...],
) -> Evidence:
    return evidence_of(
        environment,
        templates_of(environment, reading),
        judged,
        waiving.waivers,
        alarm_tests,
        rehearsal,
        commit=origin.commit,
        versions=origin.versions,
        gaps=(
            *gaps,
            *origin.gaps,
            *_rehearsed(environment, origin.commit, rehearsal),
            *_expired(waivers_of(environment, waiving.waivers), waiving.day),
        ),
    )


def _rehearsed(
    environment: Environment, commit: Commit, rehearsal: Rehearsal | None
) -> Iterator[str]:
    if rehearsal is None:
        yield "No rehearsal is on record: no drill speaks for any control."
        return
    name = environment.name
    if rehearsal.environment != name:
        yield f"The rehearsal on record was of {rehearsal.environment}, not of {name}."
    # Without the ids, which the rehearsal has: it would be another gap with each commit.
    if why := rehearsal.unlike(commit):
        yield f"No drill shows what this bundle is of: {why}."


def _expired(waivers: Sequence[Waiver], day: date | None) -> tuple[str, ...]:
    if day is None:
        return ("Which waivers have expired is not known: no commit tells the day.",)
    late = expired(waivers, day)
    if not late:
        return ()
    entries = ", ".join(each.key for each in late)
    # Without the day, which the commit has: it would be another gap with each.
    return (f"{len(late)} waivers had expired on the day of the commit: {entries}.",)
