"""The last rehearsal on record: read as `make rehearse` writes it, or refused."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.collected.rehearsals import last_rehearsal
from evidence.model import Commit, Drill, Rehearsal
from runbook.model.refusal import RefusedError
from sandbox.rehearsal.rehearsed_code import RehearsedCode
from sandbox.rehearsal.report import Checks, NotExercisableError, drilled, write

STARTED = datetime(2026, 5, 1, 10, 0, 7, 9, tzinfo=UTC)
DRILL: dict[str, Any] = {
    "name": "release",
    "clauses": ["ACME-DEP-1"],
    "outcome": "passed",
    "seconds": 12.5,
    "checked": ["it serves"],
    "reason": "",
}
REPORT: dict[str, Any] = {
    "environment": "acme/staging",
    "started": "2026-05-01T10:00:07Z",
    "drills": [DRILL],
}
COMMIT: dict[str, Any] = {"id": "ab" * 20, "date": "2026-05-01T09:00:00Z", "clean": True}


def passes(checks: Checks) -> None:
    checks.that(holds=True, what="a table is back")


def fails(checks: Checks) -> None:
    checks.same("a", "b", "the answer")


def has_nothing_to_do(_: Checks) -> None:
    raise NotExercisableError("no service is deployed")


@pytest.mark.clause("ALL-4")
def test_it_is_read_as_a_rehearsal_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "rehearsal" / "report.json"
    drills = [
        drilled(each.__name__, ["ACME-DEP-1"], each) for each in (passes, fails, has_nothing_to_do)
    ]
    code = RehearsedCode("ab" * 20, "2026-05-01T09:00:00Z", clean=False)
    write(path, "acme/staging", STARTED, drills, code)
    read = last_rehearsal(path)
    assert read == Rehearsal(
        "acme/staging",
        "2026-05-01T10:00:07Z",
        hashlib.sha256(path.read_bytes()).hexdigest(),
        tuple(
            Drill(name, ("ACME-DEP-1",), outcome, 0.0, checked, reason)
            for name, outcome, checked, reason in (
                ("passes", "passed", ("a table is back",), ""),
                ("fails", "failed", (), "the answer: expected 'b', found 'a'"),
                ("has_nothing_to_do", "not exercisable", (), "no service is deployed"),
            )
        ),
        Commit("ab" * 20, "2026-05-01T09:00:00Z", clean=False),
    )


@pytest.mark.clause("ALL-4")
def test_no_commit_is_read_where_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write(path, "acme/staging", STARTED, [drilled("passes", ["ACME-DEP-1"], passes)], None)
    told = last_rehearsal(path)
    path.write_text(json.dumps(REPORT), "utf-8")
    before_it_was_told = last_rehearsal(path)
    assert told
    assert before_it_was_told
    assert (told.commit, before_it_was_told.commit) == (None, None)


def test_none_is_on_record_where_there_is_no_file(tmp_path: Path) -> None:
    assert last_rehearsal(tmp_path / "rehearsal" / "report.json") is None


SPOILT: dict[str, tuple[dict[str, Any], str, str]] = {
    "no environment": ({"environment": "staging"}, "environment", "should match"),
    "no time": ({"started": "yesterday"}, "started", "a time with its zone is expected"),
    "no zone": ({"started": "2026-05-01T10:00:07"}, "started", "a time with its zone is expected"),
    "no drill": ({"drills": []}, "drills", "at least 1 item"),
    "another key": ({"verdict": "fine"}, "verdict", "not permitted"),
    "no id of a commit": ({"commit": {**COMMIT, "id": "HEAD"}}, "commit.id", "should match"),
    "a day without a zone": (
        {"commit": {**COMMIT, "date": "2026-05-01"}},
        "commit.date",
        "a time with its zone is expected",
    ),
    "nobody says whether it was clean": (
        {"commit": {"id": COMMIT["id"], "date": COMMIT["date"]}},
        "commit.clean",
        "field required",
    ),
    "a drill twice": ({"drills": [DRILL, DRILL]}, "(the whole file)", "release is in it twice"),
}
SPOILT_DRILL: dict[str, tuple[dict[str, Any], str, str]] = {
    "another outcome": ({"outcome": "skipped"}, ".outcome", "'passed', 'failed' or"),
    "an outcome in other letters": ({"outcome": "PASSED"}, ".outcome", "'passed', 'failed' or"),
    "no clause": ({"clauses": []}, ".clauses", "at least 1 item"),
    "a number as text": ({"seconds": "12.5"}, ".seconds", "valid number"),
    "less than no time": ({"seconds": -1}, ".seconds", "greater than or equal to 0"),
    "nothing checked": ({"checked": []}, "", "it passed, and nothing says what was checked"),
    "an empty check": ({"checked": [""]}, ".checked[0]", "at least 1 character"),
    "no reason": ({"outcome": "failed"}, "", "it did not pass, and nothing says why"),
    "another key": ({"waived": True}, ".waived", "not permitted"),
}


@pytest.mark.parametrize(
    ("report", "key", "reason"),
    [
        *(({**REPORT, **change}, key, why) for change, key, why in SPOILT.values()),
        *(
            ({**REPORT, "drills": [{**DRILL, **change}]}, f"drills[0]{key}", why)
            for change, key, why in SPOILT_DRILL.values()
        ),
    ],
    ids=[*SPOILT, *(f"a drill: {name}" for name in SPOILT_DRILL)],
)
def test_another_form_is_refused(
    tmp_path: Path, report: dict[str, Any], key: str, reason: str
) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report), "utf-8")
    with pytest.raises(RefusedError) as refused:
        last_rehearsal(path)
    assert refused.value.source == str(path)
    (only,) = refused.value.refusals
    assert only.key == key
    assert reason in only.reason
    assert "make rehearse" in only.fix


@pytest.mark.parametrize("key", ["environment", "started", "drills"])
def test_a_missing_key_is_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({k: v for k, v in REPORT.items() if k != key}), "utf-8")
    with pytest.raises(RefusedError, match=rf"{key}\n.*field required"):
        last_rehearsal(path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"passed"', b"\xff\xfe", b"null"])
def test_what_is_no_report_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="the whole file"):
        last_rehearsal(path)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="it cannot be read: Is a directory"):
        last_rehearsal(tmp_path)
