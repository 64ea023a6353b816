"""Metrics that filters make of a service's log lines: the schema is docs/log-schema.json."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runbook.alarms.alarm import Metric
from runbook.model.environment import Environment

SOURCE_ADAPTER_ERRORS = "SourceAdapterErrors"
REVERIFY_QUEUE_DEPTH = "ReverifyQueueDepth"
AI_CALLS, AI_FAILURES = "AiExecutorCalls", "AiExecutorFailures"
AI_FALLBACKS = "AiExecutorFallbacks"
AUTH_REQUESTS, AUTH_FAILURES = "AuthRequests", "AuthServerErrors"
ADMIN_SIGN_INS = "AdminSignIns"
# With a dimension Tenant: an organisation's id, never a person's.
TOKENS = "AiTokens"
ONE = "1"


@dataclass(frozen=True, kw_only=True)
class LogMetric:
    """What one metric counts: lines of ``event`` for which ``also`` holds, each as ``value``.

    ``also`` are conditions of CloudWatch's filter syntax. ``value`` is a number or a field of the
    line, ``dimensions`` map a dimension to a field. A line that does not match counts as
    ``default``, so that silence and health differ; not where a dimension stands, which CloudWatch
    refuses, nor for a depth, which a 0 between two lines would falsify.
    """

    name: str
    event: str
    also: tuple[str, ...] = ()
    value: str = ONE
    default: int | None = 0
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def pattern(self) -> str:
        """Write the filter's pattern."""
        return "{ " + " && ".join((f'$.event = "{self.event}"', *self.also)) + " }"


# Reading a session, or the published keys, asks no provider: sign-in is what is posted.
_OF_AUTH = ('$.surface = "auth"', '$.method = "POST"')
LOG_METRICS = (
    LogMetric(name=SOURCE_ADAPTER_ERRORS, event="source_adapter_error"),
    LogMetric(name=REVERIFY_QUEUE_DEPTH, event="reverify_queue", value="$.depth", default=None),
    LogMetric(name=AI_CALLS, event="ai_executor_called"),
    LogMetric(name=AI_FAILURES, event="ai_executor_failed"),
    LogMetric(name=AI_FALLBACKS, event="ai_fallback_used"),
    LogMetric(name=AUTH_REQUESTS, event="request", also=_OF_AUTH),
    LogMetric(name=AUTH_FAILURES, event="request", also=(*_OF_AUTH, "$.status >= 500")),
    LogMetric(name=ADMIN_SIGN_INS, event="admin_auth"),
    LogMetric(
        name=TOKENS,
        event="ai_tokens",
        value="$.tokens",
        default=None,
        dimensions={"Tenant": "$.tenant"},
    ),
)


def namespace(environment: Environment, service: str) -> str:
    """Name the namespace of what one service's lines say; ``service`` is its key in the file."""
    return f"Runbook/{environment.name}/{service}"


def logged(
    environment: Environment, service: str, name: str, *, id_: str, stat: str = "Sum"
) -> Metric:
    """Read one of the metrics above."""
    return Metric(id=id_, namespace=namespace(environment, service), name=name, stat=stat)
