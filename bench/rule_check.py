"""`runbook check` against the independent judges, and how its cost grows with the templates."""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.measurement import Measurement, interleaved, seconds
from policies.engine import check
from policies.rules import all_rules
from policies.templates.assembly import Reading, Template, read
from tests.assembly import ROOT

RUNS = 3
# New objects between two collections, where the growth is measured: the command collects none.
COLLECT_AFTER = 100_000
TIMES = 16
BIN = Path(sys.executable).parent
CHECKOV = ROOT / "judges" / ".venv" / "bin" / "checkov"


def measure() -> Iterator[Measurement]:
    """Time the whole process beside cfn-lint and checkov; then the engine at 1 and 16 times."""
    with tempfile.TemporaryDirectory() as folder:
        seconds([sys.executable, "app.py"], environment=os.environ | {"CDK_OUTDIR": folder})
        templates = [str(file) for file in sorted(Path(folder).rglob("*.template.json"))]
        ours, cfn_lint, checkov = interleaved(
            RUNS,
            lambda: seconds([str(BIN / "runbook"), "check", folder]),
            lambda: seconds(_cfn_lint(templates)),
            lambda: seconds(_checkov(templates)),
        )
        reading = read(Path(folder))
    yield Measurement(f"runbook check of {len(templates)} templates, the whole process", ours, "s")
    yield Measurement("cfn-lint over it", cfn_lint / ours, "x", at_least=10)
    yield Measurement("checkov over it", checkov / ours, "x", at_least=10)
    yield from _growth(reading)


def _cfn_lint(templates: Sequence[str]) -> list[str]:
    return [str(BIN / "cfn-lint"), "--non-zero-exit-code", "none", "--", *templates]


def _checkov(templates: Sequence[str]) -> list[str]:
    files = [option for template in templates for option in ("--file", template)]
    quiet = ["--quiet", "--compact", "--soft-fail", "--skip-download"]
    return [str(CHECKOV), "--framework", "cloudformation", *quiet, *files]


def _growth(reading: Reading) -> Iterator[Measurement]:
    """Judge one environment, and sixteen of each of its stacks, per template.

    Collecting garbage seldom; else the looking through of all that lives is measured.
    """
    gc.set_threshold(COLLECT_AFTER)
    first = reading.templates[0].label
    mine = [template for template in reading.templates if template.label == first]
    once, often = interleaved(
        RUNS,
        lambda: _engine_seconds(mine),
        lambda: _engine_seconds([_copy(t, n) for n in range(TIMES) for t in mine]) / TIMES,
    )
    yield Measurement(f"{len(all_rules())} rules on one environment", once * 1000, "ms")
    name = f"cost per resource at {TIMES} times the templates over once"
    yield Measurement(name, often / once, "x", bound=1.2)


def _copy(template: Template, number: int) -> Template:
    stack = f"{template.stack}-{number}" if number else template.stack
    return replace(template, path=f"{number}/{template.path}", stack=stack)


def _engine_seconds(templates: Sequence[Template]) -> float:
    start = time.perf_counter()
    check(Reading(tuple(templates), (), whole=True), all_rules())
    return time.perf_counter() - start
