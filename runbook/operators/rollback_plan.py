"""Where a rollback goes, by which way, and whether the schema lets it (ROVN-RB-1, ROVN-RB-3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbook.model.refusal import Refusal
from runbook.operations.services import Running
from runbook.operators.history import (
    GOING_BACK,
    SUCCESSFUL,
    UNDER_WAY,
    WENT_BACK,
    History,
    Migrated,
    Past,
)


class Way(StrEnum):
    """How traffic goes back."""

    # The deployment is under way: ECS puts traffic back on the tasks that are still there.
    STOP = "stop-service-deployment"
    # It is over: the older revision is deployed again, past the gate.
    UPDATE = "update-service"
    # Somebody, an alarm or CloudFormation was first: there is only to watch.
    WATCH = "watch"
    # A rollback was begun, and nobody saw it to its end: it is gone on with, not undone.
    FOLLOW = "follow"


@dataclass(frozen=True)
class Plan:
    """A rollback: from which deployment and image, to which revision and image, by which way.

    ``since`` maps what was deployed after the target to the migrations that came with it.
    """

    way: Way
    newest: Past
    task_definition: str
    tag: str
    away: str
    since: Sequence[tuple[Past, Migrated]] = ()


@dataclass(frozen=True)
class NoPlan:
    """Why there is none."""

    refusal: Refusal


def plan(history: History, running: Running, wanted: str) -> Plan | NoPlan:
    """Plan a rollback to the last known-good revision, or to the tag or revision ``wanted``."""
    deployments = history.newest_first()
    if not deployments:
        why = "ECS tells of no deployment of the service, so there is nothing to go back to"
        return NoPlan(Refusal("rollback", why, "release the image that you want"))
    newest = deployments[0]
    begun = _begun(history, deployments)
    if begun and (not wanted or _is(wanted, begun.task_definition, begun.tag)):
        return begun
    if begun and newest.status in UNDER_WAY:
        return NoPlan(_only(begun))
    if newest.status in (*UNDER_WAY, *GOING_BACK):
        return _stop(history, newest, wanted)
    return _update(history, deployments, running, wanted)


def _begun(history: History, deployments: Sequence[Past]) -> Plan | None:
    """Find a way back that was begun, by whomever: stopping it, or going on past it, undoes it."""
    newest, *before = deployments
    if newest.status == WENT_BACK and not is_way_back(newest, before):
        # A release that was undone: what served before it is the last known-good one.
        return Plan(Way.WATCH, newest, newest.source, history.tag_of(newest.source), newest.tag)
    if newest.status not in (*UNDER_WAY, SUCCESSFUL):
        return None
    if is_way_back(newest, before):
        away = history.tag_of(newest.source)
    elif before and _undoes(newest, before):
        away = before[0].tag
    elif before and newest.status in UNDER_WAY and _agrees(newest, before):
        away = history.tag_of(before[0].source)
    else:
        return None
    since = [(past, history.migrated(past)) for past in before if past.tag == away]
    return Plan(Way.FOLLOW, newest, newest.task_definition, newest.tag, away, since)


def is_way_back(past: Past, before: Sequence[Past]) -> bool:
    """Whether it brought a revision back: each release registers one of its own (ROVN-DEP-3)."""
    known = {each.task_definition for each in before}
    return past.task_definition in known and past.task_definition != past.source


def _undoes(newest: Past, before: Sequence[Past]) -> bool:
    """Whether CloudFormation deploys once more what served before a release that was undone."""
    undone, same = before[0], newest.task_definition == newest.source
    return same and undone.status == WENT_BACK and undone.source == newest.source


def _agrees(newest: Past, before: Sequence[Past]) -> bool:
    """Whether it is what the stack deploys after a rollback: the same image, and nothing else."""
    back = before[0]
    return back.status == SUCCESSFUL and back.tag == newest.tag and is_way_back(back, before[1:])


def _only(begun: Plan) -> Refusal:
    return Refusal(
        "--to",
        f"a rollback to {begun.tag} ({begun.task_definition}) is under way",
        "run the same command without --to, and then again with it",
    )


def _stop(history: History, newest: Past, wanted: str) -> Plan | NoPlan:
    if not newest.source:
        why = "the first deployment of the service is under way: no revision served before it"
        return NoPlan(Refusal("rollback", why, "wait for its end; if it fails, nothing serves"))
    tag = history.tag_of(newest.source)
    if wanted and not _is(wanted, newest.source, tag):
        return NoPlan(
            Refusal(
                "--to",
                f"a deployment is under way, and it can only go back to {tag} ({newest.source})",
                "run the same command without --to, and then again with it",
            )
        )
    way = Way.WATCH if newest.status in GOING_BACK else Way.STOP
    since = [(newest, history.migrated(newest))]
    return Plan(way, newest, newest.source, tag, newest.tag, since)


def _update(
    history: History, deployments: Sequence[Past], running: Running, wanted: str
) -> Plan | NoPlan:
    since: list[Past] = []
    regretted: set[str] = set()
    for number, past in enumerate(deployments):
        if past.tag not in regretted and _is_target(past, running, wanted):
            return Plan(
                Way.UPDATE,
                deployments[0],
                past.task_definition,
                past.tag,
                running.tag,
                [(each, history.migrated(each)) for each in since],
            )
        # What somebody went back from is no known-good one, unless it is named.
        if (
            not wanted
            and past.status == SUCCESSFUL
            and is_way_back(past, deployments[number + 1 :])
        ):
            regretted.add(history.tag_of(past.source))
        since.append(past)
    good = {past.tag: past for past in reversed(deployments) if _may_serve(past, running)}
    known = ", ".join(f"{tag} ({past.task_definition})" for tag, past in good.items())
    if wanted:
        why = f"{wanted} is no earlier image or revision that served here and is still there"
    else:
        why = f"nothing else than {running.tag} has served here, as far back as ECS tells"
    fix = f"name one of these with --to: {known}" if known else "go forward: release another image"
    return NoPlan(Refusal("--to" if wanted else "rollback", why, fix))


def _may_serve(past: Past, running: Running) -> bool:
    """Whether it served well once, with an image that is not the one to get away from."""
    return past.status == SUCCESSFUL and bool(past.tag) and past.tag != running.tag


def _is_target(past: Past, running: Running, wanted: str) -> bool:
    return _may_serve(past, running) and (not wanted or _is(wanted, past.task_definition, past.tag))


def _is(wanted: str, task_definition: str, tag: str) -> bool:
    """Whether somebody who says ``wanted`` means it: a tag, ``family:7``, an ARN."""
    return wanted in (tag, task_definition, task_definition.rpartition("/")[2])


def schema_refusals(plan: Plan) -> Iterator[Refusal]:
    """Say which migration the older image cannot read, and how to go forward.

    Every migration is readable for the image that served when it ran (the gate sees to that),
    and nobody knows whether for one before it.
    """
    # What was begun is the gate's to hold, and it asks the ledger itself.
    for past, migrated in plan.since if plan.way is not Way.FOLLOW else ():
        if migrated.files and migrated.previous_image != plan.tag:
            files, kept = ", ".join(migrated.files), migrated.snapshot or "the one before it"
            yield Refusal(
                "schema",
                f"{files} ran for {past.tag} and can be read by "
                f"{migrated.previous_image or 'no image before'}, not by {plan.tag}",
                f"go forward: release an image that repairs it; go back to "
                f"{migrated.previous_image or past.tag} at most; or restore snapshot {kept}, "
                "which loses what was written since",
            )


def schema_notes(plan: Plan) -> Iterator[str]:
    """Say what is known of the schema, so that nobody goes back without knowing (ROVN-RB-3)."""
    ran = [f for _, migrated in plan.since for f in migrated.files]
    unknown = [past.id for past, migrated in plan.since if not migrated.known]
    if ran:
        yield f"migrations since: {', '.join(ran)}, declared readable for {plan.tag}"
    elif not unknown:
        yield "migrations since: none"
    for id_ in unknown:
        yield (
            f"migrations of deployment {id_}: not known from here, its gate did not end well; the "
            "gate asks the ledger before anything changes, and holds what cannot read the schema"
        )
