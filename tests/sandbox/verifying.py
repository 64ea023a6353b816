"""`runbook verify` on a sandbox that runs, and what in its answer is the emulator's own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.endpoint import Endpoint
from tests.assembly import ROOT

# The emulator runs no task, holds no image, delivers no trail, and restores nothing: the checks
# tell that of it, as they would of an account. Nor does it subscribe Slack, or tell of channels.
EMULATORS_OWN = {
    ("breach", "severities", "slack is not subscribed"),
    ("not_verified", "severities", ""),
    ("breach", "alarm delivery", "nobody is subscribed to it"),
    ("breach", "images", "it runs, and ECR does not have it"),
    ("breach", "listener weights", "has all the traffic and no healthy task (it has no targets)"),
    ("not_verified", "backups elsewhere", "RDS does not tell to which moment"),
    ("not_verified", "trail", "CloudTrail tells of no delivery yet"),
    # Nobody has supplied a vendor's key there.
    ("breach", "rotation", "it has no value"),
    # No canary runs there.
    ("breach", "canaries", "it runs, and has never ended a run"),
    ("not_verified", "canaries", "DescribeCanariesLastRun"),
    # Its moment to restore to is that of the database's making, so this comes with time.
    ("breach", "point-in-time recovery", "it can be restored to"),
}


def verify(endpoint: Endpoint, environment: str, assembly: Path) -> tuple[int, dict[str, Any]]:
    """Run the command as an operator does; returns its exit code and what it tells machines."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "runbook", "verify", environment),
            *("--assembly", str(assembly), "--json"),
        ],
        cwd=ROOT,
        env=os.environ | endpoint.variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=900,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def own(finding: dict[str, Any]) -> bool:
    """Whether a finding is about what the emulator does not do."""
    return any(
        (finding["kind"], finding["check"]) == (kind, check) and what in finding["what"]
        for kind, check, what in EMULATORS_OWN
    )
