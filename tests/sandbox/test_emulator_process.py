"""The emulator starts on a free port only, tells how it died, and always ends."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from sandbox import child_process, emulator_process
from sandbox.emulator_process import refuse_busy_port, running, start
from sandbox.failure import SandboxError
from sandbox.workplace import Workplace
from tests.sandbox.patience import SECONDS, eventually


def workplace_with(tmp_path: Path, program: str) -> Workplace:
    """Return a project whose emulator is this shell script."""
    python = tmp_path / "sandbox" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{program}\n", "utf-8")
    python.chmod(0o755)
    folder = tmp_path / "build"
    folder.mkdir()
    return Workplace(tmp_path, folder)


def test_refuses_a_busy_port_and_says_what_to_do() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(SandboxError) as refused:
            refuse_busy_port(port)
    message = str(refused.value)
    assert f"Port {port}" in message
    assert "--port" in message
    assert "SANDBOX_PORT" in message
    assert "\n" not in message


def test_a_death_at_start_shows_the_end_of_the_log(tmp_path: Path, port: int) -> None:
    emulator = start(
        workplace_with(tmp_path, "echo no such luck; exit 5"), port, keep_running=False
    )
    with pytest.raises(SandboxError, match=r"(?s)has ended with code 5.*no such luck"):
        emulator.wait_until_ready()
    emulator.stop()


def test_readiness_has_a_deadline(tmp_path: Path, port: int) -> None:
    emulator = start(workplace_with(tmp_path, "exec sleep 60"), port, keep_running=False)
    try:
        with pytest.raises(SandboxError, match="did not answer on port"):
            emulator.wait_until_ready(seconds=0.3)
    finally:
        emulator.stop()
    assert not emulator.identity.is_running()


def test_stop_ends_what_will_not_go_and_what_it_started(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "GRACE_SECONDS", 0.5)
    program = "trap '' TERM; sleep 61 & echo started; while :; do sleep 1; done"
    workplace = workplace_with(tmp_path, program)
    emulator = start(workplace, port, keep_running=False)
    eventually(lambda: "started" in emulator.log.read_text("utf-8"), "its first line")
    family = [emulator.identity, *emulator.identity.children(recursive=True)]
    assert len(family) > 1
    emulator.stop()
    _, alive = psutil.wait_procs(family, timeout=SECONDS)
    assert alive == []


def test_an_emulator_that_is_not_installed_is_said(tmp_path: Path, port: int) -> None:
    with pytest.raises(SandboxError, match="the emulator's environment is not installed"):
        start(Workplace(tmp_path, tmp_path), port, keep_running=False)


def test_remembers_one_that_keeps_running(tmp_path: Path, port: int) -> None:
    workplace = workplace_with(tmp_path, "while :; do sleep 1; done")
    emulator = start(workplace, port, keep_running=True)
    try:
        emulator_process.remember(workplace, emulator, "org/stage")
        found = running(workplace)
        assert found is not None
        assert (found[0].port, found[1]) == (port, "org/stage")
        found[0].stop()
        assert running(workplace) is None
    finally:
        emulator.stop()


def test_one_that_is_being_started_is_found(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace = workplace_with(tmp_path, "exec sleep 60")
    emulator = start(workplace, port, keep_running=True)
    told = iter([[], [], ["python", "-m", emulator_process.MODULE]])
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: next(told))
    try:
        emulator_process.remember(workplace, emulator, "org/stage")
        assert running(workplace) is not None
    finally:
        emulator.stop()


def test_a_process_that_took_the_pid_is_not_taken_for_the_emulator(workplace: Workplace) -> None:
    myself = psutil.Process()
    state = {
        "pid": os.getpid(),
        "started": myself.create_time() - 10,
        "port": 1,
        "environment": "e",
    }
    workplace.state.write_text(json.dumps(state), "utf-8")
    assert running(workplace) is None
    # The same start, but another program.
    workplace.state.write_text(json.dumps({**state, "started": myself.create_time()}), "utf-8")
    assert running(workplace) is None


def test_nothing_runs_where_nothing_was_started(workplace: Workplace) -> None:
    assert running(workplace) is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": "x"}'])
def test_a_broken_state_file_is_said(workplace: Workplace, content: str) -> None:
    workplace.state.write_text(content, "utf-8")
    with pytest.raises(SandboxError, match="cannot be read"):
        running(workplace)


def test_memory_counts_children(tmp_path: Path, port: int) -> None:
    os.mkfifo(tmp_path / "held")
    # A program that has only begun takes more memory from one moment to the next.
    program = "sh -c 'echo begun; read _ <held' & wait"
    emulator = start(workplace_with(tmp_path, program), port, keep_running=False)
    try:
        eventually(lambda: "begun" in emulator.log.read_text("utf-8"), "its child's first line")
        [child] = emulator.identity.children()
        alone = emulator.identity.memory_info().rss
        assert emulator.memory() == pytest.approx(alone + child.memory_info().rss, rel=0.1)
    finally:
        emulator.stop()


def test_says_how_long_it_took_to_its_first_answer(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(emulator_process, "_answers", lambda _port: answers.is_set())
    emulator = start(workplace_with(tmp_path, "exec sleep 60"), port, keep_running=False)
    try:
        answers.set()
        eventually(lambda: emulator.answered_after is not None, "its first answer")
        first = emulator.answered_after
        time.sleep(0.3)  # what else the caller does meanwhile does not count
        assert emulator.wait_until_ready() == first
    finally:
        emulator.stop()
