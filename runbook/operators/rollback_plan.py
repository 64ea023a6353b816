"""Where a rollback goes, by which way, and whether the schema lets it (ROVN-RB-1, ROVN-RB-3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbook.model.refusal import Refusal
from runbook.operations.services import Running
from runbook.operators.history import (
    EVERY,
    GOING_BACK,
    MOST,
    SUCCESSFUL,
    UNDER_WAY,
    WENT_BACK,
    History,
    Migrated,
    Past,
)
from runbook.operators.way_back import regretted, way_back


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
    """A rollback: from which deployment, to which revision and image, by which way.

    ``good_end`` is the status that the deployment which does it ends with when all goes well.
    ``since`` maps what was deployed after the target to the migrations that came with it.
    ``left`` is the tag that this goes away from, ``left_definition`` its revision.
    """

    way: Way
    newest: Past
    task_definition: str
    tag: str
    good_end: str
    left: str
    left_definition: str
    since: Sequence[tuple[Past, Migrated]]
    # What could be named to go further back.
    further: str = ""

    @property
    def is_over(self) -> bool:
        """Whether ECS did it already, and only what has to agree with it is left."""
        return self.newest.status == self.good_end and self.way in (Way.WATCH, Way.FOLLOW)

    @property
    def ends_restart(self) -> bool:
        """Whether it only ends a restart: what it goes back to is the same revision."""
        same = self.newest.task_definition == self.newest.source
        return same and self.good_end == WENT_BACK


@dataclass(frozen=True)
class NoPlan:
    """Why there is none."""

    refusal: Refusal


def plan(history: History, running: Running, wanted: str) -> Plan | NoPlan:
    """Plan a rollback to the last known-good revision, or to the tag or revision ``wanted``.

    Run again, it goes on with what it began: it never takes its own work for a release to undo,
    nor goes further back than it was told.
    """
    deployments = history.newest_first()
    found = _planned(history, deployments, running, wanted)
    if isinstance(found, NoPlan) and len(deployments) == MOST:
        # Restarts and updates of the stack count, too: what served before may be further back.
        found = _planned(history, history.newest_first(EVERY), running, wanted)
    return found


def _planned(
    history: History, deployments: Sequence[Past], running: Running, wanted: str
) -> Plan | NoPlan:
    if not deployments:
        why = "ECS tells of no deployment of the service, so there is nothing to go back to"
        return NoPlan(Refusal("rollback", why, "release the image that you want"))
    if deployments[0].status in (*UNDER_WAY, *GOING_BACK):
        return _under_way(history, deployments, wanted)
    return _gone_back(history, deployments, running, wanted) or _update(
        history, deployments, running, wanted
    )


def _under_way(history: History, deployments: Sequence[Past], wanted: str) -> Plan | NoPlan:
    newest, back = deployments[0], way_back(deployments)
    goes_on = newest.status in UNDER_WAY
    if back and goes_on and (not wanted or _is(wanted, newest.task_definition, newest.tag)):
        return _to_target(history, deployments, back)
    if back and not goes_on and not wanted:
        why = f"deployment {newest.id} was to bring {newest.tag} back, and is itself undone now"
        return NoPlan(Refusal("rollback", why, "wait for its end, then run the same command again"))
    if not newest.source:
        why = "the first deployment of the service is under way: no revision served before it"
        return NoPlan(Refusal("rollback", why, "wait for its end; if it fails, nothing serves"))
    tag = history.tag_of(newest.source)
    if wanted and not _is(wanted, newest.source, tag):
        why = f"a deployment is under way, and it can only go back to {tag} ({newest.source})"
        if back:
            why = f"a rollback to {newest.tag} ({newest.task_definition}) is under way"
        fix = "run the same command without --to, and then again with it"
        return NoPlan(Refusal("--to", why, fix))
    return _to_source(history, deployments, Way.STOP if goes_on else Way.WATCH, tag)


def _gone_back(
    history: History, deployments: Sequence[Past], running: Running, wanted: str
) -> Plan | None:
    """Plan what is left to do where traffic went back before; None where it did not."""
    newest, back = deployments[0], way_back(deployments)
    if wanted and not _is(wanted, running.task_definition, running.tag):
        return None
    # Settings that did not come up, with the same image, are no reason to stay with that image.
    if newest.status == SUCCESSFUL and back and deployments[back].tag != running.tag:
        return _to_target(history, deployments, back)
    undone = newest.status == WENT_BACK and not back and newest.tag != running.tag
    if undone and history.tag_of(newest.source) == running.tag:
        return _to_source(history, deployments, Way.WATCH, running.tag)
    return None


def _to_source(history: History, deployments: Sequence[Past], way: Way, tag: str) -> Plan:
    newest = deployments[0]
    further = _known(deployments, newest.tag, tag)
    since = [(newest, history.migrated(newest))]
    return Plan(
        way=way,
        newest=newest,
        task_definition=newest.source,
        tag=tag,
        good_end=WENT_BACK,
        left=newest.tag,
        left_definition=newest.task_definition,
        since=since,
        further=further,
    )


def _to_target(history: History, deployments: Sequence[Past], back: int) -> Plan:
    newest, left = deployments[0], deployments[back]
    further = _known(deployments, newest.tag, left.tag)
    first = (n for n, each in enumerate(deployments) if n > back and each.tag == newest.tag)
    between = deployments[1 : next(first, None)]
    since = [(each, history.migrated(each)) for each in between]
    return Plan(
        way=Way.FOLLOW,
        newest=newest,
        task_definition=newest.task_definition,
        tag=newest.tag,
        good_end=SUCCESSFUL,
        left=left.tag,
        left_definition=left.task_definition,
        since=since,
        further=further,
    )


def _update(
    history: History, deployments: Sequence[Past], running: Running, wanted: str
) -> Plan | NoPlan:
    since: list[Past] = []
    for number, past in enumerate(deployments):
        left = set() if wanted else regretted(deployments, number)
        if past.tag not in left and _is_target(past, running, wanted):
            return Plan(
                way=Way.UPDATE,
                newest=deployments[0],
                task_definition=past.task_definition,
                tag=past.tag,
                good_end=SUCCESSFUL,
                left=running.tag,
                left_definition=running.task_definition,
                since=[(each, history.migrated(each)) for each in since],
            )
        since.append(past)
    known = _known(deployments, running.tag)
    serving = (each for each in since if each.tag == running.tag)
    if wanted and any(_is(wanted, each.task_definition, each.tag) for each in serving):
        why = f"{wanted} has the image that serves, {running.tag}: a rollback goes to another one"
    elif wanted:
        why = f"{wanted} is no earlier image or revision that served here and is still there"
    else:
        why = f"nothing else than {running.tag} has served here, as far back as ECS tells"
    fix = f"name one of these with --to: {known}" if known else "go forward: release another image"
    return NoPlan(Refusal("--to" if wanted else "rollback", why, fix))


def _known(deployments: Sequence[Past], *but: str) -> str:
    """List what could be named with --to, beside the tags ``but``."""
    good = {each.tag: each for each in reversed(deployments) if _may_serve(each, *but)}
    return ", ".join(f"{tag} ({each.task_definition})" for tag, each in good.items())


def _may_serve(past: Past, *but: str) -> bool:
    """Whether it served well once and can again, with an image that is none of those."""
    return past.status == SUCCESSFUL and past.active and past.tag not in ("", *but)


def _is_target(past: Past, running: Running, wanted: str) -> bool:
    meant = not wanted or _is(wanted, past.task_definition, past.tag)
    return meant and _may_serve(past, running.tag)


def _is(wanted: str, task_definition: str, tag: str) -> bool:
    """Whether somebody who says ``wanted`` means it: a tag, ``family:7``, an ARN."""
    return wanted in (tag, task_definition, task_definition.rpartition("/")[2])


def schema_refusals(plan: Plan) -> Iterator[Refusal]:
    """Refuse to move traffic to an image that cannot read the schema."""
    if plan.way in (Way.STOP, Way.UPDATE):
        yield from _unreadable(plan)


def _unreadable(plan: Plan) -> Iterator[Refusal]:
    """Say which migration the older image cannot read, and how to go forward.

    Every migration is readable for the image that served when it ran (the gate sees to that),
    and nobody knows whether for one before it.
    """
    for past, migrated in plan.since:
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


def notes(plan: Plan) -> Iterator[str]:
    """Say what one has to know before one agrees."""
    yield from schema_notes(plan)
    if plan.is_over:
        yield (
            f"{plan.left} was left already and {plan.tag} serves: no traffic is moved, and what is "
            f"left to do is done; to go further back: --to {plan.further or '(nothing is known)'}"
        )
    if plan.ends_restart:
        yield (
            f"a restart of {plan.tag} is under way: this only ends it; then run the same command "
            "again to go back"
        )


def schema_notes(plan: Plan) -> Iterator[str]:
    """Say what is known of the schema, so that nobody goes back without knowing (ROVN-RB-3)."""
    ran = [f for _, migrated in plan.since for f in migrated.files]
    unknown = [(past.id, migrated.unknown) for past, migrated in plan.since if migrated.unknown]
    if ran and not any(_unreadable(plan)):
        yield f"migrations since: {', '.join(ran)}, declared readable for {plan.tag}"
    elif not ran and not unknown:
        yield "migrations since: none"
    if plan.way in (Way.WATCH, Way.FOLLOW):
        # It is on its way or there already: whoever watches has to know all the same.
        yield from (f"schema: {r.reason}; {r.fix}" for r in _unreadable(plan))
    if any(migrated.ungated for _, migrated in plan.since):
        then = "find out by hand what ran since, and whether that image can read it"
    elif plan.way is Way.UPDATE:
        then = "the gate asks the ledger before anything changes, and holds what cannot read it"
    else:
        then = f"the gate lets only pass what {plan.tag} can read, which served meanwhile"
    for id_, why in unknown:
        yield f"migrations of deployment {id_}: not known from here: {why}; {then}"
