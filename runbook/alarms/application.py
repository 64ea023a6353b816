"""What the service's own log lines tell: sources, AI, sign-in, and PHI where none belongs."""

from collections.abc import Iterator

from runbook.alarms.alarm import MINUTE, Alarm, Comparison, Metric, MetricAlarm, Missing
from runbook.alarms.log_metrics import (
    AI_CALLS,
    AI_FAILURES,
    AUTH_FAILURES,
    AUTH_REQUESTS,
    REVERIFY_QUEUE_DEPTH,
    SOURCE_ADAPTER_ERRORS,
    logged,
)
from runbook.log_groups import log_groups
from runbook.model.environment import Environment
from runbook.model.services import Service

FEWEST_FAILURES = 5
AI_FAILURE_PERCENT = 20
# Fewer people sign in than call: one who tries again and again is no outage either.
FEWEST_SIGN_INS, AUTH_FAILURE_PERCENT = 3, 5


def application_alarms(environment: Environment, key: str, service: Service) -> Iterator[Alarm]:
    """List what is watched in the log lines of one service."""
    yield MetricAlarm(
        id="source-adapter-errors",
        subject=key,
        symptom="A source authority gives no usable answer, again and again",
        clauses=("ROVN-ALM-7", "ROVN-PLB-1"),
        source="R5.1: adapter exceptions; five in five minutes, twice in a row, our own reading",
        severity="sev-2",
        playbook="source-adapter-errors",
        resets="Five minutes with fewer than five",
        metrics=(logged(environment, key, SOURCE_ADAPTER_ERRORS, id_="errors"),),
        unit="errors",
        comparison=Comparison.AT_LEAST,
        threshold=FEWEST_FAILURES,
        period=5 * MINUTE,
        periods=2,
        breaching=2,
        missing=Missing.WELL,
        missing_because="Who logs nothing has no adapter that fails; silence is the canary's",
    )
    yield MetricAlarm(
        id="reverify-queue-growing",
        subject=key,
        symptom="Verifications wait for their source and become no fewer, for an hour and a half",
        clauses=("ROVN-ALM-7", "ROVN-PLB-1"),
        source="R5.1: the retry queue; no shrinking in three half hours on end, our own reading",
        severity="sev-3",
        playbook="reverify-queue-growing",
        resets="Half an hour in which the queue shrinks or is empty",
        metrics=(logged(environment, key, REVERIFY_QUEUE_DEPTH, id_="depth", stat="Maximum"),),
        # How many wait, while they become no fewer: a full queue of a fast outage does not grow.
        expression="IF(DIFF(depth) >= 0, depth, 0)",
        unit="verifications that wait",
        comparison=Comparison.AT_LEAST,
        threshold=1,
        # Half an hour holds several lines: one at each interval of the worker, and of what enters.
        period=30 * MINUTE,
        periods=3,
        breaching=3,
        missing=Missing.WELL,
        missing_because="The queue is told at each interval, zero too; silence is the canary's",
    )
    yield MetricAlarm(
        id="ai-executor-failures",
        subject=key,
        symptom="Calls of the AI provider fail, and the fallback does not carry them",
        clauses=("ROVN-ALM-8", "ROVN-PLB-3"),
        source=f"R5.3: executor failures; {AI_FAILURE_PERCENT} % over 5 min, our own reading",
        severity="sev-2",
        playbook="ai-executor-failures",
        resets="Five minutes with a smaller share of failures",
        metrics=(
            logged(environment, key, AI_FAILURES, id_="failures"),
            logged(environment, key, AI_CALLS, id_="calls"),
        ),
        expression=f"IF(FILL(failures, 0) >= {FEWEST_FAILURES}, "
        "100 * FILL(failures, 0) / MAX([FILL(calls, 0), FILL(failures, 0)]), 0)",
        unit="% of calls",
        comparison=Comparison.ABOVE,
        threshold=AI_FAILURE_PERCENT,
        period=5 * MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="The expression fills what is missing with 0: no call, no failure",
    )
    yield MetricAlarm(
        id="auth-errors",
        subject=key,
        symptom="Sign-in answers with 5xx: nobody new gets in, sessions last until they expire",
        clauses=("ROVN-ALM-9", "ROVN-PLB-4"),
        source="R5.4: auth surfaces will 5xx; three and 5 % over five minutes, our own reading",
        severity="sev-1",
        playbook="auth-errors",
        resets="Five minutes with a smaller share of failures",
        metrics=(
            logged(environment, key, AUTH_FAILURES, id_="failures"),
            logged(environment, key, AUTH_REQUESTS, id_="requests"),
        ),
        expression=f"IF(FILL(failures, 0) >= {FEWEST_SIGN_INS}, "
        "100 * FILL(failures, 0) / MAX([FILL(requests, 0), FILL(failures, 0)]), 0)",
        unit="% of sign-ins",
        comparison=Comparison.ABOVE,
        threshold=AUTH_FAILURE_PERCENT,
        period=5 * MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="Who signs nobody in fails nobody; silence is the canary's",
    )
    yield _phi(key, service)


def _phi(key: str, service: Service) -> MetricAlarm:
    """Watch every group that masks: CloudWatch counts a line that it audits, masked or not."""
    findings = tuple(
        Metric(
            id=id_,
            namespace="AWS/Logs",
            name="LogEventsWithFindings",
            stat="Sum",
            dimensions={"DataProtectionOperation": "Audit", "LogGroupName": group},
        )
        for id_, group in zip(("app", "collector", "migrations"), log_groups(service), strict=True)
    )
    return MetricAlarm(
        id="phi-in-logs",
        subject=key,
        symptom="CloudWatch found what looks like PHI in log lines that were scrubbed before",
        clauses=("ROVN-LOG-1",),
        source="D5: PHI scrubbed before write; D6: suspected PHI exposure is a P0. One finding",
        severity="sev-1",
        playbook="phi-in-logs",
        resets="Five minutes without a finding",
        metrics=findings,
        expression=" + ".join(f"FILL({metric.id}, 0)" for metric in findings),
        unit="log lines",
        comparison=Comparison.AT_LEAST,
        threshold=1,
        period=5 * MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="CloudWatch counts what it finds, and says nothing where it finds nothing",
    )
