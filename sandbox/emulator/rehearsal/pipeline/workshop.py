"""What builds work with on this machine: a plain `python`, and stand-ins for `aws` and `docker`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from sandbox.emulator.rehearsal.settings import FOR_BUILDS, RehearsalSettings

PROGRAMS = Path(__file__).with_name("programs")
STAND_INS = ("aws", "docker")
# Of the emulator's own environment, what a build needs to run at all.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")


class Workshop:
    """One virtual environment and the stand-ins, made at the first build of a rehearsal."""

    def __init__(self, settings: RehearsalSettings) -> None:
        """Make nothing yet."""
        self.folder = Path(settings.builds)
        self._making = threading.Lock()

    def variables(self) -> Mapping[str, str]:
        """Return the environment of a build, without what its project and AWS add.

        What one build installs, later ones find installed: there is one environment, not one image.
        """
        with self._making:
            self._make_environment()
            self._make_stand_ins()
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        folders = (self.folder / "bin", self.folder / "venv" / "bin")
        path = os.pathsep.join([*map(str, folders), kept.get("PATH", os.defpath)])
        given = {
            name.removeprefix(FOR_BUILDS): value
            for name, value in os.environ.items()
            if name.startswith(FOR_BUILDS)
        }
        return {**kept, **given, "PATH": path}

    def _make_environment(self) -> None:
        venv = self.folder / "venv"
        if not (venv / "bin" / "python").exists():
            command = [sys.executable, "-m", "venv", str(venv)]
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command

    def _make_stand_ins(self) -> None:
        folder = self.folder / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        for name in STAND_INS:
            # With the emulator's own packages: a build's Python need not have any.
            words = [sys.executable, "-I", str(PROGRAMS / f"{name}.py")]
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
            program.chmod(0o755)
