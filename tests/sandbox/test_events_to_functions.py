"""Events that a rule of EventBridge brings to a function: none is lost while it is at work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.endpoint import Endpoint
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal.rig import zipped
from tests.sandbox.test_emulated_stacks import endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

NAME = "slow"
EVENTS = 3
# Writes down when it began and ended with which event; ends no event before it is let go.
FUNCTION = """
import json, os, pathlib, time

def handler(event, context):
    folder = pathlib.Path(os.environ["FOLDER"])
    for what in ("began", "ended"):
        with (folder / "runs.jsonl").open("a") as runs:
            runs.write(json.dumps([what, event["detail"]["number"]]) + "\\n")
        time.sleep(1 if what == "began" else 0)
        while not (folder / "let-go").exists():
            time.sleep(0.02)
"""


def test_a_function_that_is_at_work_gets_the_next_event_later(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    functions, events = endpoint.client("lambda"), endpoint.client("events")
    made = functions.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=f"arn:aws:iam::{endpoint.account}:role/some-role",
        Handler="index.handler",
        Code={"ZipFile": zipped("index.py", FUNCTION)},
        Environment={"Variables": {"FOLDER": str(tmp_path)}},
        Timeout=120,
    )
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=1)
    events.put_rule(Name="some", EventPattern=json.dumps({"source": ["some"]}))
    events.put_targets(Rule="some", Targets=[{"Id": "slow", "Arn": made["FunctionArn"]}])

    def runs() -> list[Any]:
        kept = tmp_path / "runs.jsonl"
        lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
        return [json.loads(line) for line in lines]

    entries = [
        {"Source": "some", "DetailType": "some", "Detail": json.dumps({"number": number})}
        for number in range(EVENTS)
    ]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0
    assert "ended" not in [what for what, _ in runs()], "the bus waits for nobody"
    (tmp_path / "let-go").touch()
    eventually(lambda: len(runs()) == 2 * EVENTS, "the last event")
    assert [what for what, _ in runs()] == ["began", "ended"] * EVENTS, "one at a time"
    assert sorted(number for what, number in runs() if what == "ended") == list(range(EVENTS))
