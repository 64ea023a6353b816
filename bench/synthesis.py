"""Synthesis: two environments within 1.6 times one, all rule packs within 1.15 times none."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator

from bench.measurement import Measurement, interleaved, seconds
from runbook.model.loader import known_environments

RUNS = 3
# Their share is small, so that noise counts more.
RUNS_OF_PACKS = 5


def measure() -> Iterator[Measurement]:
    """Time app.py for one environment, for all of them, and the same without rule packs."""
    names = known_environments()
    one, every = interleaved(RUNS, lambda: _synthesize(names[0]), lambda: _synthesize(None))
    yield Measurement("synthesis of one environment", one, "s")
    yield Measurement(f"synthesis of {len(names)} environments", every, "s")
    yield Measurement(f"{len(names)} environments over one", every / one, "x", bound=1.6)
    bare, judged = interleaved(
        RUNS_OF_PACKS,
        lambda: seconds([sys.executable, "-m", "bench.unjudged_synthesis"]),
        lambda: _synthesize(names[0]),
    )
    yield Measurement("synthesis of one environment without rule packs", bare, "s")
    yield Measurement("the same with all four over it", judged / bare, "x", bound=1.15)


def _synthesize(name: str | None) -> float:
    context = json.dumps({"environment": name} if name else {})
    with tempfile.TemporaryDirectory() as outdir:
        place = {"CDK_OUTDIR": outdir, "CDK_CONTEXT_JSON": context}
        return seconds([sys.executable, "app.py"], environment=os.environ | place)
