"""Controls on a terminal and for machines: how each stands, and all that one leads to."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import given

from evidence.control_page import lines, machine_readable
from evidence.model import Commit, ControlEntry, Evidence, JudgedRule, Standing, Verdict
from evidence.plain_words import LIMITS, STANDINGS
from runbook.model.refusal import RefusedError
from tests.evidence.any_evidence import any_evidence
from tests.evidence.samples import NO_COMMIT, evidence, row

_COLOUR = re.compile("\x1b\\[[0-9]*m")
BROKEN = "HIPAA 164.312(a)(2)(iv)"


def plain(said: Iterator[str]) -> list[str]:
    """Take the colours off."""
    return [_COLOUR.sub("", line) for line in said]


def section(said: list[str], label: str) -> list[str]:
    """Cut out the lines that stand beside and below a label."""
    start = next(n for n, line in enumerate(said) if line.startswith(f"{label} "))
    below = takewhile(lambda line: line.startswith(" "), said[start + 1 :])
    return [line[10:] for line in (said[start], *below)]


def changed(control: str, **changes: Any) -> Evidence:  # noqa: ANN401 - of any field
    """Change one control of the sample."""
    made = evidence()
    controls = (replace(c, **changes) if c.id == control else c for c in made.controls)
    return replace(made, controls=tuple(controls))


@pytest.mark.clause("ALL-4")
def test_the_table_has_every_control_with_its_standing() -> None:
    said = plain(lines(evidence(), None))
    assert said[0] == "acme/production at commit 0123456789ab of 2026-05-04T03:02:01Z"
    for standing in Standing:
        assert f"    1  {standing:<20}  {STANDINGS[standing][1]}" in said
    assert LIMITS in said
    for control in evidence().controls:
        (line,) = (line for line in said if f"{control.id} " in line)
        assert line.split(control.id)[0].strip() == control.standing
        assert control.title in line
    assert said[-1] == "Next: runbook evidence controls CONTROL acme/production"


def test_a_gap_shows_no_amounts_and_a_broken_control_shows_why() -> None:
    told = changed(BROKEN, gaps=("bucket-encrypted fails at 1 resource (ACME-SEC-1)",))
    said = plain(lines(told, None))
    at = next(n for n, line in enumerate(said) if BROKEN in line)
    assert said[at].endswith("Encryption and decryption  (1 rule, 2 resources, 1 gap)")
    assert said[at + 1].strip() == "bucket-encrypted fails at 1 resource (ACME-SEC-1)"
    (held,) = (line for line in said if "NIST AU-2 " in line)
    assert held.endswith("Event logging  (1 rule, 3 resources)")
    (gap,) = (line for line in said if "HIPAA 164.310(b)" in line)
    assert gap.endswith("Workstation use")


def test_a_dirty_tree_is_said() -> None:
    dirty = evidence(commit=Commit("f" * 40, "2026-05-04", clean=False))
    for control in (None, BROKEN):
        assert any("not the commit alone" in line for line in lines(dirty, control))


@pytest.mark.clause("ALL-4")
def test_a_commit_that_is_not_known_is_said() -> None:
    for control in (None, BROKEN):
        said = plain(lines(evidence(commit=NO_COMMIT), control))
        assert "acme/production, the commit is not known" in said
        assert "unknown" not in " ".join(said)


@pytest.mark.clause("ALL-1")
def test_a_control_leads_to_clauses_rules_alarms_drills_and_resources() -> None:
    said = plain(lines(evidence(), "  hipaa  164.312(A)(2)(iv) "))
    assert said[:2] == [BROKEN, "Encryption and decryption"]
    assert section(said, "standing") == [f"broken: {STANDINGS[Standing.BROKEN][1]}", LIMITS]
    assert section(said, "gaps") == ["none"]
    assert section(said, "clauses") == [
        "ACME-SEC-1  kept: Records are encrypted. [runbook, section 4]"
    ]
    assert section(said, "rules") == [
        "Runbook::bucket-encrypted  1 fail, 1 pass  Buckets are encrypted with a customer managed "
        "key (ACME-SEC-1)",
        "  pass acme-production/Data/Records/Resource (AWS::S3::Bucket)",
    ]
    assert section(said, "alarms") == [
        "bucket-full (ACME-LOG-1): 12 tests, fires in 3, stays quiet in 9"
    ]
    assert section(said, "drills") == [
        "restore (ACME-SEC-1): passed in acme/staging at 0123456, 2026-05-01T10:00:00+00:00: "
        "a table is back"
    ]
    assert section(said, "judged") == ["2 resources"]


def test_a_control_without_anything_says_none_of_each() -> None:
    said = plain(lines(evidence(), "HIPAA 164.310(b)"))
    for label in ("clauses", "rules", "alarms", "drills"):
        assert section(said, label) == ["none"]
    assert section(said, "gaps") == ["nothing in this repository speaks for it"]
    assert section(said, "judged") == ["0 resources"]


def test_what_is_not_on_record_is_said_and_never_left_out() -> None:
    told = changed(
        BROKEN,
        clauses=("ACME-SEC-1", "ACME-NEW-1"),
        alarms=("bucket-gone",),
        drills=("gate", "never"),
        rules={"Runbook::forgotten": {Verdict.FAIL: 1}},
    )
    said = plain(lines(told, BROKEN))
    assert section(said, "clauses")[1] == "ACME-NEW-1: not in the ledger"
    assert section(said, "alarms") == ["bucket-gone: no test of it was run"]
    assert section(said, "drills") == [
        "gate (ACME-LOG-1): not exercisable in acme/staging at 0123456, "
        "2026-05-01T10:00:00+00:00: no containers",
        "never: not in a rehearsal on record",
    ]
    assert section(said, "rules")[0].startswith("Runbook::forgotten  1 fail")
    none = plain(lines(replace(told, rehearsal=None), BROKEN))
    assert section(none, "drills")[0] == "gate: not in a rehearsal on record"


def test_findings_come_first_and_many_passes_are_counted() -> None:
    passes = [row(Verdict.PASS, construct_path=f"Bucket{n}") for n in range(12)]
    quiet = [row(Verdict.NOT_APPLICABLE, construct_path="Queue")]
    waived = row(Verdict.WAIVED, construct_path="Public", message="it is open")
    failed = row(Verdict.FAIL, construct_path="", resource="", type="", message="none is there")
    told = replace(evidence(), rows=(*passes, *quiet, waived, failed))
    _, *listed = section(plain(lines(told, BROKEN)), "rules")
    assert listed == [
        f"  fail {failed.template}: none is there",
        "  waived Public (AWS::S3::Bucket): it is open (waived: It holds what is public anyway.)",
        *(f"  pass Bucket{n} (AWS::S3::Bucket)" for n in range(10)),
        "  and 2 more that pass: --json has them",
    ]


def test_a_pass_says_once_why_it_counts_and_idle_rules_are_named() -> None:
    judge, rule = "HIPAA.Security", "HIPAA.Security-S3BucketLoggingEnabled"
    why = "its only other answer is a failure"
    passes = [
        row(Verdict.PASS, rule, judge=judge, message=why, construct_path=f"Bucket{n}")
        for n in range(2)
    ]
    idle = {"Runbook::queue-encrypted": {Verdict.NOT_APPLICABLE: 3}, "Runbook::unasked": {}}
    told = changed(BROKEN, rules={**idle, f"{judge}::{rule}": {Verdict.PASS: 2}})
    said = plain(lines(replace(told, rows=(*passes,)), BROKEN))
    assert section(said, "rules") == [
        f"{judge}::{rule}  2 pass  finds: Buckets are logged",
        f"  pass: {why}",
        *(f"  pass Bucket{n} (AWS::S3::Bucket)" for n in range(2)),
        "nothing to judge here: Runbook::queue-encrypted, Runbook::unasked",
    ]


@pytest.mark.clause("ALL-4")
def test_a_rule_that_was_not_asked_is_not_told_as_one_with_nothing_to_judge() -> None:
    files = "the files of services: no sources were given"
    names = ("image-pinned", "bucket-encrypted")
    rules = tuple(JudgedRule("Runbook", name, name, unasked=files) for name in names)
    counts = {"Runbook::image-pinned": {}, "Runbook::bucket-encrypted": {Verdict.PASS: 1}}
    told = replace(changed(BROKEN, rules=counts), rules=rules, rows=(row(Verdict.PASS),))
    assert section(plain(lines(told, BROKEN)), "rules") == [
        "Runbook::bucket-encrypted  1 pass  bucket-encrypted",
        "  pass acme-production/Data/Records/Resource (AWS::S3::Bucket)",
        *(f"Runbook::{name} was not asked of {files}" for name in names),
    ]


def test_nothing_in_a_bundle_is_obeyed_by_a_terminal() -> None:
    evil = "\x1b[2J\r\n"
    told = changed(
        BROKEN, title=evil, gaps=(evil,), alarms=(evil,), drills=(evil,), clauses=(evil,)
    )
    told = replace(told, rows=(row(Verdict.FAIL, message=evil, construct_path=evil),))
    for control in (None, BROKEN):
        for line in plain(lines(told, control)):
            assert line.isprintable()


def test_an_id_that_no_control_has_is_refused_with_the_closest() -> None:
    for read in (lines, machine_readable):
        with pytest.raises(RefusedError, match=r"did you mean HIPAA 164\.312\(b\)"):
            read(evidence(), "HIPAA 164.312(bb)")
    with pytest.raises(RefusedError, match="`runbook evidence controls` lists them"):
        lines(evidence(), "???")


def test_machines_read_the_table() -> None:
    told = json.loads(json.dumps(machine_readable(evidence(), None)))
    assert (told["schema"], told["environment"], told["clean"]) == (1, "acme/production", True)
    assert told["commit"] == evidence().commit.id
    assert [(c["id"], c["standing"]) for c in told["controls"]] == [
        (c.id, c.standing.value) for c in evidence().controls
    ]
    assert set(told["controls"][0]) == set(ControlEntry.__dataclass_fields__)


def test_machines_read_the_whole_chain() -> None:
    passes = tuple(row(Verdict.PASS, construct_path=f"Bucket{n}") for n in range(12))
    told = machine_readable(replace(evidence(), rows=passes), BROKEN)
    control = json.loads(json.dumps(told))["control"]
    (rule,) = control["rules"]
    assert (rule["id"], rule["verdicts"]) == ("bucket-encrypted", {"pass": 1, "fail": 1})
    assert [each["construct_path"] for each in rule["rows"]] == [p.construct_path for p in passes]
    assert control["clauses"][0]["text"] == "Records are encrypted."
    assert control["alarms"][0]["fires"] == 3
    assert control["drills"][0]["outcome"] == "passed"
    assert told["rehearsal"]["environment"] == "acme/staging"


@given(any_evidence())
def test_whatever_a_bundle_says_can_be_shown(told: Evidence) -> None:
    assert list(lines(told, None))
    json.dumps(machine_readable(told, None))
    for control in told.controls:
        assert list(lines(told, control.id))
        json.dumps(machine_readable(told, control.id))
