"""The waivers that an environment has, and how many findings each lets pass there."""

from collections import Counter
from collections.abc import Iterable

from evidence.collected.own_rules import waivers_of
from evidence.model import Row, Verdict, WaiverEntry
from policies.waivers import Waiver
from runbook.model.environment import Environment


def waiver_entries(
    environment: Environment, waivers: Iterable[Waiver], rows: Iterable[Row]
) -> tuple[WaiverEntry, ...]:
    """List an environment's waivers in their file's order; rules and paths stand as in the file.

    A finding is a row that is waived, so rules that a judge tells together count once.
    """
    waived = Counter(
        (f"{row.judge}::{row.rule}", row.construct_path)
        for row in rows
        if row.verdict is Verdict.WAIVED
    )
    return tuple(
        WaiverEntry(
            waiver.entry,
            waiver.stated.rules,
            waiver.stated.paths,
            " ".join(waiver.stated.reason.split()),
            waiver.stated.owner,
            waiver.stated.expires.isoformat(),
            sum(waived[item.rule, item.path] for item in waiver.findings(environment)),
        )
        for waiver in waivers_of(environment, waivers)
    )
