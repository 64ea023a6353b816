"""`runbook --help` starts without the CDK."""

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measurement import Measurement, interleaved, seconds

RUNS = 7


def measure() -> Iterator[Measurement]:
    """Time the command against the interpreter's bare start."""
    runbook = str(Path(sys.executable).with_name("runbook"))
    bare, command = interleaved(
        RUNS,
        lambda: seconds([sys.executable, "-c", "pass"]),
        lambda: seconds([runbook, "--help"]),
    )
    yield Measurement("bare start of the interpreter", bare, "s")
    yield Measurement("runbook --help after a bare start", command - bare, "s", bound=0.3)
    yield Measurement("runbook --help over a bare start", command / bare, "x")
