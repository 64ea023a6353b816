"""The AWS CLI of the sandbox's own environment, as an operator types it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import DrillError

AWS = Path(__file__).parents[1] / ".venv" / "bin" / "aws"
# A program that is slow to start, on a machine that does other things.
PATIENCE_SECONDS = 420


@dataclass(frozen=True)
class Typed:
    """A command that has ended: its exit code, and what it printed."""

    code: int
    told: str
    complained: str

    @property
    def answer(self) -> object:
        """What it printed, as JSON; raises DrillError where that is none."""
        try:
            return json.loads(self.told)
        except ValueError:
            raise DrillError(f"no JSON but {self.told!r}: {self.complained}") from None


def typed(line: str, endpoint: Endpoint) -> Typed:
    """Run one line that begins with `aws`, split as a shell does; it finds the sandbox alone."""
    program, *words = shlex.split(line)
    if program != "aws":
        raise DrillError(f"no command of the AWS CLI: {line}")
    try:
        done = subprocess.run(  # noqa: S603 - our own lines, no shell
            [str(AWS), *words],
            env=variables(endpoint),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DrillError(f"`{line}` does not end") from None
    return Typed(done.returncode, done.stdout, done.stderr.strip())


def variables(endpoint: Endpoint) -> Mapping[str, str]:
    """Nothing of whoever runs this: neither credentials nor a profile nor a form of output."""
    return {
        **endpoint.variables,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_OUTPUT": "json",
        "PATH": os.defpath,
    }
