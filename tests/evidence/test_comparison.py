"""What became better or worse between two bundles."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.bundle import write_bundle
from evidence.bundle_comparison import compare, compare_bundles, lines
from evidence.comparison import Change, Direction, Subject
from evidence.model import (
    AlarmTested,
    Commit,
    Drill,
    Evidence,
    JudgedRule,
    Rehearsal,
    Row,
    Standing,
    Verdict,
    WaiverEntry,
)
from runbook.model.refusal import RefusedError
from tests.evidence.any_evidence import any_evidence
from tests.evidence.samples import NO_COMMIT, evidence, row

RULES = ("bucket-encrypted", "bucket-versioned")
PLACE = "acme-production/Data/Records/Resource"


def judged(*rows: Row, rules: Sequence[str] = RULES, **changes: object) -> Evidence:
    """Make evidence of our own judge alone, and of nothing but these rows."""
    of = tuple(JudgedRule("Runbook", rule, f"Title of {rule}") for rule in rules)
    nothing: dict[str, object] = {"controls": (), "waivers": (), "gaps": ()}
    return evidence(rows=rows, rules=of, **{**nothing, **changes})


def told(old: Evidence, new: Evidence) -> list[tuple[str, str]]:
    """Give what is told: the direction and the words."""
    return [(change.direction.value, str(change)) for change in compare(old, new).changes]


AT = f"Runbook::bucket-encrypted at {PLACE}"
# From what our rule said of a bucket to what it says, where the bucket and the rule are both there.
VERDICTS: dict[tuple[Verdict | None, Verdict | None], Direction | None] = {
    (Verdict.PASS, Verdict.FAIL): Direction.WORSE,
    (Verdict.PASS, Verdict.ERROR): Direction.WORSE,
    (Verdict.PASS, Verdict.WAIVED): Direction.WORSE,
    (Verdict.PASS, Verdict.NO_FINDING): Direction.WORSE,
    (Verdict.PASS, Verdict.NOT_APPLICABLE): Direction.WORSE,
    (Verdict.PASS, None): Direction.WORSE,
    (Verdict.NO_FINDING, None): Direction.WORSE,
    (Verdict.NO_FINDING, Verdict.FAIL): Direction.WORSE,
    (Verdict.WAIVED, Verdict.FAIL): Direction.WORSE,
    (Verdict.WAIVED, Verdict.NOT_APPLICABLE): Direction.WORSE,
    (Verdict.NOT_APPLICABLE, Verdict.FAIL): Direction.WORSE,
    (Verdict.NOT_APPLICABLE, Verdict.WAIVED): Direction.WORSE,
    (None, Verdict.FAIL): Direction.WORSE,
    (None, Verdict.ERROR): Direction.WORSE,
    (Verdict.FAIL, Verdict.PASS): Direction.BETTER,
    (Verdict.FAIL, Verdict.WAIVED): Direction.BETTER,
    (Verdict.FAIL, Verdict.NO_FINDING): Direction.BETTER,
    (Verdict.FAIL, None): Direction.BETTER,
    (Verdict.WAIVED, Verdict.PASS): Direction.BETTER,
    (Verdict.WAIVED, None): Direction.BETTER,
    (Verdict.NO_FINDING, Verdict.PASS): Direction.BETTER,
    (Verdict.NOT_APPLICABLE, Verdict.PASS): Direction.BETTER,
    (None, Verdict.PASS): Direction.BETTER,
    (Verdict.FAIL, Verdict.ERROR): Direction.OTHER,
    (Verdict.FAIL, Verdict.NOT_APPLICABLE): Direction.OTHER,
    (Verdict.NOT_APPLICABLE, None): None,
    (None, Verdict.NOT_APPLICABLE): None,
    (Verdict.PASS, Verdict.PASS): None,
}


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("verdicts", VERDICTS, ids=str)
def test_what_a_rule_says_of_a_resource(verdicts: tuple[Verdict | None, Verdict | None]) -> None:
    # Another bucket, and another rule at this one: both stay judged.
    others = (
        row(Verdict.PASS, construct_path="acme-production/Data/Other/Resource"),
        row(Verdict.PASS, "bucket-versioned"),
    )
    old, new = (judged(*others, *([row(v)] if v else [])) for v in verdicts)
    found = compare(old, new).changes
    expected = VERDICTS[verdicts]
    assert [(c.direction, c.what) for c in found] == ([(expected, AT)] if expected else [])


def test_a_moved_line_or_a_renamed_template_is_no_change() -> None:
    fail = row(Verdict.FAIL, message="it is open")
    moved = replace(fail, location="stacks/data_stack.py:99", template="other.json", resource="New")
    assert not compare(judged(fail), judged(moved)).changes


def test_a_resource_without_a_path_is_known_by_its_stack_and_name() -> None:
    bare = row(Verdict.FAIL, construct_path="")
    same = compare(judged(bare), judged(replace(bare, message="x"))).changes
    (change,) = same
    assert change.what == "Runbook::bucket-encrypted at acme-production-data in us-east-2 Records"
    other = replace(bare, resource="Drafts")
    assert {c.what.rpartition(" ")[2] for c in compare(judged(bare), judged(other)).changes} == {
        "Records",
        "Drafts",
    }


def test_one_finding_more_at_the_same_place_is_worse_and_one_less_better() -> None:
    one = judged(row(Verdict.FAIL, message="port 22"))
    two = judged(row(Verdict.FAIL, message="port 22"), row(Verdict.FAIL, message="port 23"))
    assert told(one, two) == [
        ("worse", f"finding {AT}: fail: port 22 -> fail: port 22; port 23"),
    ]
    assert [direction for direction, _ in told(two, one)] == ["better"]
    otherwise = judged(row(Verdict.FAIL, message="port 80"))
    assert [direction for direction, _ in told(one, otherwise)] == ["worse"]


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.NOT_APPLICABLE])
def test_a_rule_that_is_gone_is_worse_whatever_it_said(verdict: Verdict) -> None:
    """Even when everything that is still judged passes."""
    kept = row(Verdict.PASS, "bucket-versioned")
    old = judged(kept, row(verdict))
    new = judged(kept, rules=["bucket-versioned"])
    compared = compare(old, new)
    (worse,) = compared.worse
    assert str(worse) == "rule Runbook::bucket-encrypted: looks at 1 place -> not there"
    assert not compared.better, "what nobody judges was not mended"


@pytest.mark.clause("ALL-4")
def test_a_rule_that_looks_at_nothing_any_more_is_worse() -> None:
    kept = row(Verdict.PASS, "bucket-versioned")
    old = judged(kept, row(Verdict.PASS))
    for new in (judged(kept), judged(kept, row(Verdict.NOT_APPLICABLE))):
        assert told(old, new) == [
            ("worse", "rule Runbook::bucket-encrypted: looks at 1 place -> looks at nothing")
        ]
        assert [d for d, _ in told(new, old)] == ["better"]


def test_a_rule_whose_only_findings_were_mended_did_not_stop() -> None:
    """A judge that lists failures alone has nothing to say then."""
    kept = row(Verdict.PASS, "bucket-versioned")
    old, new = judged(kept, row(Verdict.FAIL, message="x")), judged(kept)
    assert told(old, new) == [("better", f"finding {AT}: fail: x -> nothing said")]


def test_a_new_rule_is_better_and_what_it_finds_is_worse() -> None:
    kept = row(Verdict.PASS, "bucket-versioned")
    other = row(Verdict.PASS, "bucket-versioned", construct_path="acme-production/Other")
    old = judged(kept, other, rules=["bucket-versioned"])
    passes = row(Verdict.PASS, construct_path="acme-production/Other")
    new = judged(kept, other, passes, row(Verdict.FAIL, message="x"))
    assert told(old, new) == [
        ("worse", f"finding {AT}: nothing said -> fail: x"),
        ("better", "rule Runbook::bucket-encrypted: not there -> looks at 2 places"),
    ]


def test_a_rule_that_asks_for_something_else_is_told() -> None:
    old = judged(row(Verdict.PASS))
    new = replace(
        old, rules=(replace(old.rules[0], title="Buckets are there"), replace(old.rules[1], why=""))
    )
    assert told(old, new) == [
        ("other", "rule Runbook::bucket-encrypted: Title of bucket-encrypted -> Buckets are there")
    ]


@pytest.mark.clause("ALL-4")
def test_a_judge_that_is_gone_is_told_once() -> None:
    old = evidence()
    new = evidence(judges=old.judges[:1], rules=old.rules[:1], rows=old.rows[:5])
    judge = ("worse", "judge HIPAA.Security: 3.0.2 -> not there")
    assert judge in told(old, new)
    assert not [words for _, words in told(old, new) if words.startswith("rule HIPAA")]


@pytest.mark.clause("ALL-4")
def test_a_resource_that_nobody_judges_any_more_is_worse_and_told_once() -> None:
    there = row(Verdict.PASS)
    gone = "acme-production/Data/Gone/Resource"
    old = judged(
        there,
        row(Verdict.PASS, construct_path=gone),
        row(Verdict.FAIL, "bucket-versioned", construct_path=gone, message="x"),
    )
    finding = f"finding Runbook::bucket-versioned at {gone}: fail: x -> nothing said"
    assert told(old, judged(there)) == [
        ("other", finding),
        (
            "worse",
            f"resource {gone}: judged by 2 rules -> nobody looks at it: it is gone from the "
            "templates, or from what is judged",
        ),
    ]


def test_a_new_resource_is_neither_and_its_findings_are_worse() -> None:
    there = row(Verdict.PASS)
    new = "acme-production/Data/New/Resource"
    more = judged(there, row(Verdict.PASS, construct_path=new))
    assert told(judged(there), more) == [
        ("other", f"resource {new}: not there -> judged by 1 rule")
    ]
    broken = judged(there, row(Verdict.FAIL, construct_path=new))
    assert [d for d, _ in told(judged(there), broken)] == ["worse", "other"]


STANDINGS: dict[tuple[Standing | None, Standing | None], Direction] = {
    (Standing.HELD, Standing.EXCEPTIONS): Direction.WORSE,
    (Standing.EXCEPTIONS, Standing.WEAK): Direction.WORSE,
    (Standing.WEAK, Standing.GAP): Direction.WORSE,
    (Standing.HELD, Standing.BROKEN): Direction.WORSE,
    (Standing.HELD, None): Direction.WORSE,
    (Standing.BROKEN, None): Direction.WORSE,
    (Standing.BROKEN, Standing.GAP): Direction.WORSE,
    (Standing.GAP, Standing.BROKEN): Direction.WORSE,
    (None, Standing.BROKEN): Direction.WORSE,
    (Standing.GAP, Standing.HELD): Direction.BETTER,
    (Standing.BROKEN, Standing.WEAK): Direction.BETTER,
    (None, Standing.HELD): Direction.BETTER,
    (None, Standing.GAP): Direction.OTHER,
    (Standing.GAP, None): Direction.OTHER,
}


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("standings", STANDINGS, ids=str)
def test_how_a_control_stands(standings: tuple[Standing | None, Standing | None]) -> None:
    control = evidence().controls[0]
    old, new = (
        evidence(controls=(replace(control, standing=standing),) if standing else ())
        for standing in standings
    )
    (change,) = compare(old, new).changes
    assert (change.subject, change.direction) == (Subject.CONTROL, STANDINGS[standings])


WAIVER = WaiverEntry("waiver[0] (line 1)", ("a", "b"), ("x", "y"), "Why.", "team", "2026-12-31", 4)
WAIVERS: list[tuple[WaiverEntry | None, WaiverEntry | None, list[str]]] = [
    (None, WAIVER, ["worse"]),
    (WAIVER, None, ["better"]),
    (WAIVER, replace(WAIVER, expires="2027-12-31"), ["worse"]),
    (WAIVER, replace(WAIVER, expires="2026-06-30"), ["better"]),
    (WAIVER, replace(WAIVER, paths=("x", "y", "z")), ["worse"]),
    (WAIVER, replace(WAIVER, rules=("a",)), ["better"]),
    (WAIVER, replace(WAIVER, paths=("x",), rules=("a", "b", "c")), ["worse"]),
    (WAIVER, replace(WAIVER, paths=("x",), expires="2027-01-01"), ["worse"]),
    (WAIVER, replace(WAIVER, reason="Otherwise."), ["other"]),
    (WAIVER, replace(WAIVER, owner="others"), ["other"]),
    (WAIVER, replace(WAIVER, reason="Otherwise.", paths=("z",)), ["better", "worse"]),
    (WAIVER, replace(WAIVER, entry="waiver[7] (line 99)", findings=3), []),
    (WAIVER, replace(WAIVER, rules=("b", "a")), []),
]


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(("before", "after", "expected"), WAIVERS)
def test_waivers(
    before: WaiverEntry | None, after: WaiverEntry | None, expected: list[str]
) -> None:
    old, new = (evidence(waivers=(waiver,) if waiver else ()) for waiver in (before, after))
    found = compare(old, new).changes
    assert {change.subject for change in found} <= {Subject.WAIVER}
    assert sorted(change.direction.value for change in found) == expected


def test_a_lengthened_waiver_says_until_when_it_was_and_is() -> None:
    longer = replace(WAIVER, expires="2027-12-31")
    assert told(evidence(waivers=(WAIVER,)), evidence(waivers=(longer,))) == [
        (
            "worse",
            "waiver of a and 1 more rule at x and 1 more place: 2 rules x 2 places until "
            "2026-12-31, team: Why. -> 2 rules x 2 places until 2027-12-31, team: Why.",
        )
    ]


CLAUSE = evidence().clauses[0]
KEPT, IN_PART = CLAUSE, replace(CLAUSE, state="kept in part", open="the rest")
OPEN, ELSEWHERE = replace(CLAUSE, state="open"), replace(CLAUSE, applies=False)
BROKEN = replace(CLAUSE, state="broken", broken=("bucket-encrypted fails at 1 resource",))
TESTED = AlarmTested("bucket-full", (), 12, 0, 3, 9)
FAILING, HALF = replace(TESTED, failed=1), replace(TESTED, fires=0)
DRILL = Drill("restore", (), "passed", 12.5, ("a table is back",))
FAILED, NOT_TRIED = replace(DRILL, outcome="failed"), replace(DRILL, outcome="not exercisable")


def of_clause(*clauses: object) -> Evidence:
    return evidence(clauses=clauses)


def of_alarm(*alarms: object) -> Evidence:
    return evidence(alarm_tests=alarms)


def of_drill(*drills: object) -> Evidence:
    rehearsal = Rehearsal("acme/staging", "2026-05-01", "cd" * 32, drills)  # type: ignore[arg-type]
    return evidence(rehearsal=rehearsal)


STATES: list[tuple[Evidence, Evidence, list[Direction]]] = [
    (of_clause(KEPT), of_clause(IN_PART), [Direction.WORSE]),
    (of_clause(KEPT), of_clause(OPEN), [Direction.WORSE]),
    (of_clause(KEPT), of_clause(ELSEWHERE), [Direction.WORSE]),
    (of_clause(KEPT), of_clause(), [Direction.WORSE]),
    (of_clause(), of_clause(OPEN), [Direction.WORSE]),
    (of_clause(), of_clause(KEPT), [Direction.BETTER]),
    (of_clause(OPEN), of_clause(KEPT), [Direction.BETTER]),
    (of_clause(KEPT), of_clause(BROKEN), [Direction.WORSE]),
    (of_clause(IN_PART), of_clause(BROKEN), [Direction.WORSE]),
    (of_clause(), of_clause(BROKEN), [Direction.WORSE]),
    (of_clause(OPEN), of_clause(BROKEN), [Direction.WORSE]),
    (of_clause(BROKEN), of_clause(OPEN), [Direction.WORSE]),
    (of_clause(BROKEN), of_clause(KEPT), [Direction.BETTER]),
    (of_clause(BROKEN), of_clause(replace(BROKEN, broken=("it fails at 2",))), [Direction.OTHER]),
    (of_clause(IN_PART), of_clause(replace(IN_PART, open="less")), [Direction.OTHER]),
    (of_clause(KEPT), of_clause(replace(KEPT, text="Otherwise.")), [Direction.OTHER]),
    (of_clause(KEPT), of_clause(replace(KEPT, keepers=())), [Direction.OTHER]),
    (of_alarm(TESTED), of_alarm(FAILING), [Direction.WORSE]),
    (of_alarm(TESTED), of_alarm(HALF), [Direction.WORSE]),
    (of_alarm(TESTED), of_alarm(), [Direction.WORSE]),
    (of_alarm(FAILING), of_alarm(), [Direction.WORSE]),
    (of_alarm(), of_alarm(FAILING), [Direction.WORSE]),
    (of_alarm(), of_alarm(TESTED), [Direction.BETTER]),
    (of_alarm(FAILING), of_alarm(TESTED), [Direction.BETTER]),
    (of_alarm(TESTED), of_alarm(replace(TESTED, tests=11)), [Direction.OTHER]),
    (of_drill(DRILL), of_drill(FAILED), [Direction.WORSE]),
    (of_drill(DRILL), of_drill(NOT_TRIED), [Direction.WORSE]),
    (of_drill(DRILL), of_drill(), [Direction.WORSE]),
    (of_drill(FAILED), of_drill(), [Direction.WORSE]),
    (of_drill(), of_drill(FAILED), [Direction.WORSE]),
    (of_drill(DRILL), of_drill(replace(DRILL, outcome="in good order")), [Direction.WORSE]),
    (of_drill(), of_drill(NOT_TRIED), [Direction.OTHER]),
    (of_drill(FAILED), of_drill(DRILL), [Direction.BETTER]),
    (of_drill(DRILL), of_drill(replace(DRILL, seconds=99.0)), []),
    (of_drill(DRILL), evidence(rehearsal=None), [Direction.WORSE, Direction.WORSE]),
    (evidence(gaps=()), evidence(gaps=("No rehearsal.",)), [Direction.WORSE]),
    (evidence(gaps=("No rehearsal.",)), evidence(gaps=()), [Direction.BETTER]),
    (evidence(), evidence(versions={"runbook": "9"}), [Direction.OTHER] * 3),
    (evidence(), evidence(templates=()), [Direction.OTHER]),
    (evidence(), evidence(region="us-west-2", tier="synthetic"), [Direction.OTHER] * 2),
    (evidence(), evidence(commit=Commit("f" * 40, "2026-06-01", clean=True)), []),
    (evidence(), evidence(commit=Commit("f" * 40, "", clean=False)), [Direction.WORSE]),
    (evidence(commit=Commit("f" * 40, "", clean=False)), evidence(), [Direction.BETTER]),
    (evidence(), evidence(commit=NO_COMMIT), [Direction.OTHER]),
    (evidence(commit=NO_COMMIT), evidence(), [Direction.OTHER]),
    (
        evidence(commit=Commit("f" * 40, "", clean=False)),
        evidence(commit=NO_COMMIT),
        [Direction.OTHER],
    ),
    (evidence(commit=NO_COMMIT), evidence(commit=NO_COMMIT), []),
]


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(("old", "new", "expected"), STATES)
def test_how_everything_else_stands(
    old: Evidence, new: Evidence, expected: list[Direction]
) -> None:
    # A whole template's row has its stack's name, which goes with the template.
    old, new = (replace(e, rows=e.rows[:6]) for e in (old, new))
    assert [change.direction for change in compare(old, new).changes] == expected


@pytest.mark.clause("ALL-4")
def test_a_clause_that_broke_says_by_what() -> None:
    (change,) = compare(of_clause(KEPT), of_clause(BROKEN)).changes
    assert str(change) == (
        "clause ACME-SEC-1: kept, by 1 thing -> broken: bucket-encrypted fails at 1 resource"
    )


@settings(max_examples=50)
@given(any_evidence())
def test_nothing_changed_from_a_bundle_to_itself(made: Evidence) -> None:
    assert not compare(made, made).changes


@pytest.mark.clause("ALL-4")
def test_against_a_bundle_without_a_commit_nothing_is_told_of_one() -> None:
    sentence, *rest = lines(compare(evidence(commit=NO_COMMIT), evidence()))
    assert sentence.endswith("from a commit that is not known to 0123456 (2026-05-04).")
    assert rest == [
        "",
        "Other changes (1)",
        "  origin of the sources: the commit is not known -> the commit alone",
    ]


ROWS = st.builds(
    row,
    st.sampled_from(Verdict),
    st.sampled_from(RULES),
    judge=st.sampled_from(["Runbook", "HIPAA.Security"]),
    construct_path=st.sampled_from(["", PLACE, "acme-production/Data/Other"]),
    message=st.sampled_from(["", "x", "y"]),
)
MADE = evidence()


def some(values: Sequence[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Take some of these, each once."""
    picked = st.lists(st.sampled_from(values), unique_by=lambda v: values.index(v), max_size=4)
    return picked.map(tuple)


def one_of_each(*groups: Sequence[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Take of each group one or none."""
    return st.tuples(*(st.sampled_from([None, *group]) for group in groups)).map(
        lambda taken: tuple(each for each in taken if each is not None)
    )


RELATED = st.builds(
    evidence,
    rows=st.lists(ROWS, max_size=6).map(tuple),
    rules=some(
        [JudgedRule(judge, rule, "") for judge in ("Runbook", "HIPAA.Security") for rule in RULES]
    ),
    judges=some(MADE.judges),
    templates=some(MADE.templates),
    controls=one_of_each(*([replace(c, standing=s) for s in Standing] for c in MADE.controls[:2])),
    clauses=one_of_each([KEPT, IN_PART, OPEN, ELSEWHERE]),
    waivers=some([after for _, after, changes in WAIVERS if after and changes]),
    alarm_tests=one_of_each([TESTED, FAILING, HALF]),
    rehearsal=st.one_of(
        st.none(),
        st.builds(
            Rehearsal,
            st.just("acme/staging"),
            st.just(""),
            st.just(""),
            one_of_each([DRILL, FAILED, NOT_TRIED]),
        ),
    ),
    gaps=some(["one", "two"]),
)


@pytest.mark.clause("ALL-4")
@settings(max_examples=200)
@given(RELATED, RELATED)
def test_nothing_is_better_unless_its_reverse_is_worse(a: Evidence, b: Evidence) -> None:
    there, back = compare(a, b), compare(b, a)
    assert {change.reversed for change in there.better} <= set(back.worse)
    assert len(set(there.changes)) == len(there.changes), "nothing is told twice"


@pytest.mark.clause("ALL-4")
@settings(max_examples=200)
@given(RELATED, st.lists(st.sampled_from(Verdict), min_size=6, max_size=6))
def test_where_the_same_is_judged_better_is_worse_reversed(
    a: Evidence, verdicts: Sequence[Verdict]
) -> None:
    """By the same rules, of the same resources, each with one verdict that is some verdict."""
    judged_ = [v if v is not Verdict.NOT_APPLICABLE else Verdict.PASS for v in verdicts]
    rows = tuple({(r.judge, r.rule, r.construct_path): r for r in a.rows}.values())
    a = replace(a, rows=tuple(replace(r, verdict=Verdict.PASS, message="") for r in rows))
    b = replace(a, rows=tuple(replace(r, verdict=v) for r, v in zip(a.rows, judged_, strict=False)))
    there, back = compare(a, b), compare(b, a)
    assert {change.reversed for change in there.better} == set(back.worse)
    assert {change.reversed for change in there.worse} == set(back.better)
    assert {change.reversed for change in there.other} == set(back.other)


def folder(where: Path, name: str, **changes: object) -> Path:
    write_bundle(evidence(**changes), where / name, oscal=False)
    return where / name


LATER = Commit("f" * 40, "2026-08-04T00:00:00Z", clean=True)


def test_two_environments_are_compared_only_when_it_is_meant(tmp_path: Path) -> None:
    rows = (row(Verdict.PASS, construct_path="acme-staging/Data/Records/Resource"),)
    old = folder(tmp_path, "old", rows=(row(Verdict.PASS),))
    (template,) = evidence().templates
    stacks = (replace(template, stack="acme-staging-data"),)
    new = folder(tmp_path, "new", environment="staging", rows=rows, templates=stacks)
    with pytest.raises(RefusedError, match="OLD is of acme/production and NEW of acme/staging"):
        compare_bundles(old, new, across=False)
    assert not compare_bundles(old, new, across=True).changes, "names without their environment's"


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("side", [0, 1])
def test_an_altered_bundle_is_refused(side: int, tmp_path: Path) -> None:
    folders = folder(tmp_path, "old"), folder(tmp_path, "new")
    (folders[side] / "results.csv").write_bytes(b"all is well")
    with pytest.raises(RefusedError, match=r"changed: results\.csv") as refused:
        compare_bundles(*folders, across=False)
    assert refused.value.source == str(folders[side])


def test_a_sentence_stands_on_top_then_worse_better_and_the_rest(tmp_path: Path) -> None:
    gone, new = WAIVER, replace(WAIVER, reason="Other.", paths=("z",))
    old = folder(tmp_path, "old", waivers=(gone,))
    later = folder(tmp_path, "new", waivers=(new,), commit=LATER, region="us-west-2")
    written = list(lines(compare_bundles(old, later, across=False)))
    assert written[0] == (
        "acme/production: 1 thing is worse, 1 better, 1 otherwise changed, "
        "from 0123456 (2026-05-04) to fffffff (2026-08-04)."
    )
    titles = [line for line in written[1:] if line and not line.startswith(" ")]
    assert titles == ["Worse (1)", "Better (1)", "Other changes (1)"]
    assert written[-1] == "  environment region: us-east-2 -> us-west-2"
    back = list(lines(compare_bundles(later, old, across=False)))
    assert back[1].startswith("NEW's commit is older than OLD's")


def test_nothing_changed_is_one_sentence(sample_bundle: Path) -> None:
    (line,) = lines(compare_bundles(sample_bundle, sample_bundle, across=False))
    assert line.startswith("acme/production: nothing is worse, better or otherwise changed, from ")


def test_machines_read_the_same(tmp_path: Path) -> None:
    old, new = folder(tmp_path, "old", waivers=()), folder(tmp_path, "new", commit=LATER)
    compared = compare_bundles(old, new, across=False)
    found = compared.as_json()
    assert [c["subject"] for c in found["worse"]] == ["waiver"]
    assert found["better"] == found["other"] == []
    assert found["new"]["commit"] == "f" * 40
    assert len(found["old"]["manifest_sha256"]) == 64


def test_a_change_is_reversed_by_exchanging_its_sides() -> None:
    change = Change(Direction.BETTER, Subject.GAP, "x", "a", "b")
    assert change.reversed == Change(Direction.WORSE, Subject.GAP, "x", "b", "a")
    assert change.reversed.reversed == change
