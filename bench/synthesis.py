"""Synthesis: two environments within 1.6 times one, all rules within 1.15 times none."""

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial

from bench.measurement import Measurement, interleaved, seconds
from runbook.model.loader import known_environments

RUNS = 3
# Their share is small, so that noise counts more.
RUNS_OF_PACKS = 7
JUDGED = "app.py"
UNJUDGED = "-m bench.unjudged_synthesis"


def measure() -> Iterator[Measurement]:
    """Time `cdk synth` for one environment, for all of them, and for one without rule packs."""
    names = known_environments()
    one = partial(_synthesize, JUDGED, "--context", f"environment={names[0]}")
    bare = partial(_synthesize, UNJUDGED, "--context", f"environment={names[0]}")
    all_over_one = interleaved(RUNS, one, partial(_synthesize, JUDGED))
    yield Measurement("cdk synth of one environment", all_over_one[0], "s")
    yield Measurement(f"cdk synth of {len(names)} environments", all_over_one[1], "s")
    ratio = all_over_one[1] / all_over_one[0]
    yield Measurement(f"{len(names)} environments over one", ratio, "x", bound=1.6)
    without, judged = interleaved(RUNS_OF_PACKS, bare, one)
    yield Measurement("cdk synth of one environment without rule packs", without, "s")
    yield Measurement("the same with packs and rules over it", judged / without, "x", bound=1.15)


def _synthesize(application: str, *options: str) -> float:
    app = f"{sys.executable} {application}"
    with tempfile.TemporaryDirectory() as outdir:
        command = ["node_modules/.bin/cdk", "synth", "**", "--quiet", "--app", app]
        return seconds([*command, "--output", outdir, *options], environment=dict(os.environ))
