"""How a control stands: the truth table of everything that can be said of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from evidence.controls import control_entries
from evidence.model import (
    AlarmTested,
    ClauseEntry,
    Commit,
    ControlEntry,
    Drill,
    JudgedRule,
    Keeper,
    Rehearsal,
    Row,
    Standing,
    Verdict,
)
from policies.controls import all_controls
from runbook.model.refusal import RefusedError
from tests.evidence.samples import COMMIT

OURS, PACK = "Runbook", "HIPAA.Security"
CONTROL, OTHER = "HIPAA 164.312(b)", "NIST AU-9"
CLAUSE = "ACME-LOG-1"
RULE = JudgedRule(OURS, "trail-kept", "Trails are kept", clauses=(CLAUSE,), controls=(CONTROL,))
ELSEWHERE = replace(RULE, id="trail-locked", controls=("SOC2 CC6.1",))
NOT_ASKED = replace(RULE, id="trail-read", unasked="code: templates have none")
NOT_ASKED_SAID = f"trail-read was not asked of code: templates have none ({CLAUSE})"
OF_PACK = JudgedRule(PACK, "HIPAA.Security-TrailKept", "Trails are kept", controls=(CONTROL,))
KEPT = ClauseEntry(CLAUSE, "Access is logged.", "section 5", "kept", "", applies=True, keepers=())
IN_PART = replace(KEPT, state="kept in part", open="Logs of the database wait for it")
DRILLED = replace(KEPT, keepers=(Keeper("drill", "a trail is cut", "drills.py:7"),))
WATCHED = replace(KEPT, keepers=(Keeper("alarm", "trail-cut", "catalogue.py"),))
ALARM = AlarmTested("trail-cut", (CLAUSE,), tests=3, failed=0, fires=1, stays_quiet=2)
PASSED = Drill("a trail is cut", (CLAUSE,), "passed", 2.0, ("it pages",))
FAILED = replace(PASSED, outcome="failed", checked=(), reason="not so:\nit pages")
UNTRIED = replace(PASSED, outcome="not exercisable", checked=(), reason="no trail is deployed")
ANOTHER, UNCLEAN = replace(COMMIT, id="ef" * 20), replace(COMMIT, clean=False)


@dataclass(frozen=True)
class Case:
    """All that is said of one control."""

    rows: Sequence[Row] = ()
    rules: Sequence[JudgedRule] = (RULE, OF_PACK)
    clauses: Sequence[ClauseEntry] = (KEPT,)
    alarms: Sequence[AlarmTested] = ()
    drills: Sequence[Drill] | None = None
    rehearsed: Commit | None = COMMIT
    judged: Commit = COMMIT

    def entry(self, control: str = CONTROL) -> ControlEntry:
        """Let it be judged."""
        return self.entries()[control]

    def entries(self) -> dict[str, ControlEntry]:
        """Let every control be judged, by id."""
        rehearsal = None
        if self.drills is not None:
            rehearsal = Rehearsal(
                "acme/staging", "2026-05-01T10:00:00Z", "cd" * 32, (*self.drills,), self.rehearsed
            )
        found = control_entries(
            self.rows, self.rules, self.clauses, self.alarms, rehearsal, self.judged
        )
        return {entry.id: entry for entry in found}


def row(verdict: Verdict, rule: JudgedRule = RULE, resource: str = "Trail") -> Row:
    """Make what a rule says of a resource."""
    template = "acme.template.json"
    clauses, controls = rule.clauses, rule.controls
    return Row(rule.judge, rule.id, verdict, template, resource, clauses=clauses, controls=controls)


PASS, PACK_PASS = row(Verdict.PASS), row(Verdict.PASS, OF_PACK)
FAIL, ERROR, WAIVED = row(Verdict.FAIL), row(Verdict.ERROR), row(Verdict.WAIVED)
SILENT = row(Verdict.NO_FINDING, OF_PACK)
NOTHING, PACK_NOTHING = row(Verdict.NOT_APPLICABLE), row(Verdict.NOT_APPLICABLE, OF_PACK)
NONE_HOLDS = "nothing that was judged passes"
TOLD_NOTHING = "HIPAA.Security-TrailKept told nothing, which is no pass, of 1 resource"
UNSHOWN = f"so no drill that passed shows what this bundle is of: a trail is cut ({CLAUSE})"

TABLE = {
    # Nothing speaks for it.
    "no rule": (Case(rules=()), Standing.GAP, ["nothing in this repository speaks for it"]),
    "clauses without a rule": (
        Case(rules=(), alarms=[ALARM], drills=[PASSED]),
        Standing.GAP,
        ["nothing in this repository speaks for it"],
    ),
    "rules without a row": (
        Case(),
        Standing.GAP,
        ["no rule that cites it has anything to judge here: trail-kept, HIPAA.Security-TrailKept"],
    ),
    "rules that apply to nothing": (
        Case([NOTHING, PACK_NOTHING], rules=[RULE]),
        Standing.GAP,
        ["no rule that cites it has anything to judge here: trail-kept"],
    ),
    "alarms and drills alone": (
        Case([NOTHING], rules=[RULE], clauses=[DRILLED], alarms=[ALARM], drills=[PASSED]),
        Standing.GAP,
        [
            "no rule that cites it has anything to judge here: trail-kept; nor does what else "
            "speaks for its clauses show a deployment: trail-cut, a trail is cut"
        ],
    ),
    "rules that were not asked": (
        Case(rules=[NOT_ASKED]),
        Standing.GAP,
        ["no rule that cites it was asked here", NOT_ASKED_SAID],
    ),
    "a rule that applies to nothing and one that was not asked": (
        Case([NOTHING], rules=[RULE, NOT_ASKED]),
        Standing.GAP,
        [
            "no rule that cites it and was asked has anything to judge here: trail-kept",
            NOT_ASKED_SAID,
        ],
    ),
    # Only silence, or only what is let pass.
    "silence": (
        Case([SILENT, row(Verdict.NO_FINDING, OF_PACK, "Second"), NOTHING]),
        Standing.WEAK,
        [
            "only judges that tell failures alone looked",
            "HIPAA.Security-TrailKept told nothing, which is no pass, of 2 resources",
        ],
    ),
    "waived alone": (
        Case([WAIVED, SILENT]),
        Standing.WEAK,
        [
            f"{NONE_HOLDS}: what was found is waived",
            f"trail-kept is waived at 1 resource ({CLAUSE})",
            TOLD_NOTHING,
        ],
    ),
    # What was judged passes.
    "a pass": (Case([PASS]), Standing.HELD, []),
    "a pass and what does not apply": (
        Case([PASS, NOTHING, PACK_NOTHING]),
        Standing.HELD,
        [],
    ),
    "a pass, a tested alarm and a passed drill": (
        Case([PASS], clauses=[DRILLED], alarms=[ALARM], drills=[PASSED]),
        Standing.HELD,
        [],
    ),
    "a pass and a clause of others": (
        Case([PASS], clauses=[replace(IN_PART, applies=False)]),
        Standing.HELD,
        [],
    ),
    # ... with exceptions.
    "a pass and silence": (Case([PASS, SILENT]), Standing.EXCEPTIONS, [TOLD_NOTHING]),
    "a pass and a rule that was not asked": (
        Case([PASS], rules=[RULE, NOT_ASKED]),
        Standing.EXCEPTIONS,
        [NOT_ASKED_SAID],
    ),
    "a pass of a rule that was asked of something else alone": (
        Case([row(Verdict.PASS, NOT_ASKED)], rules=[NOT_ASKED]),
        Standing.EXCEPTIONS,
        [NOT_ASKED_SAID],
    ),
    "a pass of a pack alone": (
        Case([PACK_PASS, NOTHING]),
        Standing.EXCEPTIONS,
        ["held by rules of HIPAA.Security alone: no rule of our own passes here"],
    ),
    "a waived finding": (
        Case([PASS, row(Verdict.WAIVED, resource="Second"), row(Verdict.WAIVED, resource="Third")]),
        Standing.EXCEPTIONS,
        [f"trail-kept is waived at 2 resources ({CLAUSE})"],
    ),
    "a clause in part": (
        Case([PASS], clauses=[IN_PART]),
        Standing.EXCEPTIONS,
        [f"{CLAUSE} is kept in part: Logs of the database wait for it"],
    ),
    "a clause that a rule of other controls breaks": (
        Case([PASS, row(Verdict.FAIL, ELSEWHERE)], rules=[RULE, ELSEWHERE]),
        Standing.EXCEPTIONS,
        [f"{CLAUSE} is broken, by rules that do not cite this control: trail-locked"],
    ),
    "an open clause": (
        Case([PASS], clauses=[replace(KEPT, state="open")]),
        Standing.EXCEPTIONS,
        [f"{CLAUSE} is open"],
    ),
    "a drill, and no rehearsal": (
        Case([PASS], clauses=[DRILLED]),
        Standing.EXCEPTIONS,
        [f"no rehearsal is on record, so no drill shows anything: a trail is cut ({CLAUSE})"],
    ),
    "a drill that was not rehearsed": (
        Case([PASS], clauses=[DRILLED], drills=[replace(PASSED, name="b", clauses=("X-1",))]),
        Standing.EXCEPTIONS,
        [f"drill a trail is cut ({CLAUSE}) is not in the rehearsal on record"],
    ),
    "a drill that could not be exercised": (
        Case([PASS], drills=[UNTRIED]),
        Standing.EXCEPTIONS,
        [f"drill a trail is cut ({CLAUSE}): not exercisable: no trail is deployed"],
    ),
    "a drill of a report without a commit": (
        Case([PASS], clauses=[DRILLED], drills=[PASSED], rehearsed=None),
        Standing.EXCEPTIONS,
        [f"the rehearsal's report names no commit, {UNSHOWN}"],
    ),
    "a drill of another commit": (
        Case([PASS], clauses=[DRILLED], drills=[PASSED], rehearsed=ANOTHER),
        Standing.EXCEPTIONS,
        [f"another commit was rehearsed, {UNSHOWN}"],
    ),
    "a drill of what differed from its commit": (
        Case([PASS], clauses=[DRILLED], drills=[PASSED], rehearsed=UNCLEAN),
        Standing.EXCEPTIONS,
        [f"what was rehearsed differed from its commit, {UNSHOWN}"],
    ),
    "a drill of the commit that was judged with changes": (
        Case([PASS], clauses=[DRILLED], drills=[PASSED], judged=UNCLEAN),
        Standing.EXCEPTIONS,
        [f"what was judged is no commit as it stands, {UNSHOWN}"],
    ),
    "a drill of another commit that could not be exercised": (
        Case([PASS], drills=[UNTRIED], rehearsed=ANOTHER),
        Standing.EXCEPTIONS,
        [f"drill a trail is cut ({CLAUSE}): not exercisable: no trail is deployed"],
    ),
    "a failed drill of another commit": (
        Case([PASS], clauses=[DRILLED], drills=[FAILED], rehearsed=ANOTHER),
        Standing.BROKEN,
        [f"drill a trail is cut ({CLAUSE}): failed: not so: it pages"],
    ),
    "an alarm that was not tested": (
        Case([PASS], clauses=[WATCHED]),
        Standing.EXCEPTIONS,
        [f"alarm trail-cut ({CLAUSE}): no test of it was run"],
    ),
    "an alarm that no test fires": (
        Case([PASS], alarms=[replace(ALARM, fires=0)]),
        Standing.EXCEPTIONS,
        [f"alarm trail-cut ({CLAUSE}): no shipped test fires it"],
    ),
    "an alarm without tests": (
        Case([PASS], alarms=[replace(ALARM, tests=0, fires=0, stays_quiet=0)]),
        Standing.EXCEPTIONS,
        [f"alarm trail-cut ({CLAUSE}): no shipped test fires it or leaves it quiet"],
    ),
    # Something is wrong.
    "a failure among passes": (
        Case([PASS, SILENT, row(Verdict.FAIL, resource="Second")]),
        Standing.BROKEN,
        [f"trail-kept fails at 1 resource ({CLAUSE})", TOLD_NOTHING],
    ),
    "a failure of a pack": (
        Case([PASS, row(Verdict.FAIL, OF_PACK)]),
        Standing.BROKEN,
        ["HIPAA.Security-TrailKept fails at 1 resource"],
    ),
    "nothing but failures": (
        Case([FAIL, SILENT]),
        Standing.BROKEN,
        [NONE_HOLDS, f"trail-kept fails at 1 resource ({CLAUSE})", TOLD_NOTHING],
    ),
    "a rule that could not judge": (
        Case([PASS, replace(ERROR, resource="")]),
        Standing.BROKEN,
        [f"trail-kept could not judge 1 whole file ({CLAUSE})"],
    ),
    "a failed drill": (
        Case([PASS], clauses=[DRILLED], drills=[FAILED]),
        Standing.BROKEN,
        [f"drill a trail is cut ({CLAUSE}): failed: not so: it pages"],
    ),
    "a failed drill, and nothing to judge": (
        Case([NOTHING], rules=[RULE], drills=[FAILED]),
        Standing.BROKEN,
        [
            f"drill a trail is cut ({CLAUSE}): failed: not so: it pages",
            "no rule that cites it has anything to judge here: trail-kept; nor does what else "
            "speaks for its clauses show a deployment: a trail is cut",
        ],
    ),
    "a failed alarm test": (
        Case([PASS], alarms=[replace(ALARM, failed=1)]),
        Standing.BROKEN,
        [f"alarm trail-cut ({CLAUSE}): 1 of 3 tests failed"],
    ),
    "the gravest first": (
        Case([WAIVED, FAIL, PASS], clauses=[IN_PART], drills=[FAILED]),
        Standing.BROKEN,
        [
            f"trail-kept fails at 1 resource ({CLAUSE})",
            f"drill a trail is cut ({CLAUSE}): failed: not so: it pages",
            f"trail-kept is waived at 1 resource ({CLAUSE})",
            f"{CLAUSE} is kept in part: Logs of the database wait for it",
        ],
    ),
}


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(("case", "standing", "gaps"), TABLE.values(), ids=list(TABLE))
def test_how_a_control_stands(case: Case, standing: Standing, gaps: list[str]) -> None:
    entry = case.entry()
    assert (entry.standing, list(entry.gaps)) == (standing, gaps)
    other = case.entry(OTHER)
    assert other.standing is Standing.GAP
    assert (other.rules, other.clauses, other.resources) == ({}, (), 0)


@pytest.mark.clause("ALL-4")
def test_templates_alone_never_hold_what_asks_for_people() -> None:
    plan = "NIST CP-2"
    rule = replace(RULE, controls=(plan,))
    held = Case([row(Verdict.PASS, rule)], rules=[rule]).entry(plan)
    asks = "it asks for people and procedures, too: its technical part alone is judged here"
    assert (held.standing, list(held.gaps)) == (Standing.EXCEPTIONS, [asks])
    broken = Case([row(Verdict.FAIL, rule)], rules=[rule]).entry(plan)
    assert broken.standing is Standing.BROKEN
    assert asks not in broken.gaps


@pytest.mark.clause("ALL-1")
def test_the_chain_leads_to_clauses_alarms_drills_and_resources() -> None:
    rows = [PASS, WAIVED, row(Verdict.PASS, resource="Second"), replace(PASS, resource="")]
    case = Case(
        [
            *rows,
            SILENT,
            row(Verdict.NOT_APPLICABLE, resource="Third"),
            replace(ERROR, resource="X"),
        ],
        clauses=[DRILLED, replace(KEPT, id="ACME-SEC-1")],
        alarms=[ALARM, replace(ALARM, alarm="another", clauses=("ACME-SEC-1",))],
        drills=[PASSED, replace(PASSED, name="another", clauses=("ACME-SEC-1",))],
    )
    entry = case.entry()
    assert entry.clauses == (CLAUSE,)
    assert entry.rules == {
        "Runbook::trail-kept": {
            Verdict.ERROR: 1,
            Verdict.WAIVED: 1,
            Verdict.PASS: 3,
            Verdict.NOT_APPLICABLE: 1,
        },
        "HIPAA.Security::HIPAA.Security-TrailKept": {Verdict.NO_FINDING: 1},
    }
    assert (
        list(entry.rules["Runbook::trail-kept"])
        == [verdict for verdict in Verdict if verdict is not Verdict.NO_FINDING][1:]
    )
    assert (entry.alarms, entry.drills) == (("trail-cut",), ("a trail is cut",))
    assert entry.resources == 2


def test_every_control_is_there_with_its_source_in_the_order_of_the_file() -> None:
    found = control_entries([], [], [], [], None, COMMIT)
    assert [(e.id, e.title, e.framework, e.url) for e in found] == [
        (c.id, c.title, c.framework, c.url) for c in all_controls().values()
    ]
    assert {entry.standing for entry in found} == {Standing.GAP}


def test_a_control_that_a_rule_cites_twice_counts_it_once() -> None:
    entry = Case([PASS], rules=[replace(RULE, controls=(CONTROL, CONTROL))]).entry()
    assert entry.rules == {"Runbook::trail-kept": {Verdict.PASS: 1}}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_rule_that_nobody_lists_counts_against_a_control_and_never_for_it(
    verdict: Verdict,
) -> None:
    unlisted = [row(verdict, replace(RULE, id="unheard-of"), name) for name in ("A", "B")]
    against = verdict in (Verdict.FAIL, Verdict.ERROR)
    alone, beside = Case(unlisted).entry(), Case([PASS, *unlisted]).entry()
    assert alone.standing is (Standing.BROKEN if against else Standing.GAP)
    assert beside.standing is (Standing.BROKEN if against else Standing.HELD)
    words = {Verdict.FAIL: "fails at", Verdict.ERROR: "could not judge"}
    said = [f"unheard-of {words[verdict]} 2 resources ({CLAUSE})"] if against else []
    assert list(beside.gaps) == said


@pytest.mark.parametrize("listed", [True, False])
def test_a_template_that_could_not_be_judged_breaks_what_our_rules_speak_for(
    listed: bool,
) -> None:
    judged = JudgedRule(OURS, "template-judged", "Templates can be judged")
    unread = replace(row(Verdict.ERROR, judged, ""), template="other.template.json")
    rules = [RULE, OF_PACK, replace(OF_PACK, id="another", controls=(OTHER,))]
    entries = Case(
        [PASS, row(Verdict.PASS, rules[2]), unread], rules=[*rules, *([judged] if listed else [])]
    ).entries()
    assert entries[CONTROL].standing is Standing.BROKEN
    assert entries[CONTROL].gaps == ("Runbook could not judge other.template.json",)
    assert entries[OTHER].standing is Standing.EXCEPTIONS


def test_a_finding_without_a_control_breaks_none() -> None:
    expired = Row(OURS, "waivers", Verdict.FAIL, "policies/waivers.toml")
    uncited = Row(PACK, "uncited", Verdict.ERROR, "acme.template.json", "Trail")
    rows = [PASS, expired, replace(expired, verdict=Verdict.ERROR), uncited]
    assert Case(rows).entry().standing is Standing.HELD


def test_a_long_list_of_names_is_cut() -> None:
    rules = [replace(RULE, id=f"rule-{n}") for n in range(8)]
    (said,) = Case(rules=rules).entry().gaps
    assert said.endswith(": rule-0, rule-1, rule-2, rule-3, rule-4 and 3 more")


def test_a_control_that_is_not_in_the_file_is_refused() -> None:
    rule = replace(RULE, controls=("HIPAA 999",))
    with pytest.raises(RefusedError, match=r"HIPAA 999\n.*Runbook::trail-kept cites it") as refused:
        Case(rules=[rule]).entry()
    assert refused.value.source == "policies/controls.toml"
