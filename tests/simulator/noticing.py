"""Whether a test notices that an alarm is another one."""

import numpy as np

from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.cloudwatch.judgement import EXTRA, STATES
from simulator.cloudwatch.replay import Replay, replay
from simulator.testing.verdict import Played

# A test notices by failing with any of these numbers: it holds with all of them.
EXTRAS = (EXTRA, 0, 10)


def fails(test: Played, definitions: Definitions) -> bool:
    """Say whether a test fails on other alarms, fed with what it fed to the real ones."""
    for extra in EXTRAS:
        try:
            found = replay(definitions, [test.alarm.name], test.feed, test.replay.grid, extra)
        except RefusedError:
            return True
        if _expects_otherwise(test, found):
            return True
        if not any(np.isnan(values).any() for values in found.datapoints.values()):
            # Nothing is missing, so nothing more is looked for.
            return False
    return False


def _expects_otherwise(test: Played, found: Replay) -> bool:
    grid, states = found.grid, found.states[test.alarm.name]
    for expectation in (verdict.expectation for verdict in test.verdicts):
        since = expectation.at if expectation.since is None else expectation.since
        asked = states[since // grid.step : expectation.at // grid.step + 1]
        if (asked != STATES.index(expectation.state)).any():
            return True
    return False
