"""A command on the leash ends with the process that started it, however that went."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sandbox.child_process import LEASH, run_streaming
from tests.sandbox.patience import SECONDS, eventually

STARTER = """
import sys
from pathlib import Path
from sandbox.child_process import run_streaming
command = ["sh", "-c", "trap '' TERM; sleep 300 & echo begun; wait; wait"]
run_streaming(command, environment={}, folder=Path("."), log=Path(sys.argv[1]), on_line=print)
"""


def test_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path / "log")])
    myself = psutil.Process(starter.pid)
    eventually(
        lambda: any(member.name() == "sleep" for member in myself.children(recursive=True)),
        "the command's child",
    )
    family = myself.children(recursive=True)
    assert len(family) == 3
    starter.kill()
    starter.wait()
    _, alive = psutil.wait_procs(family, timeout=SECONDS)
    assert alive == []


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -KILL $$", 128 + 9)])
def test_hands_on_the_exit_code_and_what_is_printed(
    tmp_path: Path, command: str, code: int
) -> None:
    lines: list[str] = []
    found = run_streaming(
        ["sh", "-c", f"echo one; cat; echo two >&2; {command}"],
        environment={"PATH": "/usr/bin:/bin"},
        folder=tmp_path,
        log=tmp_path / "log",
        on_line=lines.append,
    )
    assert (found, lines) == (code, ["one", "two"])


# As if the signal came while the leash starts its command.
EARLY = """
import os, runpy, signal, subprocess, sys
started = subprocess.Popen

def late(*given, **named):
    os.kill(os.getpid(), signal.SIGTERM)
    return started(*given, **named)

subprocess.Popen = late
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_gentle_end_is_not_lost_while_the_command_starts() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", EARLY, str(LEASH), "sleep", "300"],
        stdin=subprocess.PIPE,
        process_group=0,
    )
    assert process.stdin
    assert process.wait(SECONDS) == 128 + signal.SIGTERM
    process.stdin.close()


def test_a_gentle_end_is_the_commands_own() -> None:
    script = "trap 'exit 3' TERM; echo begun; while :; do sleep 0.1; done"
    process = subprocess.Popen(
        [sys.executable, str(LEASH), "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
    )
    assert process.stdout
    assert process.stdin
    assert process.stdout.readline() == b"begun\n"
    psutil.Process(process.pid).send_signal(signal.SIGTERM)
    assert process.poll() is None
    for child in psutil.Process(process.pid).children():
        child.terminate()
    assert process.wait(SECONDS) == 3
    process.stdin.close()
    process.stdout.close()
