"""What an alarm is: one readable definition each, from which everything else is made."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAY, HOUR, MINUTE = 86_400, 3_600, 60
# CloudWatch looks back a day, a week where the period is an hour or longer.
LONGEST_WINDOW, LONGEST_WINDOW_OF_HOURS = DAY, 7 * DAY
MOST_METRICS = 10
# The id of the expression whose value is held against the threshold.
RESULT = "result"
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Sentence = Annotated[str, Field(min_length=10, max_length=300)]
Severity = Annotated[str, Field(pattern=r"^[a-z]+-?[0-9]$")]


class Comparison(StrEnum):
    """How a datapoint is held against the threshold; the words are CloudWatch's."""

    ABOVE = "GreaterThanThreshold"
    AT_LEAST = "GreaterThanOrEqualToThreshold"
    BELOW = "LessThanThreshold"
    AT_MOST = "LessThanOrEqualToThreshold"

    @property
    def sign(self) -> str:
        """The sign that people write."""
        return {"ABOVE": ">", "AT_LEAST": ">=", "BELOW": "<", "AT_MOST": "<="}[self.name]


class Missing(StrEnum):
    """What a datapoint that did not come means; the words are CloudWatch's."""

    WELL = "notBreaching"
    BAD = "breaching"
    AS_BEFORE = "ignore"
    UNKNOWN = "missing"


class Stands(StrEnum):
    """The stack that an alarm is rendered in.

    With the service, because its deployments are rolled back by it; with the certificate, because
    a name that another stack imports cannot change; in Route 53's region, because its metrics are
    nowhere else; else in the alarms stack.
    """

    ALARMS = "alarms"
    PLATFORM = "platform"
    SERVICE = "service"
    PROBE = "probe"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Metric(_Data):
    """One series of CloudWatch.

    ``id`` is its name in the expression. A dimension's value in braces, such as
    ``{balancer}``, is known at the deploy only: ``runbook.alarms.placeholders`` lists them.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    namespace: str
    name: str
    stat: str
    dimensions: Mapping[str, str] = Field(default_factory=dict)


class _Told(_Data):
    """What every alarm says of itself, whatever it watches."""

    id: Id
    # What it is about, where one environment has several: a service, a secret, a queue.
    subject: Id | None = None
    symptom: Sentence
    clauses: Annotated[tuple[str, ...], Field(min_length=1)]
    # Whence threshold and window: the clause's words, or that they are our own reading.
    source: Sentence
    severity: Severity
    playbook: Id
    resets: Sentence
    stands: Stands = Stands.ALARMS

    @property
    def key(self) -> str:
        """Its name on a command line: ``id``, or ``id/subject``."""
        return self.id if self.subject is None else f"{self.id}/{self.subject}"

    def name(self, slug: str) -> str:
        """Its name in CloudWatch, in the environment called ``slug``."""
        return "-".join(part for part in (slug, self.id, self.subject) if part)


class MetricAlarm(_Told):
    """An alarm on one metric, or on an expression over several of one period.

    ``period`` in seconds; ``breaching`` of the last ``periods`` datapoints ring it. A ``part`` of a
    composite tells nobody itself.
    """

    kind: Literal["metric"] = "metric"
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=MOST_METRICS)]
    # Over the metrics' ids; None is the one metric itself.
    expression: str | None = None
    unit: Annotated[str, Field(description="What the threshold counts, such as %.")]
    comparison: Comparison
    threshold: float
    period: Annotated[int, Field(ge=MINUTE)]
    periods: Annotated[int, Field(ge=1)]
    breaching: Annotated[int, Field(ge=1)]
    missing: Missing
    missing_because: Sentence
    part: bool = False

    @property
    def window(self) -> int:
        """How far it looks back, in seconds."""
        return self.period * self.periods

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.period % MINUTE:
            raise ValueError(f"{self.key}: a period is whole minutes, not {self.period} seconds")
        if self.breaching > self.periods:
            raise ValueError(f"{self.key}: {self.breaching} of {self.periods} datapoints never are")
        most = LONGEST_WINDOW_OF_HOURS if self.period >= HOUR else LONGEST_WINDOW
        if self.window > most:
            raise ValueError(f"{self.key}: looks {self.window} seconds back, {most} at most")
        if self.expression is None and len(self.metrics) > 1:
            raise ValueError(f"{self.key}: several metrics need an expression")
        if len({metric.id for metric in self.metrics}) != len(self.metrics):
            raise ValueError(f"{self.key}: two metrics have one id")
        return self


class CompositeAlarm(_Told):
    """An alarm that rings while all of its parts ring."""

    kind: Literal["composite"] = "composite"
    every: Annotated[tuple[MetricAlarm, ...], Field(min_length=2)]

    def rule(self, slug: str) -> str:
        """Write the rule as CloudWatch takes it."""
        return " AND ".join(f'ALARM("{part.name(slug)}")' for part in self.every)

    @model_validator(mode="after")
    def _of_parts(self) -> Self:
        if not all(part.part for part in self.every):
            raise ValueError(f"{self.key}: what stands in a composite is a part and tells nobody")
        return self


class BudgetAlarm(_Told):
    """A budget of AWS Budgets: it tells by itself, a day late, and has no datapoints."""

    kind: Literal["budget"] = "budget"
    monthly_usd: Annotated[int, Field(ge=1)]
    # Percent of the month's budget that is spent, and that AWS expects to be.
    spent_percent: tuple[int, ...]
    forecast_percent: int


Alarm = MetricAlarm | CompositeAlarm | BudgetAlarm
