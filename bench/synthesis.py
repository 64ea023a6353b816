"""Two environments synthesize in at most 1.6 times the time of one."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator

from bench.measurement import Measurement, interleaved, seconds
from runbook.model.loader import known_environments

RUNS = 3


def measure() -> Iterator[Measurement]:
    """Time app.py for one environment and for all of them."""
    names = known_environments()
    one, every = interleaved(RUNS, lambda: _synthesize(names[0]), lambda: _synthesize(None))
    yield Measurement("synthesis of one environment", one, "s")
    yield Measurement(f"synthesis of {len(names)} environments", every, "s")
    yield Measurement(f"{len(names)} environments over one", every / one, "x", bound=1.6)


def _synthesize(name: str | None) -> float:
    context = json.dumps({"environment": name} if name else {})
    with tempfile.TemporaryDirectory() as outdir:
        place = {"CDK_OUTDIR": outdir, "CDK_CONTEXT_JSON": context}
        return seconds([sys.executable, "app.py"], environment=os.environ | place)
