"""Metrics that filters make of a service's log lines: the schema is docs/log-schema.md."""

from runbook.alarms.alarm import Metric
from runbook.model.environment import Environment

# Namespace of one service of one environment: filters without dimensions can say 0 for a line
# that does not match, so that silence and health differ.
SOURCE_ADAPTER_ERRORS = "SourceAdapterErrors"
REVERIFY_QUEUE_DEPTH = "ReverifyQueueDepth"
AI_CALLS, AI_FAILURES = "AiExecutorCalls", "AiExecutorFailures"
AI_FALLBACKS = "AiExecutorFallbacks"
AUTH_REQUESTS, AUTH_FAILURES = "AuthRequests", "AuthServerErrors"
# With a dimension Tenant: an organisation's id, never a person's.
TOKENS = "AiTokens"


def namespace(environment: Environment, service: str) -> str:
    """Name the namespace of what one service's lines say."""
    return f"Runbook/{environment.name}/{service}"


def logged(
    environment: Environment, service: str, name: str, *, id_: str, stat: str = "Sum"
) -> Metric:
    """Read one of the metrics above."""
    return Metric(id=id_, namespace=namespace(environment, service), name=name, stat=stat)
