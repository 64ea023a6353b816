"""Alarms and series for tests of the simulator, as short as AWS's tables write them."""

import numpy as np

from runbook.alarms.alarm import Comparison, Missing
from simulator.cloudwatch.definitions import MetricAlarm, MetricIdentity, MetricQuery
from simulator.cloudwatch.series import Values

METRIC = MetricIdentity("Acme/Shop", "Orders")
_VALUES = {"0": 0.0, "X": 1.0, "-": np.nan}


def alarm(
    breaching: int,
    periods: int,
    missing: Missing = Missing.UNKNOWN,
    *,
    period: int = 60,
    metric: MetricIdentity = METRIC,
    comparison: Comparison = Comparison.ABOVE,
    threshold: float = 0.5,
) -> MetricAlarm:
    """Make an alarm on sums; as it is, X breaches it and 0 does not."""
    return MetricAlarm(
        name="orders",
        place="shop.template.json Orders",
        keys=("orders",),
        queries=(MetricQuery("m1", metric, "Sum", period),),
        returned="m1",
        period=period,
        periods=periods,
        breaching=breaching,
        comparison=comparison,
        threshold=threshold,
        missing=missing,
    )


def row(text: str) -> Values:
    """Read datapoints, the newest last: X breaches, 0 does not, - is missing."""
    return np.array([_VALUES[sign] for sign in text.replace(" ", "")])
