"""What the migrations say of the schema, and what follows from it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .faults import Failed, Refused

# Of the runner (``python -m migrations``).
EXIT_CODES = {
    3: "the migrations of the image and those applied do not fit together",
    4: "a migration failed, and its transaction was rolled back",
    5: "another run of migrations holds the lock",
    6: "the database was not reached",
}


@dataclass(frozen=True)
class Decision:
    """What comes next: ``migrate`` these files, ``check`` the schema as it is, or nothing more.

    A schema that was found broken after a migration is broken for the next try, too, which has
    nothing to migrate. The way back is ``done`` without it: what serves is no better.
    """

    what: Literal["done", "check", "migrate"]
    files: tuple[str, ...] = ()


def problems_in(lines: Sequence[str]) -> str:
    """Write the problems that a failed run named, if it named any; nothing else of its log.

    A database's own message may quote a row.
    """
    try:
        problems = json.loads(lines[-1])["problems"]
        return "".join(f"; {problem['file']}: {problem['what']}" for problem in problems)
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def report_in(lines: Sequence[str], image: str) -> dict[str, Any] | None:
    """Find the last line's JSON report; None while the log does not end with one.

    Raises ``Failed`` when it is of another version of the format, or of another image.
    """
    last = next((line for line in reversed(lines) if line.strip()), "")
    try:
        report = json.loads(last)
    except ValueError:
        return None
    if not isinstance(report, dict) or "schema" not in report:
        return None
    if report["schema"] != 1:
        raise Failed(f"the migrations report in format {report['schema']!r}, not in 1")
    if report.get("image") != image:
        raise Failed(f"the migrations are of image {report.get('image')!r}, not of {image!r}")
    return report


def decided(report: Mapping[str, Any], order: Mapping[str, Any], seconds: int) -> Decision:
    """Decide by the answer to ``--pending``; raises ``Refused`` when the image may not come.

    An image older than the schema is let through when each migration beyond its own was applied
    while it served and is declared readable for it: exactly the immediately previous one.
    All migrations of one release are waited for as many ``seconds``.
    """
    problems, ahead, pending = (_entries(report, key) for key in ("problems", "ahead", "pending"))
    if problems:
        said = "; ".join(f"{p.get('file')}: {p.get('what')}" for p in problems)
        raise Refused(f"{EXIT_CODES[3]}: {said}")
    for entry in ahead:
        if entry.get("previous_image_can_read") is not True:
            raise Refused(
                f"{entry['file']} was applied for {entry.get('image')} and {order['image']} cannot "
                "read its result: go forward with a new release, or restore the snapshot"
            )
        if entry.get("previous_image") != order["image"]:
            raise Refused(
                f"{entry['file']} is readable for {entry.get('previous_image') or 'no image'}, "
                f"which served when it was applied, and nobody knows whether for {order['image']}"
            )
    if not pending:
        forward = order["kind"] in ("first release", "release") and not ahead
        return Decision("check" if forward else "done")
    files = tuple(str(entry["file"]) for entry in pending)
    if ahead or not order["may_migrate"]:
        why = order["may_not_because"] if not order["may_migrate"] else "the schema is ahead of it"
        raise Refused(f"{', '.join(files)} would have to run, and may not: {why}")
    if order["previous_image"]:
        _demand_readable(report, order, pending)
    _demand_time(pending, seconds)
    return Decision("migrate", files)


def _demand_readable(
    report: Mapping[str, Any], order: Mapping[str, Any], pending: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse what the image that serves cannot read, or of which nobody says that it can.

    What is applied beside that image was for another one: with a failed release, or one that was
    taken back. A migration written since means an image that has it, and so says nothing of the one
    that serves. The files that one image brings together mean the image before all of them: the
    rest of them may follow.
    """
    serves = order["previous_image"]
    unreadable = [e["file"] for e in pending if e.get("previous_image_can_read") is not True]
    if unreadable:
        raise Refused(
            f"{serves}, which serves meanwhile, cannot read the result of "
            f"{', '.join(map(str, unreadable))}: expand first, contract in a later release"
        )
    beside = [e for e in _entries(report, "beside") if e.get("image") != order["image"]]
    if beside:
        lacks = ", ".join(f"{e['file']} (applied for {e.get('image')})" for e in beside)
        raise Refused(
            f"{serves}, which serves meanwhile, does not have {lacks}, so nobody knows whether it "
            f"can read the result of {', '.join(str(e['file']) for e in pending)}: first release "
            "an image that has what is applied and brings no migration, then this one"
        )


def _demand_time(pending: Sequence[Mapping[str, Any]], seconds: int) -> None:
    """Refuse migrations that declare more time than they are waited for."""
    declared = [(str(e["file"]), e.get("timeout_seconds")) for e in pending]
    slow = [(file, said) for file, said in declared if said is not None]
    if not all(type(said) is int for _, said in slow):
        raise Failed("a timeout_seconds in the migrations' report is no number")
    if sum(said for _, said in slow if said) > seconds:
        raise Refused(
            f"{', '.join(f'{file} ({said} s)' for file, said in slow)} may take longer than the "
            f"gate waits for all migrations together, {seconds} s: raise migration_minutes of the "
            "service's gate, or take smaller steps"
        )


def _entries(report: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    entries = report.get(key)
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise Failed(f"the migrations' report has no list {key!r}")
    if not all(isinstance(entry.get("file"), str) and entry["file"] for entry in entries):
        raise Failed(f"an entry of {key!r} in the migrations' report names no file")
    return entries
