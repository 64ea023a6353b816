"""A synthesis of every environment for a bundle, by ``app.py`` in a process of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from policies.findings import REPORT
from policies.marks import ROOT
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

APP = ROOT / "app.py"
# A context or traces of whoever calls would make other templates than the environments' files do.
_NOT_OURS = ("CDK_CONTEXT_JSON", "JSII_HOST_STACK_TRACES")


@contextmanager
def synthesis(folder: Path) -> Iterator[Callable[[], str]]:
    """Begin to synthesize every environment into ``folder``, under every plugin.

    What was there is gone; the process ends with the block. Call what is given to wait for it: it
    gives the words of a refusal that leaves a report to judge, empty when nothing was refused, and
    raises ``RefusedError`` for a synthesis that leaves none.
    """
    shutil.rmtree(folder, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    variables = {**kept, "CDK_OUTDIR": str(folder.resolve()), "CDK_VALIDATION": "true"}
    with subprocess.Popen(  # noqa: S603 - our own application
        [sys.executable, str(APP)],
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield partial(_ended, process, folder)
        finally:
            process.kill()


def _ended(process: subprocess.Popen[bytes], folder: Path) -> str:
    _, err = process.communicate()
    said = err.decode("utf-8", "replace").strip()
    if process.returncode == 0:
        return ""
    if (folder / REPORT).is_file():
        return said or f"it ended with code {process.returncode}"
    raise _failed(f"it ended with code {process.returncode} and left no report; it says:\n{said}")


def _failed(why: str) -> RefusedError:
    fix = "do what it says; or synthesize with `make synth` and give --assembly cdk.out"
    return RefusedError("the synthesis", [Refusal(WHOLE_FILE, why, fix)])
