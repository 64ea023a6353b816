"""``runbook explain``: from an id to why, how, and where it is tested."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from policies.controls import all_controls
from policies.explain import card, text
from policies.keepers import State
from policies.rules import all_rules
from runbook.clauses import all_clauses
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT

RUNBOOK = Path(sys.executable).with_name("runbook")
IDS = [
    *(rule.id for rule in all_rules()),
    *all_clauses(),
    *(control for rule in all_rules() for control in rule.controls),
]


def runbook(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RUNBOOK, "explain", *arguments], capture_output=True, text=True, check=False
    )


def test_a_rule_is_explained() -> None:
    shown = card("audit-bucket-lock")
    (rule,) = (rule for rule in all_rules() if rule.id == "audit-bucket-lock")
    assert (shown["kind"], shown["title"]) == ("rule", rule.title)
    assert (shown["why"], shown["remedy"], shown["waivable"]) == (rule.why, rule.remedy, False)
    assert shown["types"] == ["AWS::S3::Bucket"]
    clause = all_clauses()["ROVN-BCK-2"]
    assert {"id": clause.id, "title": clause.title} in shown["clauses"]
    assert {"id": "NIST AU-9", "title": all_controls()["NIST AU-9"].title} in shown["controls"]
    assert shown["code"] == "policies/rules/audit_bucket_lock.py"
    assert shown["tests"] == ["tests/policies/rules/test_audit_bucket_lock.py"]
    assert rule.id not in [other["id"] for other in shown["related"]]


def test_a_clause_is_explained() -> None:
    shown = card("ROVN-BCK-2")
    assert shown["kind"] == "clause"
    assert shown["source"][1] == 'Rovn, Runbook, 2026-05-14, 7 "Backups"'
    assert (shown["state"], shown["open"]) == (State.KEPT, None)
    assert "audit-bucket-lock" in [rule["id"] for rule in shown["rules"]]
    remedy = {
        "id": "buckets.audit",
        "remedy": "set at least 7 calendar years in the environment file",
    }
    assert remedy in shown["remedies"]
    kinds = {keeper["kind"] for keeper in shown["keepers"]}
    assert kinds == {"rule", "demand", "test", "command", "drill"}
    assert "tests/stacks/test_audit_buckets.py" in shown["tests"]
    assert "NIST AU-11" in [control["id"] for control in shown["controls"]]


def test_an_open_clause_says_what_it_waits_for() -> None:
    shown = card("SCR-ALM-6")
    assert (shown["state"], shown["keepers"]) == (State.OPEN, [])
    assert shown["open"] in text(shown).replace("\n          ", " ")


def test_a_control_is_explained() -> None:
    shown = card("HIPAA 164.312(c)(1)")
    assert (shown["kind"], shown["title"]) == ("control", "Integrity")
    assert shown["source"][1].startswith("https://www.ecfr.gov/")
    assert "audit-bucket-lock" in [rule["id"] for rule in shown["rules"]]
    assert "ROVN-BCK-2" in [clause["id"] for clause in shown["clauses"]]


@pytest.mark.parametrize("asked", IDS)
def test_everything_that_has_an_id_is_explained(asked: str) -> None:
    shown = card(asked.lower())
    assert shown["id"] == asked
    assert json.loads(json.dumps(shown)) == shown
    lines = text(shown).splitlines()
    assert lines[:2] == [f"{asked} ({shown['kind']})", shown["title"]]
    assert shown["kind"] == "control" or all((ROOT / test).is_file() for test in shown["tests"])


def test_lines_fit_a_terminal_and_nothing_stands_under_a_label() -> None:
    lines = text(card("ROVN-BCK-2")).splitlines()[3:]
    assert all(len(line) <= 100 or " " not in line.strip() for line in lines)
    labels = [line[:10].strip() for line in lines if line[:10].strip()]
    assert labels == [
        *("source", "form", "state", "rules", "remedies", "keepers", "tests", "controls"),
        *(["related"] if card("ROVN-BCK-2")["related"] else []),
    ]


@pytest.mark.parametrize(
    ("asked", "close"),
    [
        ("ROVN-BCK-22", "did you mean ROVN-BCK-2, "),
        ("audit-bucket-loc", "did you mean audit-bucket-lock"),
        ("NIST  AU-99", "did you mean NIST AU-9, "),
    ],
)
def test_an_unknown_id_is_answered_with_the_closest(asked: str, close: str) -> None:
    with pytest.raises(RefusedError, match="no rule, clause or control has this id") as refused:
        card(asked)
    assert close in str(refused.value)


def test_nothing_close_leads_to_the_lists() -> None:
    with pytest.raises(RefusedError, match=r"docs/rules/README\.md") as refused:
        card("%%%")
    listed = re.findall(r"[\w/]+\.\w+", refused.value.refusals[0].fix)
    assert len(listed) == 3
    assert all((ROOT / path).is_file() for path in listed)


@pytest.mark.parametrize(
    ("asked", "fix"),
    [
        ("rds-cpu", "runbook alarms show rovn/production rds-cpu"),
        ("RDS-CPU", "runbook alarms show rovn/production rds-cpu"),
        (
            "secret-overdue/sentry-dsn",
            "runbook alarms show rovn/production secret-overdue/sentry-dsn",
        ),
        ("rovn-staging-rds-cpu", "runbook alarms show rovn/staging rovn-staging-rds-cpu"),
    ],
)
def test_an_alarm_leads_to_the_command_that_shows_it(asked: str, fix: str) -> None:
    with pytest.raises(RefusedError) as refused:
        card(asked)
    (refusal,) = refused.value.refusals
    assert (refusal.key, refusal.fix) == (asked, fix)
    assert refusal.reason == "it is an alarm: no rule, clause or control"
    shown = subprocess.run([RUNBOOK, *fix.split()[1:]], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("alarm ")


def test_an_alarm_that_is_nearly_meant_is_told_too() -> None:
    with pytest.raises(RefusedError, match="did you mean rds-cpu, "):
        card("rds-cp")


def test_an_environment_file_that_is_refused_hinders_nobody_who_asks_for_a_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise RefusedError("environments/rovn/production.toml", [])

    monkeypatch.setattr("policies.explain.all_environments", refused)
    with pytest.raises(RefusedError, match="did you mean audit-bucket-lock"):
        card("audit-bucket-loc")


def test_several_ids_are_answered_with_a_command_each() -> None:
    with pytest.raises(RefusedError) as refused:
        card("rovn-bck-2 nist  AU-9 Key-Rotation rds-cpu")
    (refusal,) = refused.value.refusals
    assert refusal.reason == "it is explained one id at a time"
    assert refusal.fix == (
        "runbook explain ROVN-BCK-2; runbook explain NIST AU-9; runbook explain key-rotation; "
        "runbook alarms show rovn/production rds-cpu"
    )
    with pytest.raises(RefusedError, match="no rule, clause or control has this id"):
        card("ROVN-BCK-2 what is it")


def test_the_command_prints_for_people_and_for_machines() -> None:
    assert runbook("ROVN-BCK-2").stdout == text(card("ROVN-BCK-2")) + "\n"
    assert json.loads(runbook("nist", "au-9", "--json").stdout) == card("NIST AU-9")
    unknown = runbook("ROVN-BCK-22")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "did you mean ROVN-BCK-2, " in unknown.stderr
    assert "Traceback" not in unknown.stderr


def test_it_works_without_the_cdk() -> None:
    code = (
        "import sys; from policies.explain import card; card('ROVN-BCK-2');"
        "sys.exit('aws_cdk' in sys.modules or 'jsii' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
