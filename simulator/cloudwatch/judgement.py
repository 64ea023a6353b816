"""What an alarm makes of its datapoints: CloudWatch's rules on M of N and on missing data.

Sources are pages of the CloudWatch User Guide: "Evaluating an alarm" (alarm-evaluation.html) and
"Configuring how CloudWatch alarms treat missing data" (alarms-and-missing-data.html).

Not modelled: how long data take to arrive; alarms that look back more than a day, which CloudWatch
evaluates once an hour on data up to the full hour (here each minute, so up to an hour earlier);
the number of datapoints fetched beyond ``periods``, which AWS does not tell (``EXTRA``);
``EvaluateLowSampleCountPercentile``, anomaly detection, warm-up, windows by the wall clock and
Metrics Insights, which the reader of templates refuses.
"""

from collections.abc import Iterable
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import MetricAlarm, MetricQuery, State
from simulator.cloudwatch.series import MINUTE, Values, parts

# AWS's examples: three periods, five datapoints looked at.
EXTRA = 2
# What is tried beside it, to see what hangs on it.
OTHER_EXTRAS = (0, 1, 5, 10)
STATES = tuple(State)
OK, ALARM, INSUFFICIENT, AS_BEFORE = range(4)
_COMPARED = {
    Comparison.ABOVE: np.greater,
    Comparison.AT_LEAST: np.greater_equal,
    Comparison.BELOW: np.less,
    Comparison.AT_MOST: np.less_equal,
}
_FILLED = {
    Missing.WELL: OK,
    Missing.BAD: ALARM,
    Missing.UNKNOWN: INSUFFICIENT,
    Missing.AS_BEFORE: AS_BEFORE,
}
_DYNAMODB = "AWS/DynamoDB"


def judge(
    datapoints: Values,
    alarm: MetricAlarm,
    lag: int,
    extra: int = EXTRA,
    by_age: Iterable[Values] | None = None,
) -> NDArray[np.int8]:
    """Give the outcome of the evaluation at each step: OK, ALARM, INSUFFICIENT or AS_BEFORE.

    ``lag`` is the number of steps a period has: the evaluation at t looks at ``datapoints`` at t,
    t - lag, t - 2 lag, ..., ``extra`` more than ``alarm.periods``; where these differ with the
    evaluation that fetches them, ``by_age`` has them as the newest, the one before, ... Linear in
    steps x periods. Raises ``RefusedError`` where AWS's pages contradict each other and the state
    hangs on it.
    """
    range_ = _Range(datapoints, alarm, lag, extra, by_age)
    treatment = treatment_of(alarm)
    outcomes = range_.outcomes(treatment)
    if treatment is not alarm.missing or not _of_dynamodb(alarm):
        return outcomes
    if (states(outcomes) != states(range_.outcomes(Missing.AS_BEFORE))).any():
        raise RefusedError(
            alarm.place,
            [
                Refusal(
                    "TreatMissingData",
                    f"AWS's pages disagree on whether {alarm.missing.value} holds for metrics of "
                    f"{_DYNAMODB}: always ignored (PutMetricAlarm), or unless another is chosen "
                    "(User Guide); the state hangs on it here",
                    "write `ignore`, or feed the metric without gaps",
                )
            ],
        )
    return outcomes


def states(outcomes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Give the state after each step, as an index of ``STATES``; AS_BEFORE keeps the last one.

    An alarm begins in INSUFFICIENT_DATA ("Alarm evaluation", metric alarm states).
    """
    last = np.maximum.accumulate(np.where(outcomes != AS_BEFORE, np.arange(len(outcomes)), -1))
    return np.where(last < 0, np.int8(INSUFFICIENT), outcomes[last])


def breaches(datapoints: Values, alarm: MetricAlarm) -> NDArray[np.bool_]:
    """Say which datapoints breach the threshold; a missing one does not."""
    found: NDArray[np.bool_] = _COMPARED[alarm.comparison](datapoints, alarm.threshold)
    return found


def evaluated_every(alarm: MetricAlarm, lag: int) -> int:
    """Count the steps between two evaluations.

    Every minute where the period is a minute or longer, else every 10 seconds, on whichever grid
    ("Evaluating an alarm").
    """
    step = alarm.period // lag
    return max(1, MINUTE // step) if alarm.period >= MINUTE else 1


def treatment_of(alarm: MetricAlarm) -> Missing:
    """Say how missing datapoints count: those of DynamoDB are ignored where nothing is chosen.

    "Configuring how CloudWatch alarms treat missing data", second note; a template that chooses
    ``missing`` itself cannot be told from one that chooses nothing.
    """
    if _of_dynamodb(alarm) and alarm.missing is Missing.UNKNOWN:
        return Missing.AS_BEFORE
    return alarm.missing


def _of_dynamodb(alarm: MetricAlarm) -> bool:
    return any(
        isinstance(query, MetricQuery) and query.metric.namespace == _DYNAMODB
        for query in alarm.queries
    )


class _Range:
    """What lies in the evaluation range of each step, counted.

    ``real``: datapoints that are there, as far as ``periods``; ``bad``: those of them that breach;
    ``oldest``: how many periods ago the oldest breaching one began, 1 for the newest.
    """

    def __init__(
        self,
        datapoints: Values,
        alarm: MetricAlarm,
        lag: int,
        extra: int,
        by_age: Iterable[Values] | None,
    ) -> None:
        self.alarm = alarm
        self.every = evaluated_every(alarm, lag)
        self.real, self.bad, self.oldest = (np.zeros(len(datapoints), np.int32) for _ in range(3))
        # How many steps before each one a datapoint lies, as far as there are any.
        shifts = range(0, min((alarm.periods + extra) * lag, len(datapoints)), lag)
        rows = repeat(self._told(datapoints)) if by_age is None else map(self._told, by_age)
        for age, (back, (there, breaching)) in enumerate(zip(shifts, rows, strict=False), 1):
            for part in parts(len(datapoints) - back):
                now = slice(part.start + back, part.stop + back)
                counted = there[part] & (self.real[now] < alarm.periods)
                bad = counted & breaching[part]
                self.real[now] += counted
                self.bad[now] += bad
                self.oldest[now][bad] = age

    def _told(self, datapoints: Values) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which datapoints are there, and which breach."""
        return ~np.isnan(datapoints), breaches(datapoints, self.alarm)

    def outcomes(self, treatment: Missing) -> NDArray[np.int8]:
        """Judge each step, missing datapoints treated as ``treatment``.

        "How alarm state is evaluated when data is missing": as many real datapoints as
        ``periods``, the newest of the range, are judged alone. Fewer are judged together with
        filled ones, as few as possible. None at all are what the treatment says.
        """
        few = self.alarm.periods - self.real
        filled = few if treatment is Missing.BAD else 0
        outcomes = np.where(self.bad + filled >= self.alarm.breaching, ALARM, OK).astype(np.int8)
        if treatment in {Missing.UNKNOWN, Missing.AS_BEFORE}:
            alone = (self.real > 0) & (self.real == self.bad) & (outcomes == OK)
            outcomes[alone] = self._premature(treatment)[alone]
        outcomes[self.real == 0] = _FILLED[treatment]
        return self._when_evaluated(outcomes)

    def _premature(self, treatment: Missing) -> NDArray[np.int8]:
        """Judge steps that have breaching datapoints alone, and fewer than would ring.

        "Avoiding premature transitions to alarm state": ALARM if the oldest is as old as
        ``breaching`` is many. Rows "- - X - -" and "- - - X -" have ``ignore`` keep the state. For
        a younger one the page rules ALARM out; an earlier edition has the row "- - - - X", which
        is INSUFFICIENT_DATA under ``missing`` (commit 05fd32f of amazon-cloudwatch-user-guide).
        """
        if treatment is Missing.AS_BEFORE:
            return np.full(len(self.real), AS_BEFORE, np.int8)
        old_enough = self.oldest >= self.alarm.breaching
        return np.where(old_enough, ALARM, INSUFFICIENT).astype(np.int8)

    def _when_evaluated(self, outcomes: NDArray[np.int8]) -> NDArray[np.int8]:
        if self.every > 1:
            ends = np.arange(1, len(outcomes) + 1)
            outcomes[ends % self.every != 0] = AS_BEFORE
        return outcomes
