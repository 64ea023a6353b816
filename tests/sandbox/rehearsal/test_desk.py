"""What an operator's commands are told, and what is made of their answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.model.loader import load_environment
from sandbox.emulator.rehearsal.balancer import NETWORK
from sandbox.endpoint import Endpoint
from sandbox.rehearsal import desk as desks
from sandbox.rehearsal.command_checks import check_seconds
from sandbox.rehearsal.desk import Desk, Ran
from sandbox.rehearsal.report import Checks, DrillError
from sandbox.rehearsal.status_check import is_well

TELLS = """#!/usr/bin/env python3
import json, os, sys
names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "PYTHONPATH", "SANDBOX_LISTENERS", "HOME")
print(json.dumps({"words": sys.argv[1:], **{name: os.environ.get(name) for name in names}}))
print("for people", file=sys.stderr)
sys.exit(3)
"""


class Sts:
    """Gives the keys of a session."""

    def assume_role(self, **asked: str) -> Any:  # noqa: ANN401 - boto3
        keys = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return {"Credentials": dict.fromkeys(keys, asked["RoleSessionName"])}


class Wire:
    """Where AWS is."""

    url = "http://127.0.0.1:1"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    program = tmp_path / "runbook"
    program.write_text(TELLS, "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(desks, "RUNBOOK", program)
    monkeypatch.setattr(Endpoint, "client", lambda *_: Sts())
    return Desk(
        environment=load_environment("rovn/staging"),
        service="api",
        endpoint=Endpoint("http://127.0.0.1:2", "444455556666", "us-east-2"),
        wire=Wire(),  # type: ignore[arg-type]
        variables={"PATH": "/usr/bin:/bin"},
        root=tmp_path,
        folder=tmp_path,
        authority=tmp_path / "authority.pem",
        ports={"443": 1443},
    )


@pytest.mark.parametrize(
    ("words", "service", "expected"),
    [
        (("status",), False, "status rovn/staging --json"),
        (("restart", "--yes"), True, "restart rovn/staging --service api --yes --json"),
        (("audit", "show", "a/key"), False, "audit show rovn/staging a/key --json"),
        (("evidence", "--out", "x"), False, "evidence rovn/staging --out x --json"),
        (("evidence", "publish", "x", "--yes"), False, "evidence publish x --yes --json"),
        (
            ("release", "deploy", "--image-tag", "x"),
            True,
            "release deploy rovn/staging --service api --image-tag x --json",
        ),
    ],
)
def test_environment_and_service_stand_where_the_command_wants_them(
    desk: Desk, words: tuple[str, ...], expected: str, *, service: bool
) -> None:
    ran = desk.run(*words, service=service)
    assert (" ".join(ran.answer["words"]), ran.code, ran.told) == (expected, 3, "for people\n")


def test_it_goes_over_the_wire_as_the_operator_and_knows_nothing_of_ours(desk: Desk) -> None:
    told = desk.run("status").answer
    assert told["AWS_ENDPOINT_URL"] == Wire.url
    assert told["AWS_ACCESS_KEY_ID"] == "ada"
    assert told["PYTHONPATH"] == str(NETWORK)
    assert json.loads(told["SANDBOX_LISTENERS"]) == {"443": 1443}
    assert told["HOME"] is None


def test_another_environment_file_comes_first(desk: Desk, tmp_path: Path) -> None:
    told = desk.with_file(tmp_path / "made", {"sentry.io:443": 7}).run("status").answer
    assert told["PYTHONPATH"].split(":") == [str(NETWORK), str(tmp_path / "made")]
    assert json.loads(told["SANDBOX_LISTENERS"]) == {"443": 1443, "sentry.io:443": 7}


def test_no_json_is_told(desk: Desk) -> None:
    desks.RUNBOOK.write_text("#!/bin/sh\necho 'not found' >&2\n", "utf-8")
    with pytest.raises(DrillError, match="no JSON but '': not found"):
        desk.run("status")


def test_the_one_refusal_is_told_in_a_line() -> None:
    refusal = {"key": "schema", "why": "it ran", "fix": "go forward"}
    assert Ran(2, {"refusals": [refusal]}, "").refusal == "schema: it ran; go forward"
    with pytest.raises(DrillError, match="expected one refusal"):
        Ran(0, {}, "").refusal  # noqa: B018 - it raises


def test_the_seconds_to_traffic_are_kept_or_missed() -> None:
    checks = Checks()
    check_seconds(checks, "12:00:00       7 s  traffic is on prod-1\n")
    assert checks.found == ["from decision to traffic on prod-1, it says: 7 s"]
    with pytest.raises(DrillError, match="does not say when"):
        check_seconds(checks, "Done.")


WELL: dict[str, Any] = {
    "image_tag": "prod-2",
    "stack_image_tag": "prod-2",
    "stack": "UPDATE_ROLLBACK_COMPLETE",
    "tasks": "2 of 2",
    "deployment": {"status": "SUCCESSFUL"},
    "alarms": {"some": "OK"},
}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"image_tag": "prod-1"},
        {"stack": "UPDATE_IN_PROGRESS"},
        {"tasks": "1 of 2"},
        {"deployment": {"status": "ROLLBACK_SUCCESSFUL"}},
        {"alarms": {"some": "ALARM"}},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_anything_that_is_not_as_it_should_be_wants_attention(spoilt: dict[str, Any]) -> None:
    assert is_well(WELL)
    assert not is_well({**WELL, **spoilt})
