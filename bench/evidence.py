"""`runbook evidence` over a synthesis: every environment's bundle, less the judges' own time."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measurement import Measurement, interleaved, seconds
from evidence.collected.assembly import read_assembly
from evidence.collected.independent import independent_judges
from evidence.gathering import gather
from runbook.model.selection import all_environments
from runbook.working_tree import working_tree
from tests.assembly import ROOT

RUNS = 3
BOUND = 1.5
RUNBOOK = str(Path(sys.executable).with_name("runbook"))


def measure() -> Iterator[Measurement]:
    """Time the whole command, its own synthesis in it, beside one synthesis and the judges."""
    with tempfile.TemporaryDirectory() as folder:
        assembly = Path(folder) / "cdk.out"
        _synthesis(assembly)
        synthesis, judges, command = interleaved(
            RUNS,
            lambda: _synthesis(assembly),
            lambda: _judges(assembly),
            lambda: _command(Path(folder)),
        )
        gathering = _gathering(assembly, Path(folder))
    count = len(all_environments())
    yield Measurement("synthesis of every environment, under every plugin", synthesis, "s")
    yield Measurement("cfn-lint and checkov, side by side, alone", judges, "s")
    yield Measurement(f"runbook evidence, {count} environments, the whole process", command, "s")
    yield Measurement("all that it gathers, with the judges at work", gathering, "s")
    name = "it, less the judges' own time, over one synthesis"
    yield Measurement(name, (command - judges) / synthesis, "x", bound=BOUND)


def _synthesis(assembly: Path) -> float:
    variables = {"CDK_OUTDIR": str(assembly), "CDK_VALIDATION": "true"}
    return seconds([sys.executable, "app.py"], environment=os.environ | variables)


def _judges(assembly: Path) -> float:
    """Let both judge and wait, as the command does, with nothing else beside them."""
    start = time.perf_counter()
    with independent_judges(read_assembly(assembly), assembly) as started:
        for read in started.said.values():
            read()
    return time.perf_counter() - start


def _command(folder: Path) -> float:
    """Run it with a synthesis of its own; a finding is no reason to stop measuring, a refusal is.

    ``seconds`` takes exit code 0 alone: a bundle that fails says that something else is broken.
    """
    return seconds([RUNBOOK, "evidence", "--out", str(folder / "evidence")])


def _gathering(assembly: Path, folder: Path) -> float:
    start = time.perf_counter()
    before, report = working_tree(ROOT), folder / "none.json"
    gather(assembly, all_environments(), rehearsal=report, sources=ROOT, before=before, refused="")
    return time.perf_counter() - start
