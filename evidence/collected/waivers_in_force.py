"""The waivers that an environment has, and how many findings each lets pass there."""

from collections import defaultdict
from collections.abc import Iterable

from evidence.collected.own_rules import waivers_of
from evidence.model import Row, Verdict, WaiverEntry
from policies.waivers import Waived, Waiver
from runbook.model.environment import Environment


def waiver_entries(
    environment: Environment, waivers: Iterable[Waiver], rows: Iterable[Row]
) -> tuple[WaiverEntry, ...]:
    """List an environment's waivers in their file's order; rules and paths stand as in the file.

    A finding is a row that is waived: one that has expired has none.
    """
    waived: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.verdict is Verdict.WAIVED:
            waived[row.judge, row.construct_path].append(row)
    return tuple(
        WaiverEntry(
            waiver.entry,
            waiver.stated.rules,
            waiver.stated.paths,
            " ".join(waiver.stated.reason.split()),
            waiver.stated.owner,
            waiver.stated.expires.isoformat(),
            sum(
                _covers(item, row)
                for item in waiver.findings(environment)
                for row in waived[item.judge, item.path]
            ),
        )
        for waiver in waivers_of(environment, waivers)
    )


def _covers(item: Waived, row: Row) -> bool:
    """Tell a waiver's finding; a rule that names what it found does so before its message."""
    name = item.rule.removeprefix(f"{item.judge}::")
    return row.rule == name or row.message.startswith(f"{name}: ")
