"""The statistics of one feed's metrics over one grid: each is worked out once, whoever asks."""

from dataclasses import dataclass, field

import numpy as np

from simulator.cloudwatch.definitions import MetricIdentity
from simulator.cloudwatch.series import MINUTE, Feed, Grid, Samples, Values
from simulator.cloudwatch.windows import aggregated

_NOTHING = Samples(MINUTE, np.empty(0))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What lies in ``feed``; no replay changes it, so that several may share it."""

    feed: Feed
    grid: Grid
    # Of an alarm's expressions by their ids; how far they look back, None where none does.
    expressions: dict[tuple[str, str, int | None], Values] = field(default_factory=dict)
    _known: dict[tuple[MetricIdentity, str, int], Values] = field(default_factory=dict)

    def of(self, metric: MetricIdentity, stat: str, period: int) -> Values:
        """Give one value a step, over the ``period`` seconds that end with it.

        A metric that the feed does not have is missing throughout. Raises ``WindowError`` for a
        statistic that its datapoints do not tell.
        """
        key = (metric, stat, period)
        if key not in self._known:
            samples = self.feed.get((metric, stat), _NOTHING)
            weights = self.feed.get((metric, "SampleCount"))
            self._known[key] = aggregated(samples, stat, period, self.grid, weights)
        return self._known[key]
