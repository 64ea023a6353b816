"""Ctrl-C while the command line still loads: gone at once, without a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from sandbox.rehearsal.terminal import HEARS_CTRL_C

PRESSED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit('not heard')\n"


def test_ctrl_c_during_the_imports_prints_nothing(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(PRESSED, "utf-8")
    words = [sys.executable, "-m", "runbook", "status", "rovn/staging"]
    done = subprocess.run(
        [sys.executable, "-c", HEARS_CTRL_C, *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGINT
    assert (done.stdout, done.stderr) == ("", "")
