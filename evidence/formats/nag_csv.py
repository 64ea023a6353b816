"""The report that cdk-nag wrote up to version 2, for tools that read it; version 3 writes none.

Columns, words and quotes are those of ``NagReportLogger`` in cdk-nag 2.36 (``src/nag-logger.ts``):
a header without quotes, then a line a rule and resource with every cell in quotes, ended by LF.
One file for all stacks instead of one for each; in it are the four packs and our own rules.

What differs, because version 3 tells failures alone:

- A judge that said nothing (``NO_FINDING``) is ``UNKNOWN``, never ``Compliant``: the rule may not
  have applied. Version 2 used that word for a rule that raised, which ``ERROR`` is here. The rule
  info tells the two apart: it begins with ``NOTHING_SAID``.
- ``N/A`` is written for a rule that did not apply; version 2 knew the word and left the line out.

The rule info leaves out the rule's id, with which the packs' messages begin here; what they found,
as in ``[Action::s3:*]``, stays, for it was no part of version 2's rule id either.

Where no construct is known, the resource id is the logical id, else the template's path, and
``N/A`` for a rule that found nothing to ask. ``evidence.formats.spreadsheet_cell`` says
how a cell is kept from being a formula, which version 2 did not do.
"""

import csv
from io import StringIO

from evidence.formats.spreadsheet_cell import as_utf8, harmless
from evidence.model import Evidence, Row, Verdict
from policies.waivable_rules import PACKS, RUNBOOK

HEADER = "Rule ID,Resource ID,Compliance,Exception Reason,Rule Level,Rule Info"
NOTHING_SAID = "No finding, which is no pass: "
_COMPLIANCE = {
    Verdict.PASS: "Compliant",
    Verdict.FAIL: "Non-Compliant",
    Verdict.WAIVED: "Suppressed",
    Verdict.NOT_APPLICABLE: "N/A",
    Verdict.NO_FINDING: "UNKNOWN",
    Verdict.ERROR: "UNKNOWN",
}
_JUDGES = frozenset((*PACKS, RUNBOOK))


def as_bytes(evidence: Evidence) -> bytes:
    """Write the rows of the four packs and of our own rules, in the evidence's order."""
    titles = {(rule.judge, rule.id): rule.title for rule in evidence.rules}
    file = StringIO(newline="")
    file.write(f"{HEADER}\n")
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        _line(row, titles) for row in evidence.rows if row.judge in _JUDGES
    )
    return as_utf8(file.getvalue())


def _line(row: Row, titles: dict[tuple[str, str], str]) -> tuple[str, ...]:
    return (
        harmless(row.rule),
        harmless(row.construct_path or row.resource or row.template or "N/A"),
        _COMPLIANCE[row.verdict],
        harmless(row.reason) if row.verdict is Verdict.WAIVED else "N/A",
        harmless(row.level.capitalize()),
        harmless(_info(row, titles.get((row.judge, row.rule)) or row.rule)),
    )


def _info(row: Row, title: str) -> str:
    """Tell what the rule wants where nothing is wrong, else what triggered it."""
    match row.verdict:
        case Verdict.PASS:
            return title
        case Verdict.NO_FINDING:
            return f"{NOTHING_SAID}{title}"
        case _:
            return row.message.removeprefix(row.rule).removeprefix(": ") or title
