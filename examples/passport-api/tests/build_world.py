"""A place to build in: stand-ins for docker, aws and uv, an immutable registry, and ECR's answers.

The buildspec, the script and the scan gate are the real ones. ECR is a server of our own, so that
the gate's client sends, waits and tries again as it does in CodeBuild.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from tests.conftest import ROOT

REPOSITORY = "rovn/passport-api"
REGISTRY = "111122223333.dkr.ecr.us-east-2.amazonaws.com"
CLEAN: dict[str, Any] = {
    "imageScanStatus": {"status": "COMPLETE"},
    "imageScanFindings": {"findingSeverityCounts": {"LOW": 3}},
}
# Each stand-in notes how it was called, and fails when it is told to.
_NOTE = """#!/bin/bash
called="$(basename "$0") $*"
echo "${called}" >> steps.log
[[ -n "${FAILING:-}" && "${called}" == ${FAILING} ]] && { echo "told to fail" >&2; exit 9; }
"""
_PROGRAMS = {
    "aws": "echo not-a-password",
    "uv": 'if [[ "$1 $2 $3" == "run --no-sync delivery/build_image.sh" ]]; then exec "$3"; fi',
    "python": """
if [[ "$*" == "-m delivery.image_tag" && -n "${TAG:-}" ]]; then echo "${TAG}"; exit; fi
if [[ "$*" == "-m delivery."* ]]; then exec "${REAL_PYTHON}" "$@"; fi""",
    "docker": """
case "$1" in
  login) cat > /dev/null ;;
  push)
    kept="registry/${2##*:}"
    [[ -e "${kept}" ]] && { echo "tag invalid: ${kept} is immutable" >&2; exit 1; }
    date +%s%N > "${kept}"
    [[ "${AFTER_PUSH:-}" == lose ]] && { echo "unexpected EOF" >&2; exit 1; }
    [[ "${AFTER_PUSH:-}" == kill ]] && kill -9 "${PPID}"
    ;;
esac""",
}


@dataclass
class Workshop:
    """One build's directory; ``answers`` of the scan are given in turn, the last one for good."""

    place: Path
    answers: list[Any] = field(default_factory=lambda: [CLEAN])
    endpoint: str = ""

    def __post_init__(self) -> None:
        for name in ("delivery", "pyproject.toml"):
            (self.place / name).symlink_to(ROOT / name)
        for name in ("bin", "registry"):
            (self.place / name).mkdir()
        for name, body in _PROGRAMS.items():
            program = self.place / "bin" / name
            program.write_text(f"{_NOTE}{body}\nexit 0\n")
            program.chmod(0o755)

    def run(self, command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as CodeBuild does."""
        path = f"{self.place}/bin:{os.environ['PATH']}"
        given = {
            "PATH": path,
            "REAL_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL_ECR": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-2",
            "AWS_RETRY_MODE": "standard",
            "AWS_MAX_ATTEMPTS": "2",
            "REPOSITORY_URI": f"{REGISTRY}/{REPOSITORY}",
            "SCAN_FAIL_SEVERITY": "HIGH",
            "SCAN_TIMEOUT_SECONDS": "0",
        }
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.place,
            env=given | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def image(self, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Build, push and judge one image."""
        return self.run("delivery/build_image.sh", **environment)

    def build(self, failing: int | None = None) -> bool:
        """Go through the buildspec as CodeBuild does; the command ``failing`` ends with an error.

        A phase ends with its first error, and with ABORT the build with it; artifacts are taken
        from a build that succeeded.
        """
        number = 0
        for phase in yaml.safe_load((ROOT / "buildspec.yml").read_text())["phases"].values():
            for command in phase["commands"]:
                ended = self.run(f"{command}\n" + "exit 1\n" * (number == failing))
                number += 1
                if ended.returncode:
                    assert phase["on-failure"] == "ABORT"
                    return False
        return True

    @property
    def steps(self) -> list[str]:
        """What the stand-ins were called with."""
        log = self.place / "steps.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def pushed(self) -> dict[str, str]:
        """Each tag of the registry, and the digest it names."""
        return {
            path.name: f"sha256:{sha256(path.read_bytes()).hexdigest()}"
            for path in (self.place / "registry").iterdir()
        }

    @property
    def handed_on(self) -> dict[str, str] | None:
        """What `image.json` says; None when there is none."""
        file = self.place / "image.json"
        return json.loads(file.read_text()) if file.exists() else None

    @contextmanager
    def ecr(self) -> Iterator[None]:
        """Answer for ECR meanwhile."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.endpoint = f"http://127.0.0.1:{server.server_port}"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, operation: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - of ECR, any
        """Answer one request: a dict, an error as (status, code), or None to hang up."""
        if operation == "DescribeImages":
            digest = self.pushed.get(asked["imageIds"][0]["imageTag"])
            return {"imageDetails": [{"imageDigest": digest}]} if digest else _NOT_THERE
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


_NOT_THERE = (400, "ImageNotFoundException")


def next_second() -> None:
    """Wait until the clock shows another second: tags tell seconds apart."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.02)


def _handler(workshop: Workshop) -> type[BaseHTTPRequestHandler]:
    class Ecr(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = workshop.answer(self.headers["X-Amz-Target"].partition(".")[2], asked)
            if answer is None:
                self.close_connection = True
                return
            status, content = 200, answer
            if isinstance(answer, tuple):
                status, content = answer[0], {"__type": answer[1], "message": "as the test wants"}
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output to themselves."""

    return Ecr
