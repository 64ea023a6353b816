"""An operator's desk: the product's own commands, as processes, with the sandbox as their AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from runbook.access.principals import Principals
from runbook.model.environment import Environment
from sandbox.emulator.rehearsal.balancer import NETWORK
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import DrillError
from sandbox.rehearsal.terminal import PATIENCE_SECONDS, Terminal
from sandbox.rehearsal.wire import Wire

OPERATOR = "ada"
# The bundle tells of which environment it is.
PUBLISH = ("evidence", "publish")
RUNBOOK = Path(sys.executable).with_name("runbook")
Members = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit code, its JSON, and what people read."""

    code: int
    answer: Members
    told: str

    @property
    def refusal(self) -> str:
        """The one refusal, in a line; raises DrillError if there is none, or more."""
        refusals = self.answer.get("refusals", [])
        if len(refusals) != 1:
            raise DrillError(f"expected one refusal, found {self.answer}: {self.told}")
        return f"{refusals[0]['key']}: {refusals[0]['why']}; {refusals[0]['fix']}"


@dataclass(frozen=True)
class Desk:
    """One operator, signed in as the deploy identity; `ports` lead names to ports of loopback.

    `root` holds the product's code; `library`, if any, a copy with another environment file.
    """

    environment: Environment
    service: str
    endpoint: Endpoint
    wire: Wire
    variables: Mapping[str, str]
    root: Path
    folder: Path
    authority: Path
    ports: Mapping[str, int] = field(default_factory=dict)
    library: Path | None = None

    def run(self, *words: str, service: bool = False) -> Ran:
        """Run a command with --json to its end; `service` names the service, too."""
        command = [*self._command(words, service=service), "--json"]
        try:
            done = subprocess.run(  # noqa: S603 - our own command, no shell
                command,
                cwd=self.folder,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DrillError(f"`{' '.join(words)}` does not end") from None
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise DrillError(f"no JSON but {done.stdout!r}: {done.stderr}") from None
        return Ran(done.returncode, answer, done.stderr)

    def open(self, *words: str) -> Terminal:
        """Begin a command of the service at a terminal."""
        return Terminal(self._command(words, service=True), self._variables, self.folder)

    def with_file(self, library: Path, ports: Mapping[str, int]) -> Desk:
        """Return the same desk with another environment file, and more names that are led here."""
        return replace(self, library=library, ports={**self.ports, **ports})

    @cached_property
    def actor(self) -> str:
        """By which ARN AWS knows the operator."""
        role = Principals(self.environment).deploy_identity.rpartition("/")[2]
        return f"arn:aws:sts::{self.endpoint.account}:assumed-role/{role}/{OPERATOR}"

    def _command(self, words: tuple[str, ...], *, service: bool) -> list[str]:
        if words[:2] == PUBLISH:
            return [str(RUNBOOK), *words]
        path = 2 if words[0] in ("audit", "release") else 1
        named = ["--service", self.service] if service else []
        return [str(RUNBOOK), *words[:path], self.environment.name, *named, *words[path:]]

    @cached_property
    def _variables(self) -> dict[str, str]:
        role = Principals(self.environment).deploy_identity
        given = self.endpoint.client("sts").assume_role(RoleArn=role, RoleSessionName=OPERATOR)
        keys = given["Credentials"]
        libraries = [NETWORK, *([self.library] if self.library else [])]
        return {
            **self.variables,
            **self.endpoint.variables,
            "AWS_ENDPOINT_URL": self.wire.url,
            "AWS_ENDPOINT_URL_S3": self.wire.url,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.pathsep.join(map(str, libraries)),
            "SANDBOX_LISTENERS": json.dumps(dict(self.ports)),
            "SSL_CERT_FILE": str(self.authority),
        }
