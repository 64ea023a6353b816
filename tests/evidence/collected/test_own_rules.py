"""Our own rules' rows: as `runbook check` judges, each environment's its own, and none left out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from evidence.collected.assembly import read_assembly
from evidence.collected.own_rules import Waiving, own_judged
from evidence.model import Judged, Row, Verdict
from policies.engine import JUDGED, check
from policies.rules import all_rules
from policies.sources import judge_sources
from policies.templates.assembly import Reading, Trouble
from policies.waivers import Waiver, WaiverEntry, load_waivers
from runbook.model.loader import load_environment
from tests.assembly import ROOT, Assembly
from tests.policies.rules.harness import template

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))
DAY = date(2026, 5, 1)
REASON = "The key signs\nnothing but tests of ours."


def reading(*troubles: Trouble) -> Reading:
    """Read a key that is not rotated, in each environment."""
    templates = [
        template(
            "data",
            {
                "Key": {
                    "Type": "AWS::KMS::Key",
                    "Metadata": {"aws:cdk:path": f"{environment.slug}/Data/Key/Resource"},
                }
            },
            environment=environment.name,
        )
        for environment in (PRODUCTION, STAGING)
    ]
    one, other = templates
    return Reading((one, replace(other, path="staging.template.json")), troubles, whole=True)


def waiver(
    path: str = "Data/Key/Resource",
    expires: date = date(2027, 5, 31),
    environments: tuple[str, ...] | None = ("rovn/production",),
) -> Waiver:
    stated = WaiverEntry(
        rules=("Runbook::key-rotation",),
        paths=(path,),
        environments=environments,
        reason=REASON,
        owner="platform",
        expires=expires,
    )
    return Waiver(stated, "waiver[0] (line 1)")


def judged(
    *waivers: Waiver,
    of: Reading | None = None,
    day: date | None = DAY,
    sources: Path | None = ROOT,
    unasked: Mapping[str, str] | None = None,
) -> dict[str, Judged]:
    return own_judged(
        of or reading(),
        [PRODUCTION, STAGING],
        sources=sources,
        waiving=Waiving(waivers=waivers, day=day),
        unasked=unasked or {},
    )


def rows(said: Judged, rule: str) -> list[Row]:
    return [row for row in said.rows if row.rule == rule]


def verdicts(said: Judged, rule: str) -> list[Verdict]:
    return [row.verdict for row in rows(said, rule)]


@pytest.mark.clause("ALL-4")
def test_every_rule_is_told_with_a_row_in_every_environment(assembly: Assembly) -> None:
    waiving = Waiving(waivers=load_waivers(), day=DAY)
    told = read_assembly(assembly.directory)
    for said in own_judged(told, [PRODUCTION, STAGING], sources=ROOT, waiving=waiving).values():
        assert {row.rule for row in said.rows} == {rule.id for rule in said.rules}
        assert not any(rule.unasked for rule in said.rules)
        assert {rule.id for rule in all_rules()} < {rule.id for rule in said.rules}
        assert said.gaps == ()


@pytest.mark.clause("ALL-4")
def test_the_rows_are_what_a_check_of_everything_says(assembly: Assembly) -> None:
    told = read_assembly(assembly.directory)
    waiving = Waiving(waivers=load_waivers(), day=DAY)
    said = own_judged(told, [PRODUCTION, STAGING], sources=ROOT, waiving=waiving)
    report = check(told, [rule for rule in all_rules() if not rule.only_files])
    wanted = Counter((r.rule, r.template, r.resource or "", r.status.value) for r in report.results)
    files = judge_sources(ROOT, all_rules())
    for result in files:
        wanted[result.rule, result.template, "", result.status.value] += len(said)
    extra = {JUDGED, "waivers"}
    found = Counter(
        (row.rule, row.template, row.resource, row.verdict.value)
        for each in said.values()
        for row in each.rows
        if row.rule not in extra
    )
    assert found == wanted


def test_an_environment_gets_its_own_templates_and_every_service() -> None:
    for name, said in judged().items():
        templates = {row.template for row in said.rows}
        mine = "data" if name == PRODUCTION.name else "staging"
        other = "staging" if name == PRODUCTION.name else "data"
        assert f"{mine}.template.json" in templates
        assert f"{other}.template.json" not in templates
        assert "examples/passport-api/Dockerfile" in templates


def test_a_failure_that_is_waived_says_why_apart_from_what() -> None:
    said = judged(waiver())
    [row] = [row for row in rows(said[PRODUCTION.name], "key-rotation") if row.resource]
    assert row.verdict is Verdict.WAIVED
    assert row.reason == "The key signs nothing but tests of ours."
    assert row.message
    assert "waived" not in row.message
    assert row.construct_path == "rovn-production/Data/Key/Resource"
    [other] = [row for row in rows(said[STAGING.name], "key-rotation") if row.resource]
    assert (other.verdict, other.reason) == (Verdict.FAIL, "")


@pytest.mark.clause("ALL-4")
def test_an_expired_waiver_fails_with_what_it_covered() -> None:
    said = judged(waiver(expires=date(2026, 4, 30)))
    [row] = rows(said[PRODUCTION.name], "waivers")
    assert row.verdict is Verdict.FAIL
    assert row.message == (
        "waiver[0] (line 1): it held until 2026-04-30, and it is 2026-05-01; "
        "fix the finding; or platform reviews the reason and sets a new day"
    )
    assert verdicts(said[STAGING.name], "waivers") == [Verdict.PASS]
    [of_key] = [row for row in rows(said[PRODUCTION.name], "key-rotation") if row.resource]
    [never] = [row for row in rows(judged()[PRODUCTION.name], "key-rotation") if row.resource]
    assert (of_key.verdict, of_key.reason) == (Verdict.FAIL, "")
    assert of_key.message == (
        f"{never.message} (waiver expired: policies/waivers.toml waiver[0] (line 1): "
        "it held until 2026-04-30, and it is 2026-05-01)"
    )


def test_a_waiver_lets_pass_on_its_last_day() -> None:
    said = judged(waiver(expires=DAY))[PRODUCTION.name]
    assert Verdict.WAIVED in verdicts(said, "key-rotation")
    assert verdicts(said, "waivers") == [Verdict.PASS]


def test_a_waiver_that_lets_nothing_pass_fails() -> None:
    said = judged(waiver(path="Data/Other/Resource"))
    [row] = rows(said[PRODUCTION.name], "waivers")
    assert row.verdict is Verdict.FAIL
    assert "it suppresses nothing: Runbook::key-rotation at" in row.message


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    "unjudged",
    [reading(Trouble("audit.template.json", "it cannot be read")), replace(reading(), whole=False)],
    ids=["unread", "single"],
)
def test_nobody_knows_what_a_waiver_of_the_unread_is_for(unjudged: Reading) -> None:
    said = judged(waiver(path="Audit/Key/Resource"), of=unjudged)[PRODUCTION.name]
    [row] = rows(said, "waivers")
    assert row.verdict is Verdict.ERROR
    assert row.message == (
        "policies/waivers.toml waiver[0] (line 1): not everything could be judged, "
        "so nobody knows whether it is needed"
    )


def test_a_waiver_that_lets_something_pass_is_needed_whatever_is_unread() -> None:
    unread = reading(Trouble("audit.template.json", "it cannot be read"))
    said = judged(waiver(), of=unread)[PRODUCTION.name]
    [row] = rows(said, "waivers")
    assert row.verdict is Verdict.PASS
    assert row.message.endswith("each of ours is needed")


def test_an_expired_waiver_fails_whatever_is_unread() -> None:
    unread = reading(Trouble("audit.template.json", "it cannot be read"))
    late = waiver(path="Audit/Key/Resource", expires=date(2026, 4, 30))
    said = judged(late, of=unread)[PRODUCTION.name]
    assert verdicts(said, "waivers") == [Verdict.FAIL, Verdict.ERROR]


def test_of_rules_that_were_not_asked_no_waiver_is_judged() -> None:
    said = judged(waiver(), unasked={"key-rotation": "keys"})[PRODUCTION.name]
    [row] = rows(said, "waivers")
    assert row.verdict is Verdict.PASS
    assert row.message.endswith("each of ours whose rule was asked is needed")


def test_without_a_day_nobody_knows_what_has_expired() -> None:
    assert verdicts(judged(waiver(), day=None)[PRODUCTION.name], "waivers") == [Verdict.ERROR]


def test_what_cannot_be_read_is_an_error_of_every_environment() -> None:
    broken = reading(Trouble("manifest.json", "it cannot be read"))
    for said in judged(of=broken).values():
        worst = [row for row in rows(said, JUDGED) if row.verdict is Verdict.ERROR]
        assert [row.template for row in worst] == ["manifest.json"]


def test_a_template_that_could_be_judged_is_told() -> None:
    said = judged()[PRODUCTION.name]
    assert [(r.template, r.verdict) for r in rows(said, JUDGED)] == [
        ("data.template.json", Verdict.PASS)
    ]


def test_rules_that_said_nothing_are_a_gap() -> None:
    unplaced = Reading((template("network", {}, region="nowhere-1"),), (), whole=True)
    said = judged(of=unplaced)[PRODUCTION.name]
    assert Verdict.ERROR in verdicts(said, JUDGED)
    [gap] = said.gaps
    assert gap.startswith("Runbook: not asked of anything: no template of the environment could")
    assert "key-rotation" in gap
    told = {rule.id: rule.unasked for rule in said.rules}
    assert told["key-rotation"] == "anything: no template of the environment could be judged"
    assert told["dockerfile-pinned"] == ""


@pytest.mark.clause("ALL-4")
def test_each_rule_that_was_not_asked_says_of_what_and_why(assembly: Assembly) -> None:
    keys = "keys: templates have none"
    given = read_assembly(assembly.directory)
    said = judged(of=given, sources=None, unasked={"key-rotation": keys})[PRODUCTION.name]
    files = "the files of services: no sources were given"
    told = {rule.id: rule.unasked for rule in said.rules if rule.unasked}
    wanted = {rule.id: files for rule in all_rules() if rule.judge_file is not None}
    assert told == {**wanted, "key-rotation": keys}
    # Of templates it was asked all the same.
    assert set(verdicts(said, "no-secret-in-environment")) > {Verdict.PASS}
    assert set(said.gaps) == {
        f"Runbook: not asked of {files}: {', '.join(sorted(wanted))}.",
        f"Runbook: not asked of {keys}: key-rotation.",
    }


def test_no_service_to_judge_fails(tmp_path: Path) -> None:
    said = judged(sources=tmp_path)[STAGING.name]
    assert verdicts(said, "dockerfile-pinned") == [Verdict.FAIL]
