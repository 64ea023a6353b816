"""Which series feeds which metric of an alarm; what feeds none, or two of a kind, is refused."""

from collections.abc import Iterator, Sequence

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Alarm, MetricAlarm, MetricIdentity, MetricQuery
from simulator.cloudwatch.series import Grid, Samples
from simulator.cloudwatch.statistics import Statistics
from simulator.cloudwatch.windows import WindowError
from simulator.testing.durations import written
from simulator.testing.test_file import AlarmTests, Metric, Series

# Averages are weighed by it, where a test gives it beside them.
COUNT, AVERAGE = "SampleCount", "Average"
_MOST_LISTED = 12
_Key = tuple[MetricIdentity, str]


def feed(file: AlarmTests, number: int, alarms: Sequence[Alarm], grid: Grid) -> Statistics:
    """Give the series of test ``number`` to the metrics that ``alarms`` read.

    ``alarms`` are the alarm and all it depends on. Raises ``RefusedError`` with every series that
    feeds nothing, that feeds what another fed, or that does not tell the statistic it is for.
    """
    feeding = _Feeding(file, number, tuple(_queries(alarms)), grid)
    for at, series in enumerate(file.tests.tests[number].series):
        feeding.add(at, series)
    statistics = Statistics(feeding.samples, grid)
    if not feeding.refusals:
        feeding.check(statistics)
    if feeding.refusals:
        raise RefusedError(str(file.path), feeding.refusals)
    return statistics


def described(query: MetricQuery) -> str:
    """Name what a query reads, as a test's ``metric`` would."""
    metric = query.metric
    where = "".join(f", {name}={value}" for name, value in metric.dimensions)
    return f"{query.id}: {query.stat} of {metric.namespace} {metric.name}{where}"


def _queries(alarms: Sequence[Alarm]) -> Iterator[MetricQuery]:
    for alarm in alarms:
        if isinstance(alarm, MetricAlarm):
            yield from (query for query in alarm.queries if isinstance(query, MetricQuery))


class _Feeding:
    def __init__(
        self, file: AlarmTests, number: int, queries: tuple[MetricQuery, ...], grid: Grid
    ) -> None:
        self._file, self._number, self._queries, self._grid = file, number, queries, grid
        self._fed_by: dict[_Key, int] = {}
        self.samples: dict[_Key, Samples] = {}
        self.refusals: list[Refusal] = []

    def add(self, at: int, series: Series) -> None:
        """Feed one series, or note why it cannot be."""
        interval = series.interval or self._file.tests.tests[self._number].interval
        step = self._grid.step
        if interval % step and step % interval:
            reason = f"datapoints {written(interval)} apart do not fall on evaluations, "
            fix = f"write a multiple or a divisor of {step}s"
            keys = ("series", at, "interval") if series.interval else ("interval",)
            self._refuse_at(keys, f"{reason}which are {written(step)} apart", fix)
            return
        samples = Samples(interval, series.values)
        for query in self._found(at, series.metric):
            key = (query.metric, series.metric.stat)
            other = self._fed_by.setdefault(key, at)
            if other != at:
                reason = f"series[{other}] feeds {described(query)} already"
                self._refuse(
                    at, reason, "add `dimensions` or `id` to both, or remove one", "metric"
                )
                return
            self.samples[key] = samples

    def _found(self, at: int, metric: Metric) -> tuple[MetricQuery, ...]:
        """Find the queries that a series is for; none, and a refusal, where there are none."""
        found = tuple(
            query
            for query in self._queries
            if (query.metric.namespace, query.metric.name) == (metric.namespace, metric.name)
        )
        if not found:
            reason = f"the alarm reads no metric {metric.name} of {metric.namespace}"
            return self._nothing(at, reason, self._queries)
        stat = metric.stat
        if stat == COUNT and all(query.stat != COUNT for query in found):
            stat = AVERAGE
        of_name, found = found, tuple(query for query in found if query.stat == stat)
        if not found:
            reason = f"the alarm reads {metric.name}, but not its {metric.stat}"
            return self._nothing(at, reason, of_name)
        if metric.dimensions is not None:
            wanted = sorted(metric.dimensions.items())
            of_stat = found
            found = tuple(q for q in found if sorted(q.metric.dimensions) == wanted)
            if not found:
                reason = f"the alarm reads {metric.name} of other dimensions"
                return self._nothing(at, reason, of_stat)
        if metric.id is not None:
            others, found = found, tuple(query for query in found if query.id == metric.id)
            if not found:
                reason = f"the alarm calls no such metric {metric.id!r}"
                return self._nothing(at, reason, others)
        return found

    def _nothing(
        self, at: int, reason: str, queries: Sequence[MetricQuery]
    ) -> tuple[MetricQuery, ...]:
        texts = list(dict.fromkeys(described(query) for query in queries))
        more = [f"and {len(texts) - _MOST_LISTED} more"] if len(texts) > _MOST_LISTED else []
        listed = "; ".join(texts[:_MOST_LISTED] + more) or "no metric at all"
        self._refuse(at, f"{reason}: the series feeds nothing", f"it reads {listed}", "metric")
        return ()

    def check(self, statistics: Statistics) -> None:
        """Refuse counts that weigh nothing, and try each statistic.

        That of a period cannot always be told from its parts.
        """
        read = {(query.metric, query.stat) for query in self._queries}
        for metric, stat in self.samples:
            if (metric, stat) not in read and (metric, AVERAGE) not in self.samples:
                reason = f"it weighs averages of {metric.name}, and no series gives them"
                at = self._fed_by[metric, stat]
                self._refuse(at, reason, "give a series of its Average, too", "metric")
        for query in dict.fromkeys(self._queries):
            if (query.metric, query.stat) not in self.samples:
                continue
            try:
                statistics.of(query.metric, query.stat, query.period)
            except WindowError as error:
                at = self._fed_by[query.metric, query.stat]
                self._refuse(at, f"{described(query)}: {error.reason}", error.fix, "values")

    def _refuse(self, at: int, reason: str, fix: str, key: str) -> None:
        self._refuse_at(("series", at, key), reason, fix)

    def _refuse_at(self, keys: tuple[str | int, ...], reason: str, fix: str) -> None:
        refusal = self._file.refusal(reason, fix, "tests", self._number, *keys)
        if refusal not in self.refusals:
            self.refusals.append(refusal)
