"""Synthesis: two environments within 1.6 times one, four packs within 1.15 times none."""

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial

from bench.measurement import Measurement, interleaved, seconds
from runbook.model.loader import known_environments

RUNS = 3
# Their share is small, so that noise counts more.
RUNS_OF_PACKS = 9
JUDGED = "app.py"
UNDER_PACKS = "-m bench.less_judged_synthesis packs"
UNDER_NOTHING = "-m bench.less_judged_synthesis nothing"


def measure() -> Iterator[Measurement]:
    """Time `cdk synth` for one environment, for all of them, and for one with fewer judges."""
    names = known_environments()
    one, packs, bare = (
        partial(_synthesize, application, "--context", f"environment={names[0]}")
        for application in (JUDGED, UNDER_PACKS, UNDER_NOTHING)
    )
    all_over_one = interleaved(RUNS, one, partial(_synthesize, JUDGED))
    yield Measurement("cdk synth of one environment", all_over_one[0], "s")
    yield Measurement(f"cdk synth of {len(names)} environments", all_over_one[1], "s")
    ratio = all_over_one[1] / all_over_one[0]
    yield Measurement(f"{len(names)} environments over one", ratio, "x", bound=1.6)
    without, under_packs, judged = interleaved(RUNS_OF_PACKS, bare, packs, one)
    yield Measurement("cdk synth of one environment, unjudged", without, "s")
    yield Measurement("the same under four packs over it", under_packs / without, "x", bound=1.15)
    yield Measurement("the same under packs and our rules over it", judged / without, "x")


def _synthesize(application: str, *options: str) -> float:
    app = f"{sys.executable} {application}"
    with tempfile.TemporaryDirectory() as outdir:
        command = ["node_modules/.bin/cdk", "synth", "**", "--quiet", "--app", app]
        return seconds([*command, "--output", outdir, *options], environment=dict(os.environ))
