"""The command ends every early end with one message, an exit code, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sandbox.emulator_process import MODULE
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import listens
from tests.sandbox.patience import SECONDS, line_with

ENVIRONMENT = "rovn/production"


def heed_signals() -> None:
    """Undo what a shell does to a job in the background: it makes it ignore Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def command(workplace: Workplace, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=os.environ | {"SANDBOX_FOLDER": str(workplace.folder), "COLUMNS": "200"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=heed_signals,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        output, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, output, errors


def command_of(process: psutil.Process) -> list[str]:
    """Return a process's command line; none of one that has ended meanwhile, as helpers do."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []


def test_a_busy_port_is_one_clear_line(workplace: Workplace) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        code, output, errors = ended(
            command(workplace, "demo", "--environment", ENVIRONMENT, "--port", port)
        )
    assert code == 1
    assert output == ""
    assert errors.startswith(f"sandbox: Port {port} on 127.0.0.1 cannot be used")
    assert errors.count("\n") == 1


def test_a_port_that_is_none_is_refused(workplace: Workplace) -> None:
    code, _, errors = ended(
        command(workplace, "demo", "--environment", ENVIRONMENT, "--port", "70000")
    )
    assert code == 2
    assert "--port" in errors
    assert "65535" in errors
    assert "Traceback" not in errors


def test_a_second_command_in_the_same_folder_waits_for_nobody(workplace: Workplace) -> None:
    with workplace.locked():
        code, _, errors = ended(command(workplace, "demo", "--environment", ENVIRONMENT))
    assert code == 1
    assert "Another sandbox command is at work" in errors


def test_down_and_status_without_a_sandbox(workplace: Workplace) -> None:
    for arguments, expected in ((["down"], 0), (["down"], 0), (["status"], 3)):
        code, output, errors = ended(command(workplace, *arguments))
        assert (code, output, errors) == (expected, "No sandbox is running.\n", "")


def test_interrupted_amid_the_imports(workplace: Workplace, tmp_path: Path) -> None:
    interrupting = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    (tmp_path / "typer.py").write_text(interrupting, "utf-8")
    code, output, errors = ended(command(workplace, "status", PYTHONPATH=str(tmp_path)))
    assert (code, output) == (130, "")
    assert "sandbox: interrupted" in errors
    assert "Traceback" not in errors


def test_a_package_that_is_missing_is_said(workplace: Workplace, tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ImportError('no typer here')", "utf-8")
    code, output, errors = ended(command(workplace, "status", PYTHONPATH=str(tmp_path)))
    assert (code, output) == (1, "")
    assert errors.startswith("sandbox: no typer here")
    assert "rm -r .venv && make setup" in errors
    assert errors.count("\n") == 1


@pytest.mark.sandbox
def test_a_refused_environment_is_the_apps_own_message(workplace: Workplace, port: int) -> None:
    code, _, errors = ended(
        command(workplace, "demo", "--environment", "rovn/typo", "--port", str(port))
    )
    assert code == 1
    assert "Synthesis of rovn/typo failed" in errors
    assert ENVIRONMENT in errors, "the known ones are listed"
    assert "Traceback" not in errors
    assert not listens(port)


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("number", "expected", "last_words"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "terminated"),
        (signal.SIGKILL, -9, ""),
    ],
)
def test_ends_with_nothing_left(
    workplace: Workplace,
    port: int,
    tmp_path: Path,
    number: signal.Signals,
    expected: int,
    last_words: str,
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    arguments = ["demo", "--environment", ENVIRONMENT, "--port", str(port)]
    process = command(workplace, *arguments, HOME=str(elsewhere), TMPDIR=str(elsewhere))
    assert process.stdout
    line_with(process.stdout, "CDKToolkit", seconds=600)
    family = psutil.Process(process.pid).children(recursive=True)
    emulators = [member for member in family if MODULE in command_of(member)]
    assert len(family) > len(emulators) == 1, "the emulator and the CLI are running"
    os.kill(process.pid, number)
    code, _, errors = ended(process)
    assert code == expected
    assert last_words in errors
    assert "Traceback" not in errors
    # After SIGKILL each notices by itself that we have gone.
    _, alive = psutil.wait_procs(family, timeout=SECONDS)
    assert alive == []
    assert not listens(port)
    assert list(elsewhere.iterdir()) == [], "it writes to no other folder than its own"


@pytest.mark.sandbox
def test_a_second_signal_does_not_cut_the_end_short(workplace: Workplace, port: int) -> None:
    process = command(workplace, "demo", "--environment", ENVIRONMENT, "--port", str(port))
    assert process.stdout
    line_with(process.stdout, "CDKToolkit", seconds=600)
    family = psutil.Process(process.pid).children(recursive=True)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        time.sleep(0.1)
    code, _, errors = ended(process)
    assert code == 130
    assert errors.count("ending ...") == 1
    assert "sandbox: interrupted" in errors
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(family, timeout=SECONDS)
    assert alive == []
    assert not (workplace.folder / "tmp").exists()
