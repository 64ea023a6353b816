"""The folders and programs that a sandbox command works with; everything it writes is in one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.failure import SandboxError

# What a child process may know of the caller's environment: nothing of AWS, proxies or Node.
INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "PATH", "TERM", "TZ")


@dataclass(frozen=True)
class Workplace:
    """A clone of the project, and the folder where everything goes that the sandbox writes."""

    root: Path
    folder: Path

    @property
    def assembly(self) -> Path:
        """Where the synthesis goes."""
        return self.folder / "cdk.out"

    @property
    def costs(self) -> Path:
        """Where a demo leaves what it took."""
        return self.folder / "costs.json"

    @property
    def cdk(self) -> Path:
        """The CDK CLI, unmodified; raises SandboxError if it is not installed."""
        return self._installed(self.root / "node_modules" / ".bin" / "cdk", "the CDK CLI")

    @property
    def emulator_python(self) -> Path:
        """The emulator's own Python; raises SandboxError if it is not installed."""
        return self._installed(
            self.root / "sandbox" / ".venv" / "bin" / "python", "the emulator's environment"
        )

    @property
    def temporary(self) -> Path:
        """What the emulator and the CLI need while they run, and nobody after that."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """The emulator's log."""
        return self.folder / "emulator.log"

    @property
    def state(self) -> Path:
        """Where a sandbox that keeps running is written down."""
        return self.folder / "state.json"

    def environment(self) -> dict[str, str]:
        """Return the environment variables for a child process, with this Python and Node first."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        programs = Path(sys.executable).parent
        home = self.folder / "home"
        for folder in (home, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        return kept | {
            "HOME": str(home),
            "PATH": f"{programs}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "TMPDIR": str(self.temporary),
            "XDG_CACHE_HOME": str(home / ".cache"),
        }

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against a second command; raises SandboxError if one is at work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SandboxError(
                    f"Another sandbox command is at work in {self.folder}: wait for it, or stop it"
                ) from None
            yield

    def _installed(self, path: Path, what: str) -> Path:
        if not path.exists():
            raise SandboxError(f"{path}: {what} is not installed. `make setup` installs it")
        return path
