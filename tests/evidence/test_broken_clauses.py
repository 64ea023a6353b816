"""Which clauses a bundle calls broken: what failed of each, whatever the ledger says keeps it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from evidence.broken_clauses import BROKEN, with_broken
from evidence.model import AlarmTested, ClauseEntry, Drill, JudgedRule, Keeper, Rehearsal, Verdict
from evidence.model import Row as JudgedRow
from policies.engine import JUDGED
from tests.evidence.samples import COMMIT, row

CLAUSE = "ACME-SEC-1"
KEPT = ClauseEntry(CLAUSE, "Records are encrypted.", "4", "kept", "", applies=True, keepers=())
RULE = JudgedRule("Runbook", "bucket-encrypted", "Buckets are encrypted", clauses=(CLAUSE,))
PASS, FAIL, ERROR, WAIVED = map(row, (Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED))
UNREAD = replace(ERROR, rule=JUDGED, resource="", template="a.json", clauses=(), controls=())
ALARM = AlarmTested("bucket-full", (CLAUSE,), tests=3, failed=1, fires=1, stays_quiet=1)
DRILL = Drill("restore", (CLAUSE,), "failed", 2.0, (), "no table\nis back")


def judged(
    clause: ClauseEntry = KEPT,
    rows: Sequence[JudgedRow] = (),
    rules: Sequence[JudgedRule] = (RULE,),
    alarms: Sequence[AlarmTested] = (),
    drills: Sequence[Drill] = (),
) -> ClauseEntry:
    rehearsal = Rehearsal("acme/staging", "2026-05-01", "cd" * 32, (*drills,), COMMIT)
    (found,) = with_broken((clause,), rows, rules, alarms, rehearsal if drills else None)
    return found


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("found", "broken"),
    [
        (judged(rows=[PASS, FAIL]), ("bucket-encrypted fails at 1 resource",)),
        (judged(rows=[ERROR]), ("bucket-encrypted could not judge 1 resource",)),
        (judged(rows=[FAIL], rules=()), ("bucket-encrypted fails at 1 resource",)),
        (judged(rows=[PASS, UNREAD]), ("Runbook could not judge a.json",)),
        (judged(alarms=[ALARM]), ("alarm bucket-full: 1 of 3 tests failed",)),
        (judged(drills=[DRILL]), ("drill restore: failed: no table is back",)),
        (
            judged(
                replace(KEPT, keepers=(Keeper("drill", "restore", "drills.py:7"),)),
                drills=[replace(DRILL, clauses=())],
            ),
            ("drill restore: failed: no table is back",),
        ),
        (
            judged(replace(KEPT, state="kept in part", open="the rest"), [FAIL], alarms=[ALARM]),
            ("bucket-encrypted fails at 1 resource", "alarm bucket-full: 1 of 3 tests failed"),
        ),
    ],
    ids=[
        "a failure",
        "an error",
        "a failure of a rule that nobody lists",
        "a template that could not be judged",
        "an alarm test",
        "a drill",
        "a drill that the ledger names",
        "two of a clause in part",
    ],
)
def test_what_fails_of_a_clause_breaks_it_and_is_named(
    found: ClauseEntry, broken: tuple[str, ...]
) -> None:
    assert (found.state, found.broken) == (BROKEN, broken)


@pytest.mark.clause("ALL-4")
def test_what_it_lacks_is_told_of_a_broken_clause_too() -> None:
    assert judged(replace(KEPT, open="the rest"), [FAIL]).open == "the rest"


@pytest.mark.parametrize(
    "found",
    [
        judged(),
        judged(rows=[PASS, WAIVED]),
        judged(rows=[replace(FAIL, rule="other", clauses=("ACME-LOG-1",))]),
        judged(rows=[UNREAD], rules=()),
        judged(alarms=[replace(ALARM, failed=0)]),
        judged(drills=[replace(DRILL, outcome="not exercisable")]),
    ],
    ids=["nothing", "a waiver", "another clause", "no rule of it", "an alarm", "no drill"],
)
def test_what_did_not_fail_leaves_a_clause_as_the_ledger_has_it(found: ClauseEntry) -> None:
    assert found == KEPT


def test_a_clause_that_does_not_apply_is_not_broken_here() -> None:
    elsewhere = replace(KEPT, applies=False)
    assert judged(elsewhere, [FAIL]) == elsewhere
