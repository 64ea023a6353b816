"""What the runner's reports mean, and what follows from them."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runbook.phi_identifiers import FIELDS, expression_of
from runbook_constructs.release_gate.handler import steps, tasks
from runbook_constructs.release_gate.handler.faults import (
    AwsBusy,
    Failed,
    Refused,
    translated,
)
from runbook_constructs.release_gate.handler.ledger import Decision, decided, report_in
from tests.constructs.release_gate.faults import client_error
from tests.constructs.release_gate.world import Migration, World

ORDER = {
    "kind": "release",
    "image": "b",
    "previous_image": "a",
    "may_migrate": True,
    "may_not_because": "",
}
SECONDS = 1800


def report(**said: object) -> dict[str, Any]:
    empty: dict[str, Any] = {"pending": [], "ahead": [], "beside": [], "problems": []}
    return {"schema": 1, "image": "b"} | empty | said


def old_report(**said: object) -> dict[str, Any]:
    """Report as an image did before there was ``beside``."""
    return {key: value for key, value in report(**said).items() if key != "beside"}


def pending(file: str, *, readable: object = True, seconds: object = None) -> dict[str, object]:
    return {
        "file": file,
        "previous_image_can_read": readable,
        "timeout_seconds": seconds,
        "phi_columns": [],
    }


def ahead(previous: str, *, readable: object = True) -> dict[str, object]:
    return {
        "file": "9.sql",
        "image": "c",
        "previous_image": previous,
        "previous_image_can_read": readable,
    }


def beside(image: str, file: str = "0.sql") -> dict[str, object]:
    return {
        "file": file,
        "image": image,
        "previous_image": "a",
        "previous_image_can_read": True,
    }


@pytest.mark.parametrize(
    ("said", "order", "decision"),
    [
        (report(), ORDER, Decision("check")),
        (report(), ORDER | {"kind": "first release"}, Decision("check")),
        (report(), ORDER | {"kind": "same image"}, Decision("done")),
        (report(), ORDER | {"kind": "rollback"}, Decision("done")),
        (report(pending=[pending("1.sql")]), ORDER, Decision("migrate", ("1.sql",))),
        (report(ahead=[ahead("b")]), ORDER, Decision("done")),
        (
            report(pending=[pending("1.sql", readable=False)]),
            ORDER | {"previous_image": ""},
            Decision("migrate", ("1.sql",)),
        ),
        # What is applied beside the image that serves is in nobody's way who brings nothing.
        (report(beside=[beside("c")]), ORDER, Decision("check")),
        (report(beside=[beside("c")]), ORDER | {"kind": "same image"}, Decision("done")),
        (report(beside=[beside("c")], ahead=[ahead("b")]), ORDER, Decision("done")),
        # The same image tried again: its files were declared together, and met the same image.
        (
            report(pending=[pending("1.sql")], beside=[beside("b")]),
            ORDER,
            Decision("migrate", ("1.sql",)),
        ),
        # An older image does not know the word, and goes back, or comes first, without it.
        (old_report(ahead=[ahead("b")]), ORDER | {"kind": "rollback"}, Decision("done")),
        (old_report(), ORDER | {"kind": "rollback"}, Decision("done")),
        (old_report(), ORDER, Decision("check")),
        (
            old_report(pending=[pending("1.sql")]),
            ORDER | {"previous_image": ""},
            Decision("migrate", ("1.sql",)),
        ),
        (
            report(pending=[pending("1.sql", seconds=900), pending("2.sql", seconds=900)]),
            ORDER,
            Decision("migrate", ("1.sql", "2.sql")),
        ),
    ],
)
def test_what_may_run(said: dict[str, Any], order: dict[str, Any], decision: Decision) -> None:
    assert decided(said, order, SECONDS) == decision


@pytest.mark.clause("ROVN-RB-3")
@pytest.mark.parametrize(
    ("said", "order", "why"),
    [
        (report(problems=[{"file": "1.sql", "what": "edited"}]), ORDER, "1.sql: edited"),
        (report(ahead=[ahead("b", readable=False)]), ORDER, "b cannot read its result"),
        (report(ahead=[ahead("b", readable="yes")]), ORDER, "b cannot read its result"),
        (report(ahead=[ahead("a")]), ORDER, "readable for a"),
        (report(ahead=[ahead("")]), ORDER, "readable for no image"),
        (report(ahead=[ahead("b"), ahead("a")]), ORDER, "readable for a"),
        (report(pending=[pending("1.sql")], ahead=[ahead("b")]), ORDER, "the schema is ahead"),
        (report(pending=[pending("1.sql", readable=False)]), ORDER, "expand first"),
        (report(pending=[pending("1.sql", readable=1)]), ORDER, "expand first"),
        (
            report(pending=[pending("1.sql"), pending("2.sql", readable=False)]),
            ORDER,
            "the result of 2.sql",
        ),
        (
            report(pending=[pending("1.sql")]),
            ORDER | {"may_migrate": False, "may_not_because": "a rollback runs no migration"},
            "1.sql would have to run, and may not: a rollback runs no migration",
        ),
        (
            report(pending=[pending("1.sql")], beside=[beside("c"), beside("d", "00.sql")]),
            ORDER,
            "a, which serves meanwhile, does not have 0.sql (applied for c), 00.sql (applied for "
            "d), so nobody knows whether it can read the result of 1.sql: first release an image "
            "that has what is applied and brings no migration, then this one",
        ),
        (
            report(pending=[pending("1.sql")], beside=[beside("b"), beside("c")]),
            ORDER,
            "does not have 0.sql (applied for c), so",
        ),
        (
            report(pending=[pending("1.sql")], beside=[beside("c")]),
            ORDER | {"kind": "same image", "image": "a"},
            "does not have 0.sql",
        ),
        (
            report(pending=[pending("1.sql", readable=False)], beside=[beside("c")]),
            ORDER,
            "expand first",
        ),
        (
            report(pending=[pending("1.sql", seconds=1801), pending("2.sql")]),
            ORDER | {"previous_image": ""},
            "1.sql (1801 s) may take longer than the gate waits for all migrations together, "
            "1800 s",
        ),
        (
            report(pending=[pending("1.sql", seconds=900), pending("2.sql", seconds=901)]),
            ORDER,
            "1.sql (900 s), 2.sql (901 s) may take longer",
        ),
    ],
)
def test_what_may_not(said: dict[str, Any], order: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)):
        decided(said, order, SECONDS)


@pytest.mark.parametrize(
    "said",
    [
        {"schema": 1, "image": "b"},
        report(pending=None),
        report(pending={}),
        report(ahead=["1.sql"]),
        report(pending=[{"previous_image_can_read": True}]),
        report(problems=[{"file": ""}]),
        old_report(pending=[pending("1.sql")]),
        report(pending=[pending("1.sql")], beside=None),
        report(pending=[pending("1.sql")], beside=[{"image": "c"}]),
        report(pending=[pending("1.sql", seconds="900")]),
        report(pending=[pending("1.sql", seconds=True)]),
    ],
)
def test_a_report_that_is_not_whole_decides_nothing(said: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="report"):
        decided(said, ORDER, SECONDS)


@pytest.mark.parametrize(
    "lines", [[], [""], ["not json"], ["[]"], ["1"], ['{"a": 1}'], ['{"schema": 1}', "more"]]
)
def test_a_log_without_a_report_at_its_end_has_none_yet(lines: list[str]) -> None:
    assert report_in(lines, "b") is None


def test_the_last_line_is_the_report() -> None:
    lines = ["starting", json.dumps(report()), ""]
    assert report_in(lines, "b") == report()


@pytest.mark.parametrize("said", [{"schema": 2, "image": "b"}, {"schema": 1, "image": "a"}])
def test_a_report_of_another_format_or_image_is_none_of_ours(said: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="not"):
        report_in([json.dumps(said)], "b")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (client_error("ThrottlingException", "RunTask", 400), AwsBusy),
        (client_error("Whatever", "RunTask", 503), AwsBusy),
        (client_error("AccessDenied", "RunTask", 403), Failed),
    ],
)
def test_what_may_pass_by_itself_is_told_from_what_does_not(
    error: ClientError, kind: type[Exception]
) -> None:
    assert type(translated(error)) is kind


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"tasks": [], "failures": [{"reason": "RESOURCE:FARGATE"}]}, "RESOURCE:FARGATE"),
        ({"tasks": []}, "no reason given"),
    ],
)
def test_a_task_that_ecs_does_not_start_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], said: str
) -> None:
    class Full:
        def run_task(self, **_: object) -> dict[str, Any]:
            return answer

    monkeypatch.setattr(tasks, "client", lambda _: Full())
    order = {"previous_image": "", "task_definition": "t", "deployment": "d"}
    with pytest.raises(Failed, match=said):
        tasks.start(order, "pending")


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ([], "does not know t any more"),
        ([{"lastStatus": "STOPPED", "stoppedReason": "no image"}], "without having run: no image"),
    ],
)
def test_a_task_that_is_lost_or_never_ran_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, described: list[dict[str, Any]], said: str
) -> None:
    class Lost:
        def describe_tasks(self, **_: object) -> dict[str, Any]:
            return {"tasks": described}

    monkeypatch.setattr(tasks, "client", lambda _: Lost())
    with pytest.raises(Failed, match=said):
        tasks.has_stopped("t")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"ok": False, "problems": [{"file": "1.sql", "what": "gone"}]}, "gone"),
        ({"ok": True, "problems": [{"file": "1.sql", "what": "edited"}]}, "edited"),
        ({}, "not whole"),
    ],
)
def test_a_schema_that_is_not_whole_passes_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, check: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr(tasks, "heard", lambda *_: {"schema": 1, "image": "b"} | check)
    with pytest.raises(Failed, match=said):
        steps.handler({"step": "hear-check", "state": {"task": "t", "image": "b"}}, None)


def test_a_migration_that_says_not_what_it_did_passes_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "heard", lambda *_: {"schema": 1, "image": "b"})
    with pytest.raises(Failed, match="does not say what it applied"):
        steps.handler({"step": "hear-migration", "state": {"task": "t", "image": "b"}}, None)


@pytest.mark.parametrize(
    ("code", "said"),
    [(3, "do not fit together"), (5, "holds the lock"), (6, "not reached"), (137, "no reason")],
)
def test_each_end_of_the_runner_has_its_meaning(
    world: World, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    world.image(1, "b", Migration("1.sql"))
    stopped = {"containers": [{"name": "migrations", "exitCode": code}]}
    monkeypatch.setattr(tasks, "_described", lambda _: stopped)
    quoted = "Key (email)=(jane@example.test) already exists"
    problem = {"file": "1.sql", "what": "edited"}
    for line, tail in (
        (quoted, ""),
        (json.dumps({"schema": 1, "error": quoted}), ""),
        (json.dumps({"schema": 1, "problems": [problem]}), "; 1.sql: edited"),
        (json.dumps({"schema": 1, "problems": ["1.sql"]}), ""),
    ):
        monkeypatch.setattr(tasks, "_lines", lambda _, line=line: ["starting", line])
        with pytest.raises(Failed, match=said) as told:
            tasks.heard("t", "b")
        assert "jane" not in str(told.value)
        assert str(told.value).endswith(tail)


def test_a_report_is_readable_after_logs_have_masked_what_looks_like_phi() -> None:
    """Its group masks values behind names such as ``email``; columns are named at an entry's end.

    So they are followed by more brackets than a value would be, and the line stays JSON.
    """
    columns = [f"people.{field}" for fields in FIELDS.values() for field in fields]
    entries = [pending(f"{n:04}_add.sql") | {"phi_columns": [c]} for n, c in enumerate(columns)]
    said = report(pending=[*entries, pending("9999_all.sql") | {"phi_columns": columns}])
    for separators in ((",", ":"), (", ", ": ")):
        line = json.dumps(said, separators=separators)
        for fields in FIELDS.values():
            line = re.sub(expression_of(fields), lambda found: "*" * len(found[0]), line)
        heard = report_in([line], "b")
        assert heard is not None
        assert decided(heard, ORDER, SECONDS).files == tuple(
            entry["file"] for entry in said["pending"]
        )
