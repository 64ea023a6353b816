"""The series of an alarm's queries: statistics of metrics, and expressions over them."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import MathQuery, MetricAlarm, MetricQuery
from simulator.cloudwatch.expressions import (
    ExpressionError,
    evaluate,
    parse,
    timestamps,
)
from simulator.cloudwatch.series import Grid, Values
from simulator.cloudwatch.statistics import Statistics
from simulator.cloudwatch.windows import WindowError


@dataclass(frozen=True, slots=True)
class Queries:
    """Works queries out over the statistics of one feed."""

    statistics: Statistics
    extra: int

    @property
    def grid(self) -> Grid:
        """The steps that there is a value of."""
        return self.statistics.grid

    def series_of(self, alarm: MetricAlarm, age: int = 0) -> dict[str, Values]:
        """Give the series of all of the alarm's metrics, and of the expressions it needs, by ids.

        As an evaluation has them whose newest datapoint is ``age`` periods later: expressions that
        look back see no further than the oldest that it fetched, which are the alarm's periods and
        ``extra``. A metric that the feed does not have is missing throughout. Raises
        ``RefusedError`` where a statistic or an expression cannot be told.
        """
        found = {
            query.id: self._metric(alarm, query)
            for query in alarm.queries
            if isinstance(query, MetricQuery)
        }
        math = {query.id: query for query in alarm.queries if isinstance(query, MathQuery)}
        self._work_out(alarm, alarm.returned, math, found, (), alarm.periods + self.extra - 1 - age)
        return found

    def look_back(self, alarm: MetricAlarm, series: Container[str]) -> bool:
        """Say whether one of the expressions in ``series`` looks back, so that its age matters."""
        return any(
            parse(query.expression).looks_back
            for query in alarm.queries
            if isinstance(query, MathQuery) and query.id in series
        )

    def _work_out(
        self,
        alarm: MetricAlarm,
        id_: str,
        math: Mapping[str, MathQuery],
        found: dict[str, Values],
        above: tuple[str, ...],
        reach: int,
    ) -> None:
        """Add the series called ``id_`` to those ``found``, after those that it is made of."""
        if id_ in found:
            return
        if id_ not in math:
            ids = ", ".join(sorted({*found, *math})) or "none"
            raise _refused(alarm, id_, "no query has this id", f"ids are: {ids}")
        if id_ in above:
            circle = " -> ".join((*above, id_))
            raise _refused(alarm, id_, f"expressions form a circle: {circle}", "break it")
        try:
            node = parse(math[id_].expression)
            for needed in sorted(node.names):
                self._work_out(alarm, needed, math, found, (*above, id_), reach)
            lag = alarm.period // self.grid.step
            stamps = None if self.grid.start is None else timestamps(self.grid, lag)
            key = (alarm.name, id_, reach if self.look_back(alarm, {*found, id_}) else None)
            known = self.statistics.expressions
            if key not in known:
                step = self.grid.step
                known[key] = evaluate(node, found, lag, step=step, reach=reach, stamps=stamps)
            found[id_] = known[key]
        except ExpressionError as error:
            where = f"{id_}, character {error.place} of {error.text}"
            (refusal,) = error.refusals
            raise _refused(alarm, where, refusal.reason, refusal.fix) from None

    def _metric(self, alarm: MetricAlarm, query: MetricQuery) -> Values:
        what = f"{query.id}: {query.stat} of {query.metric.namespace} {query.metric.name}"
        if query.period != alarm.period:
            why = f"its period is {query.period} s, the alarm's {alarm.period} s"
            raise _refused(alarm, what, why, "give the queries of an alarm one period")
        try:
            return self.statistics.of(query.metric, query.stat, query.period)
        except WindowError as error:
            raise _refused(alarm, what, error.reason, error.fix) from None


def _refused(alarm: MetricAlarm, what: str, why: str, fix: str) -> RefusedError:
    return RefusedError(f"{alarm.place} ({alarm.name})", [Refusal(what, why, fix)])
