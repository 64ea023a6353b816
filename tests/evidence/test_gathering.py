"""What a bundle says of the real environments: whole, the same each time, and nothing unsaid."""

import csv
import hashlib
import html
import json
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest

from evidence import gathering
from evidence.collected.independent import Started
from evidence.collected.provenance import Provenance
from evidence.formats import nag_csv, page, results_csv, sarif
from evidence.gathering import gather
from evidence.model import Evidence, Row, Standing, Verdict
from policies.templates.assembly import Reading
from policies.waivable_rules import CFN_LINT, CHECKOV, PACKS, RUNBOOK
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from runbook.working_tree import working_tree
from tests.assembly import ROOT, Assembly
from tests.evidence.samples import COMMIT

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))
TREE = working_tree(ROOT)
REHEARSAL = {
    "environment": "rovn/staging",
    "started": "2026-05-01T10:00:00+00:00",
    "drills": [
        {
            "name": "restore",
            "clauses": ["ROVN-BCK-1"],
            "outcome": "passed",
            "seconds": 12.5,
            "checked": ["a table is back"],
            "reason": "",
        }
    ],
}
UNSHOWN = "No drill shows what this bundle is of"
# Gathers in an interpreter of its own, whose sets have another order.
ELSEWHERE = """
import hashlib, pickle, sys
from pathlib import Path
from evidence.gathering import gather
from runbook.model.loader import load_environment
from tests.evidence.test_gathering import ROOT, TREE, nobody

assembly, rehearsal = map(Path, sys.argv[1:])
environments = [load_environment("rovn/production")]
found = gather(
    assembly,
    environments,
    rehearsal=rehearsal,
    sources=ROOT,
    before=TREE,
    refused="",
    judges=nobody,
)
print(hashlib.sha256(repr(found).encode()).hexdigest())
"""


@contextmanager
def nobody(_: Reading, __: Path) -> Iterator[Started]:
    """Stand in for the independent judges, which take most of a minute."""
    yield Started({}, {})


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rehearsal") / "report.json"
    path.write_text(json.dumps(REHEARSAL), "utf-8")
    return path


@pytest.fixture(scope="module")
def gathered(assembly: Assembly, rehearsal: Path) -> tuple[Evidence, ...]:
    """Gather both environments with every judge."""
    both = [PRODUCTION, STAGING]
    return gather(
        assembly.directory, both, rehearsal=rehearsal, sources=ROOT, before=TREE, refused=""
    )


@pytest.mark.clause("ALL-4")
def test_every_judge_is_heard_and_nothing_fails(gathered: tuple[Evidence, ...]) -> None:
    for evidence, environment in zip(gathered, (PRODUCTION, STAGING), strict=True):
        assert (evidence.name, evidence.account) == (environment.name, environment.account)
        judges = [judge.name for judge in evidence.judges]
        assert judges == [RUNBOOK, "CDK synthesis", *PACKS, CFN_LINT, CHECKOV]
        assert {row.judge for row in evidence.rows} == set(judges)
        assert all(judge.version != "unknown" for judge in evidence.judges)
        assert evidence.clean


@pytest.mark.clause("ALL-4")
def test_each_rule_has_a_row_and_each_row_a_rule(gathered: tuple[Evidence, ...]) -> None:
    for evidence in gathered:
        rules = [(rule.judge, rule.id) for rule in evidence.rules]
        assert len(set(rules)) == len(rules)
        assert {(row.judge, row.rule) for row in evidence.rows} == set(rules)


@pytest.mark.clause("ALL-4")
def test_each_waived_row_is_counted_by_one_waiver(gathered: tuple[Evidence, ...]) -> None:
    for evidence in gathered:
        assert all(waiver.findings for waiver in evidence.waivers)
        assert sum(waiver.findings for waiver in evidence.waivers) == evidence.summary["waived"]


@pytest.mark.clause("ALL-4")
def test_every_template_of_the_environment_is_listed_with_its_hash(
    assembly: Assembly, gathered: tuple[Evidence, ...]
) -> None:
    for evidence in gathered:
        listed = {file.path: file.sha256 for file in evidence.templates}
        files = assembly.directory.glob(f"assembly-{evidence.organisation}-*/*.template.json")
        mine = [
            f
            for f in files
            if f.parent.name.removesuffix("-bootstrap").endswith(f"-{evidence.environment}")
        ]
        assert listed == {
            file.relative_to(assembly.directory).as_posix(): hashlib.sha256(
                file.read_bytes()
            ).hexdigest()
            for file in mine
        }


def test_nothing_names_a_folder_of_this_machine(
    assembly: Assembly, gathered: tuple[Evidence, ...]
) -> None:
    told = repr(gathered)
    assert str(assembly.directory) not in told
    assert str(assembly.directory.resolve()) not in told
    assert str(ROOT) not in told


def test_a_rehearsal_of_another_environment_is_told(gathered: tuple[Evidence, ...]) -> None:
    production, staging = gathered
    other = "The rehearsal on record was of rovn/staging, not of rovn/production."
    assert other in production.gaps
    assert not any("not of" in gap for gap in staging.gaps)
    assert production.rehearsal == staging.rehearsal


@pytest.mark.clause("ALL-4")
def test_a_rehearsal_that_names_no_commit_is_told(gathered: tuple[Evidence, ...]) -> None:
    for evidence in gathered:
        assert f"{UNSHOWN}: the rehearsal's report names no commit." in evidence.gaps


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("rehearsed", "gap"),
    [(COMMIT.id, ""), ("ef" * 20, f"{UNSHOWN}: another commit was rehearsed.")],
    ids=["of this commit", "of another"],
)
def test_drills_are_held_against_the_commit_that_was_judged(
    assembly: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rehearsed: str, gap: str
) -> None:
    origin = Provenance(COMMIT, {}, ())
    monkeypatch.setattr(gathering, "provenance", lambda *_: origin)
    named = {**REHEARSAL, "commit": {"id": rehearsed, "date": COMMIT.date, "clean": True}}
    path = tmp_path / "report.json"
    path.write_text(json.dumps(named), "utf-8")
    [evidence] = gather(
        assembly.directory,
        [STAGING],
        rehearsal=path,
        sources=ROOT,
        before=TREE,
        refused="",
        judges=nobody,
    )
    assert [each for each in evidence.gaps if UNSHOWN in each] == ([gap] if gap else [])


@pytest.mark.clause("ALL-4")
def test_one_environment_elsewhere_says_the_same(
    assembly: Assembly, rehearsal: Path, tmp_path: Path
) -> None:
    both = [PRODUCTION, STAGING]
    here = gather(
        assembly.directory,
        both,
        rehearsal=rehearsal,
        sources=ROOT,
        before=TREE,
        refused="",
        judges=nobody,
    )
    moved = shutil.copytree(assembly.directory, tmp_path / "another name")
    elsewhere = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(moved), str(rehearsal)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{ROOT}/constructs"}
        | {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata"},
    )
    same = hashlib.sha256(repr(here[:1]).encode()).hexdigest()
    assert elsewhere.stdout.strip() == same
    assert pickle.loads(pickle.dumps(here)) == here  # noqa: S301 - our own


@pytest.mark.clause("ALL-4")
def test_what_is_missing_or_refused_is_said(
    assembly: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "day_of_the_commit", lambda: date(2099, 1, 1))
    [evidence] = gather(
        assembly.directory,
        [STAGING],
        rehearsal=tmp_path / "gone.json",
        sources=tmp_path,
        before=None,
        refused="a finding of production",
        judges=nobody,
    )
    told = "\n".join(evidence.gaps)
    assert "No rehearsal is on record" in told
    assert "No commit is known" in told
    assert f"{len(evidence.waivers)} waivers had expired on the day of the commit" in told
    assert "The assembly was given" not in told
    assert evidence.rehearsal is None
    failed = {(r.rule, r.verdict) for r in evidence.rows if r.verdict in ("fail", "error")}
    assert ("synthesis-accepted", Verdict.ERROR) in failed
    assert ("waivers", Verdict.FAIL) in failed
    assert not evidence.clean


@pytest.fixture(scope="module")
def on_the_last_day_and_after(
    assembly: Assembly, gathered: tuple[Evidence, ...]
) -> tuple[Evidence, Evidence]:
    """Gather staging on the last day of its first waivers to expire, and on the next."""
    first = min(date.fromisoformat(waiver.expires) for waiver in gathered[1].waivers)
    found: list[Evidence] = []
    with pytest.MonkeyPatch.context() as patch:
        for day in (first, first + timedelta(days=1)):
            patch.setattr(gathering, "day_of_the_commit", lambda day=day: day)
            found += gather(
                assembly.directory,
                [STAGING],
                rehearsal=assembly.directory / "no rehearsal",
                sources=ROOT,
                before=TREE,
                refused="",
                judges=nobody,
            )
    return found[0], found[1]


def but_for_waivers(evidence: Evidence) -> dict[tuple[str, ...], Row]:
    """Map each row to what it is about, and what it says apart from a waiver."""
    return {
        (r.judge, r.rule, r.template, r.resource, r.message.partition(" (waiver expired: ")[0]): r
        for r in evidence.rows
        if r.rule != "waivers"
    }


@pytest.mark.clause("ALL-4")
def test_what_expired_waivers_covered_fails_and_breaks_its_controls(
    on_the_last_day_and_after: tuple[Evidence, Evidence],
) -> None:
    last, after = on_the_last_day_and_after
    assert last.clean
    expires = min(waiver.expires for waiver in last.waivers)
    rows = but_for_waivers(after)
    assert rows.keys() == but_for_waivers(last).keys()
    changed = [(r, rows[about]) for about, r in but_for_waivers(last).items() if r != rows[about]]
    assert changed
    for before, now in changed:
        assert (before.verdict, now.verdict, now.reason) == (Verdict.WAIVED, Verdict.FAIL, "")
        said = re.fullmatch(
            rf"(.*) \(waiver expired: policies/waivers\.toml waiver\[\d+\] \(line \d+\): "
            rf"it held until {expires}, and it is (.*)\)",
            now.message,
        )
        assert said
        assert said[1] == before.message
        assert date.fromisoformat(said[2]) == date.fromisoformat(expires) + timedelta(days=1)
    late = [waiver for waiver in after.waivers if waiver.expires == expires]
    assert sum(waiver.findings for waiver in late) == 0
    assert after.summary["waived"] == sum(waiver.findings for waiver in after.waivers)
    broken = {control for _, now in changed for control in now.controls}
    standings = {control.id: control.standing for control in after.controls}
    assert broken
    assert {standings[control] for control in broken} == {Standing.BROKEN}
    assert Standing.BROKEN not in {control.standing for control in last.controls}
    assert not after.clean


@pytest.mark.clause("ALL-4")
def test_no_format_lets_pass_what_an_expired_waiver_covered(
    on_the_last_day_and_after: tuple[Evidence, Evidence],
) -> None:
    _, after = on_the_last_day_and_after
    [late, *_] = [row for row in after.rows if "(waiver expired: " in row.message]
    results = list(csv.DictReader(StringIO(results_csv.as_bytes(after).decode())))
    [cells] = [cells for cells in results if cells["message"] == late.message]
    assert cells["verdict"] == "fail"
    report = list(csv.DictReader(StringIO(nag_csv.as_bytes(after).decode())))
    told = [line for line in report if "(waiver expired: " in line["Rule Info"]]
    assert {line["Compliance"] for line in told} == {"Non-Compliant"}
    alerts = [
        alert
        for run in json.loads(sarif.as_bytes(after))["runs"]
        for alert in run["results"]
        if "(waiver expired: " in alert["message"]["text"]
    ]
    assert len(alerts) == len(told) > 0
    assert not any("suppressions" in alert for alert in alerts)
    assert late.message in html.unescape(page.as_bytes(after).decode())


@pytest.mark.clause("ALL-4")
def test_a_template_that_was_changed_since_fails_whoever_judged_it_before(
    assembly: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> date:
        raise RefusedError("the day to judge by", [])

    monkeypatch.setattr(gathering, "day_of_the_commit", unknown)
    monkeypatch.setattr(gathering, "provenance", lambda *_: Provenance(COMMIT, {}, ()))
    edited = shutil.copytree(assembly.directory, tmp_path / "cdk.out")
    [file] = edited.glob("assembly-rovn-staging/*stagingAudit*.template.json")
    file.write_text(file.read_text("utf-8").replace("COMPLIANCE", "GOVERNANCE"), "utf-8")
    [evidence] = gather(
        edited,
        [STAGING],
        rehearsal=tmp_path / "gone.json",
        sources=ROOT,
        before=TREE,
        judges=nobody,
    )
    failed = {(row.judge, row.rule) for row in evidence.rows if row.verdict is Verdict.FAIL}
    assert ("CDK synthesis", "template-unchanged") in failed
    assert (RUNBOOK, "audit-bucket-lock") in failed
    assert not evidence.clean
    assert Standing.BROKEN in {control.standing for control in evidence.controls}
    assert any(gap.startswith("The assembly was given") for gap in evidence.gaps)
    assert COMMIT.clean
    assert not evidence.commit.clean, "a given assembly may be of any code"
    assert any(gap.startswith("Which waivers have expired is not known") for gap in evidence.gaps)


def test_an_assembly_that_is_older_than_the_catalogue_is_refused(
    assembly: Assembly, tmp_path: Path
) -> None:
    older = shutil.copytree(assembly.directory, tmp_path / "cdk.out")
    [file] = older.glob("assembly-rovn-staging/*stagingAlarms*.template.json")
    body = json.loads(file.read_text("utf-8"))
    alarms = [r for r in body["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    alarms[0]["Properties"]["EvaluationPeriods"] = 99
    file.write_text(json.dumps(body), "utf-8")
    with pytest.raises(RefusedError, match="it is older than the definitions"):
        gather(
            older,
            [STAGING],
            rehearsal=tmp_path / "gone.json",
            sources=ROOT,
            before=TREE,
            judges=nobody,
        )
