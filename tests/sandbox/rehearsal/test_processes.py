"""What a rehearsal starts beside the emulator: containers, the database, functions' network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.emulator.rehearsal.process import ContainerProcess
from sandbox.failure import SandboxError
from sandbox.rehearsal.database import Database
from tests.assembly import ROOT
from tests.sandbox.patience import SECONDS, eventually

NETWORK = ROOT / "sandbox" / "emulator" / "rehearsal" / "network"
EXAMPLE = ROOT / "examples" / "passport-api" / ".venv" / "bin" / "python"


class Running:
    """A container whose lines and exit codes are kept."""

    def __init__(self, folder: Path, code: str) -> None:
        self.lines: list[str] = []
        self.codes: list[int] = []
        self.process = ContainerProcess(
            [sys.executable, "-u", "-c", code],
            {"WORD": "ready"},
            folder,
            self.lines.append,
            self.codes.append,
        )


def test_lines_and_exit_code_of_a_container(tmp_path: Path) -> None:
    code = "import os; print(os.environ['WORD']); print(os.getcwd()); raise SystemExit(4)"
    running = Running(tmp_path, code)
    eventually(lambda: running.codes, "its end")
    assert (running.lines, running.codes) == (["ready", str(tmp_path)], [4])
    eventually(lambda: not running.process.is_running, "that it knows of its end")
    running.process.stop(1)
    assert running.codes == [4]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import signal; print('ready'); signal.pause()", 128 + signal.SIGTERM),
        (
            "import signal, sys; signal.signal(15, lambda *_: sys.exit(0)); print('ready'); "
            "signal.pause()",
            0,
        ),
        (
            "import signal; signal.signal(15, signal.SIG_IGN); print('ready')\n"
            "while True: signal.pause()",
            128 + signal.SIGKILL,
        ),
    ],
    ids=["ends by the signal", "ends in good order", "does not go by itself"],
)
def test_a_stop_is_sigterm_and_after_the_patience_sigkill(
    tmp_path: Path, code: str, expected: int
) -> None:
    running = Running(tmp_path, code)
    eventually(lambda: running.lines, "its first line")
    # One that goes by itself may be slow; the other gets but a second, and is gone when it is gone.
    running.process.stop(1 if expected == 128 + signal.SIGKILL else SECONDS)
    eventually(lambda: running.codes, "its end")
    assert running.codes == [expected]


def test_a_container_sees_nothing_of_the_emulators_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    running = Running(tmp_path, "import os; print(os.environ.get('AWS_ACCESS_KEY_ID'))")
    eventually(lambda: running.codes, "its end")
    assert running.lines == ["None"]


def test_functions_find_a_listener_by_any_name_and_nothing_else() -> None:
    code = (
        "import json, socket, sys\n"
        "asked = [('some.elb.amazonaws.com', 8443), ('api.example.com', '8443'),"
        " ('127.0.0.1', 8443)]\n"
        "found = [socket.getaddrinfo(*each)[0][4][:2] for each in asked]\n"
        "try:\n"
        "    socket.getaddrinfo('no.such.name.invalid', 9999)\n"
        "except OSError:\n"
        "    found.append('as before')\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(NETWORK), "SANDBOX_LISTENERS": '{"8443": 21001}'},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    there = ["127.0.0.1", 21001]
    assert json.loads(done.stdout) == [there, there, ["127.0.0.1", 8443], "as before"]


def test_names_of_databases_are_led_to_the_door_at_any_port() -> None:
    code = (
        "import socket, json\n"
        "print(json.dumps(socket.getaddrinfo('db.sandbox.r.rds.amazonaws.com', 15432)[0][4]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(NETWORK),
            "SANDBOX_LISTENERS": '{".sandbox.r.rds.amazonaws.com": 21002, "443": 21001}',
        },
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == ["127.0.0.1", 21002]


def test_a_database_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("no folder", "utf-8")
    with pytest.raises(SandboxError, match=r"database\.log"):
        Database(EXAMPLE, tmp_path, "some", {})
