"""What a dashboard is made of: widgets on a grid of 24 columns, held to CloudWatch's limits."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runbook.alarms.alarm import MINUTE, Metric

COLUMNS, TALLEST = 24, 1000
# Quotas of CloudWatch; hidden metrics of an expression count, too.
MOST_WIDGETS, MOST_METRICS, MOST_METRICS_OF_ONE, MOST_ALARMS = 500, 2500, 500, 100
# A template of CloudFormation has 1 MB, and the body stands in one as a quoted text.
MOST_BYTES = 900_000
Title = Annotated[str, Field(min_length=3, max_length=100)]
Period = Annotated[int, Field(ge=MINUTE, multiple_of=MINUTE)]
Properties = dict[str, Any]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Series(_Data):
    """A metric drawn at one datapoint each ``period`` seconds; hidden where a formula needs it."""

    metric: Metric
    period: Period
    label: str | None = None
    hidden: bool = False

    @property
    def id(self) -> str:
        """What a formula calls it."""
        return self.metric.id

    def written(self) -> list[Any]:
        """Write it as a row of ``metrics``."""
        metric = self.metric
        names = [text for pair in metric.dimensions.items() for text in pair]
        drawn: Properties = {"id": metric.id, "stat": metric.stat, "period": self.period}
        if self.label:
            drawn["label"] = self.label
        if self.hidden:
            drawn["visible"] = False
        return [metric.namespace, metric.name, *names, drawn]


class Formula(_Data):
    """An expression over the series beside it, or a search of its own."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    expression: str
    period: Period
    label: str
    hidden: bool = False

    def written(self) -> list[Any]:
        """Write it as a row of ``metrics``."""
        drawn: Properties = {
            "id": self.id,
            "expression": self.expression,
            "period": self.period,
            "label": self.label,
        }
        if self.hidden:
            drawn["visible"] = False
        return [drawn]


class Line(_Data):
    """A horizontal line: the value at which an alarm rings, or another bound."""

    label: str
    value: float


class Graph(_Data):
    """Series over time, from 0 up or wherever they are.

    ``start`` is how far back it looks where the dashboard's own range would be too short.
    """

    title: Title
    region: str
    drawn: Annotated[tuple[Series | Formula, ...], Field(min_length=1)]
    lines: tuple[Line, ...] = ()
    start: Annotated[str, Field(pattern=r"^-P")] | None = None
    from_zero: bool = True

    @property
    def type(self) -> str:
        """The widget's type in CloudWatch's words."""
        return "metric"

    def properties(self) -> Properties:
        """Write the widget's properties."""
        found: Properties = {
            "title": self.title,
            "region": self.region,
            "view": "timeSeries",
            "stacked": False,
            "yAxis": {"left": {"showUnits": False} | ({"min": 0} if self.from_zero else {})},
            "metrics": [each.written() for each in self.drawn],
        }
        if self.lines:
            found["annotations"] = {"horizontal": [line.model_dump() for line in self.lines]}
        return found | ({"start": self.start} if self.start else {})

    @model_validator(mode="after")
    def _drawable(self) -> Self:
        ids = [each.id for each in self.drawn]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{self.title}: two series have one id")
        if len(ids) > MOST_METRICS_OF_ONE:
            raise ValueError(f"{self.title}: {len(ids)} metrics, {MOST_METRICS_OF_ONE} at most")
        if all(each.hidden for each in self.drawn):
            raise ValueError(f"{self.title}: everything in it is hidden")
        return self


class AlarmGraph(_Data):
    """An alarm's own metric and threshold, known to CloudWatch by the alarm's ARN.

    It takes one alarm, and no series beside it.
    """

    title: Title
    region: str
    alarm: str

    @property
    def type(self) -> str:
        """The widget's type in CloudWatch's words."""
        return "metric"

    def properties(self) -> Properties:
        """Write the widget's properties."""
        return {
            "title": self.title,
            "region": self.region,
            "view": "timeSeries",
            "stacked": False,
            "annotations": {"alarms": [self.alarm]},
        }


class AlarmList(_Data):
    """States of alarms by their ARNs, what rings first."""

    title: Title
    alarms: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_ALARMS)]

    @property
    def type(self) -> str:
        """The widget's type in CloudWatch's words."""
        return "alarm"

    def properties(self) -> Properties:
        """Write the widget's properties."""
        return {
            "title": self.title,
            "alarms": list(self.alarms),
            "sortBy": "stateUpdatedTimestamp",
        }


class Text(_Data):
    """Markdown."""

    markdown: Annotated[str, Field(min_length=1)]

    @property
    def type(self) -> str:
        """The widget's type in CloudWatch's words."""
        return "text"

    def properties(self) -> Properties:
        """Write the widget's properties."""
        return {"markdown": self.markdown}


class LogQuery(_Data):
    """A table of CloudWatch Logs Insights over one log group."""

    title: Title
    region: str
    log_group: str
    query: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def type(self) -> str:
        """The widget's type in CloudWatch's words."""
        return "log"

    def properties(self) -> Properties:
        """Write the widget's properties."""
        return {
            "title": self.title,
            "region": self.region,
            "view": "table",
            "query": " | ".join((f"SOURCE '{self.log_group}'", *self.query)),
        }


Shown = Graph | AlarmGraph | AlarmList | Text | LogQuery


class Widget(_Data):
    """Something shown at a place of the grid."""

    x: Annotated[int, Field(ge=0, lt=COLUMNS)]
    y: Annotated[int, Field(ge=0)]
    width: Annotated[int, Field(ge=1, le=COLUMNS)]
    height: Annotated[int, Field(ge=1, le=TALLEST)]
    shows: Shown

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        return f"{self.shows.type} at ({self.x}, {self.y}), {self.width} x {self.height}"

    def overlaps(self, other: "Widget") -> bool:
        """Say whether both cover a field of the grid."""
        beside = self.x + self.width <= other.x or other.x + other.width <= self.x
        below = self.y + self.height <= other.y or other.y + other.height <= self.y
        return not (beside or below)

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.x + self.width > COLUMNS:
            raise ValueError(f"{self.place} ends beyond column {COLUMNS}")
        return self


class Dashboard(_Data):
    """A dashboard as data; ``body`` is what CloudWatch takes, placeholders not yet filled."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")]
    widgets: Annotated[tuple[Widget, ...], Field(min_length=1, max_length=MOST_WIDGETS)]

    def body(self) -> Properties:
        """Write it; each graph keeps its own periods, whatever range is looked at."""
        return {
            "start": "-PT6H",
            "periodOverride": "inherit",
            "widgets": [
                {
                    "type": widget.shows.type,
                    **widget.model_dump(include={"x", "y", "width", "height"}),
                    "properties": widget.shows.properties(),
                }
                for widget in self.widgets
            ],
        }

    @model_validator(mode="after")
    def _shown(self) -> Self:
        for one, other in combinations(self.widgets, 2):
            if one.overlaps(other):
                raise ValueError(f"{self.name}: {one.place} overlaps {other.place}")
        graphs = [w.shows for w in self.widgets if isinstance(w.shows, Graph)]
        metrics = sum(len(graph.drawn) for graph in graphs)
        if metrics > MOST_METRICS:
            raise ValueError(f"{self.name}: {metrics} metrics, {MOST_METRICS} at most")
        size = len(json.dumps(self.body()).encode())
        if size > MOST_BYTES:
            raise ValueError(f"{self.name}: {size} bytes, {MOST_BYTES} at most")
        return self


def rows(*wanted: Sequence[tuple[int, int, Shown]]) -> tuple[Widget, ...]:
    """Lay out rows of (width, height, what is shown) from the top, each from the left."""
    found, y = [], 0
    for row in wanted:
        x = 0
        for width, height, shows in row:
            found.append(Widget(x=x, y=y, width=width, height=height, shows=shows))
            x += width
        y += max((height for _, height, _ in row), default=0)
    return tuple(found)


def in_rows(
    shown: Iterable[Shown], *, width: int, height: int
) -> Iterator[list[tuple[int, int, Shown]]]:
    """Break equal widgets into rows, as many in each as the grid has place for."""
    row: list[tuple[int, int, Shown]] = []
    for each in shown:
        row.append((width, height, each))
        if len(row) == COLUMNS // width:
            yield row
            row = []
    if row:
        yield row
