"""What refuses a synthesis is a row of the environment that it is about."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evidence.collected.synthesis import synthesis_judged
from evidence.model import Judged, Row, Verdict
from policies.findings import REPORT
from policies.waivable_rules import PACKS
from policies.waivers import Waiver, WaiverEntry, load_waivers
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.assembly import Assembly
from tests.policies.test_findings import RULE, plugin, suppressed, violation

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))
BUCKET = "Audit/AccessLogs/Resource"
BUILT_IN = plugin("CloudFormation Validate")


def judged(
    folder: Path,
    *plugins: dict[str, Any],
    name: str = "rovn/production",
    waivers: tuple[Waiver, ...] = (),
    refused: bool = False,
) -> Judged:
    told = {each["pluginName"] for each in plugins}
    silent = [plugin(pack) for pack in PACKS if pack not in told]
    (folder / REPORT).write_text(json.dumps({"pluginReports": [*plugins, *silent]}), "utf-8")
    both = [PRODUCTION, STAGING]
    environment = load_environment(name)
    return synthesis_judged(folder, environment, both, waivers, refused=refused)


def only(judged: Judged) -> Row:
    [row] = judged.rows
    return row


WAIVER = Waiver(
    WaiverEntry(
        rules=(f"HIPAA.Security::{RULE}",),
        paths=(BUCKET,),
        reason="It cannot log itself at all.",
        owner="platform",
        expires=date(2027, 5, 31),
    ),
    "waiver[0] (line 1)",
)


def test_a_report_that_refuses_nothing_passes_and_says_who_was_asked(tmp_path: Path) -> None:
    row = only(judged(tmp_path, BUILT_IN))
    assert row.verdict is Verdict.PASS
    assert all(pack in row.message for pack in PACKS)


def test_the_real_synthesis_passes(assembly: Assembly) -> None:
    waivers = load_waivers()
    for environment in (PRODUCTION, STAGING):
        said = synthesis_judged(assembly.directory, environment, [PRODUCTION, STAGING], waivers)
        assert only(said).verdict is Verdict.PASS


@pytest.mark.clause("ALL-4")
def test_a_finding_fails_the_environment_that_it_is_in(tmp_path: Path) -> None:
    found = plugin(violations=[violation(RULE, f"rovn-staging/{BUCKET}")])
    assert only(judged(tmp_path, BUILT_IN, found)).verdict is Verdict.PASS
    row = only(judged(tmp_path, BUILT_IN, found, name="rovn/staging"))
    assert row.verdict is Verdict.FAIL
    assert "S3BucketLoggingEnabled, in rovn/staging" in row.message
    assert "[[waiver]]" not in row.message


def test_a_waiver_that_suppresses_nothing_fails_there(tmp_path: Path) -> None:
    path = f"rovn-staging/{BUCKET}"
    found = plugin(suppressed=[{**suppressed(path, path), "acknowledgedAt": path}])
    assert (
        only(judged(tmp_path, found, name="rovn/staging", waivers=(WAIVER,))).verdict
        is Verdict.PASS
    )
    row = only(judged(tmp_path, found, waivers=(WAIVER,)))
    assert row.verdict is Verdict.FAIL
    assert "it suppresses nothing" in row.message


def test_a_plugin_that_raised_fails_every_environment(tmp_path: Path) -> None:
    broken = {**plugin("AwsSolutions"), "conclusion": "failure", "metadata": {"error": "it broke"}}
    for name in (PRODUCTION.name, STAGING.name):
        row = only(judged(tmp_path, broken, name=name))
        assert (row.verdict, row.message) == (Verdict.FAIL, "AwsSolutions: it broke")


def test_a_pack_that_is_not_in_the_report_did_not_judge(tmp_path: Path) -> None:
    (tmp_path / REPORT).write_text(json.dumps({"pluginReports": [BUILT_IN]}), "utf-8")
    said = synthesis_judged(tmp_path, PRODUCTION, [PRODUCTION], ())
    assert {row.verdict for row in said.rows} == {Verdict.ERROR}
    assert len(said.rows) == len(PACKS)


def test_a_refusal_that_the_report_does_not_tell_is_an_error(tmp_path: Path) -> None:
    row = only(judged(tmp_path, BUILT_IN, refused=True))
    assert row.verdict is Verdict.ERROR
    assert "nobody knows whether the templates are whole" in row.message


def test_the_cdks_own_validation_is_missed(tmp_path: Path) -> None:
    assert judged(tmp_path, BUILT_IN).gaps == ()
    assert "switched off" in judged(tmp_path).gaps[0]


@pytest.mark.parametrize("text", [None, "{", "[]", '{"pluginReports": [{}]}'])
def test_a_report_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / REPORT).write_text(text, "utf-8")
    with pytest.raises(RefusedError, match=REPORT):
        synthesis_judged(tmp_path, PRODUCTION, [PRODUCTION], ())
