"""The database of a rehearsal as a child process: a real PostgreSQL that ends with us."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.child_process import end_group, last_lines
from sandbox.failure import SandboxError

SERVER = Path(__file__).with_name("database_server.py")


class Database:
    """A server on a Unix socket: passwords, SQL and rights are checked."""

    def __init__(self, python: Path, folder: Path, name: str, variables: Mapping[str, str]) -> None:
        """Start it with an environment's Python; raises SandboxError if it does not come up."""
        self._log = folder / "database.log"
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [str(python), str(SERVER), str(folder / "database"), name],
                env=dict(variables),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                process_group=0,
            )
        try:
            found = self._line()
        except SandboxError:
            end_group(self._process)
            raise
        # A Unix socket knows no TLS.
        self.variables: dict[str, str] = {**found, "DATABASE_SSLMODE": "disable"}

    def make_master(self, username: str, password: str) -> None:
        """Make the user that RDS makes with an instance: everybody else is made by this one."""
        assert self._process.stdin  # noqa: S101 - a pipe, as asked for above
        self._process.stdin.write(json.dumps({"username": username, "password": password}) + "\n")
        self._process.stdin.flush()
        self._line()

    def stop(self) -> None:
        """End it in good order: it takes its socket and its memory with it."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            end_group(self._process)

    def _line(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SandboxError(
                f"The rehearsal's database ended. The end of {self._log}:\n{last_lines(self._log)}"
            )
        told: dict[str, Any] = json.loads(line)
        return told
