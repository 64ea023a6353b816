"""A synthesis of every environment for a bundle, by ``app.py`` in a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from policies.findings import REPORT
from policies.marks import ROOT
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

APP = ROOT / "app.py"
# A context or traces of whoever calls would make other templates than the environments' files do.
_NOT_OURS = ("CDK_CONTEXT_JSON", "JSII_HOST_STACK_TRACES")


def synthesize(folder: Path) -> str:
    """Synthesize every environment into ``folder``, under every plugin; what was there is gone.

    Gives the words of a refusal that leaves a report to judge, empty when nothing was refused.
    Raises ``RefusedError`` for a synthesis that leaves none.
    """
    shutil.rmtree(folder, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    variables = {**kept, "CDK_OUTDIR": str(folder.resolve()), "CDK_VALIDATION": "true"}
    try:
        run = subprocess.run(  # noqa: S603 - our own application
            [sys.executable, str(APP)],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise _failed(f"it cannot be started: {error}") from None
    said = run.stderr.decode("utf-8", "replace").strip()
    if run.returncode == 0:
        return ""
    if (folder / REPORT).is_file():
        return said or f"it ended with code {run.returncode}"
    raise _failed(f"it ended with code {run.returncode} and left no report; it says:\n{said}")


def _failed(why: str) -> RefusedError:
    fix = "do what it says; or synthesize with `make synth` and give --assembly cdk.out"
    return RefusedError("the synthesis", [Refusal(WHOLE_FILE, why, fix)])
