"""What asks from outside: the canary, and Route 53 from other regions (ROVN-HLT-3)."""

from collections.abc import Iterator

from runbook.alarms.alarm import (
    DAY,
    MINUTE,
    Alarm,
    Comparison,
    CompositeAlarm,
    Metric,
    MetricAlarm,
    Missing,
    Stands,
)
from runbook.alarms.canary import canary_name
from runbook.alarms.placeholders import HEALTH_CHECK
from runbook.model.environment import Environment

# What is judged together. Until as many have come, those that never did count as failed: a new
# canary's first good runs would ring.
RUNS = 5


def probe_alarms(environment: Environment, key: str) -> Iterator[Alarm]:
    """List what is watched of one service from outside.

    A canary that says nothing is an outage, but one that never said anything is new: it is armed
    by its first five runs. That it never starts, ``runbook verify`` and Route 53 see.
    """
    runs = {"CanaryName": canary_name(environment, key)}

    def told(id_: str) -> dict[str, object]:
        return {
            "id": id_,
            "subject": key,
            "clauses": ("ROVN-HLT-3",),
            "severity": "sev-1",
            "playbook": "canary-failed",
        }

    yield CompositeAlarm(
        **told("canary-failed"),  # type: ignore[arg-type]
        symptom="The canary gets no good answer from the health path, or says nothing",
        source="R3, D5: a canary hits /health every 30 s; three runs of five, our own reading",
        resets="Three good runs of five",
        every=(
            MetricAlarm(
                **told("canary-runs"),  # type: ignore[arg-type]
                symptom="Runs of the canary failed, or did not come",
                source="R3, D5: two probes a minute; three bad runs of five, our own reading",
                resets="Three good runs of five",
                metrics=(
                    Metric(
                        id="success",
                        namespace="CloudWatchSynthetics",
                        name="SuccessPercent",
                        stat="Average",
                        dimensions=runs,
                    ),
                ),
                unit="% of runs",
                comparison=Comparison.BELOW,
                threshold=100,
                period=MINUTE,
                periods=RUNS,
                breaching=3,
                missing=Missing.BAD,
                missing_because="A canary that does not run sees no outage: that is one itself",
                part=True,
            ),
            MetricAlarm(
                **told("canary-armed"),  # type: ignore[arg-type]
                symptom=f"The canary has run {RUNS} times in one of the last days",
                source="Our own reading: a new environment's canary has not begun and pages nobody",
                resets=f"Six days with fewer than {RUNS} runs in each",
                metrics=(
                    Metric(
                        id="runs",
                        namespace="CloudWatchSynthetics",
                        name="SuccessPercent",
                        stat="SampleCount",
                        dimensions=runs,
                    ),
                ),
                unit="runs",
                comparison=Comparison.AT_LEAST,
                threshold=RUNS,
                period=DAY,
                periods=6,
                breaching=1,
                missing=Missing.WELL,
                missing_because="Without runs there is nothing to arm",
                part=True,
            ),
        ),
    )
    yield MetricAlarm(
        **(told("health-check-failed") | {"playbook": "health-check-failed"}),  # type: ignore[arg-type]
        symptom="Route 53 gets no good answer from the health path, asked from several regions",
        source="R3, D5: the second vantage beside the canary, every 30 s; 3 min, our own reading",
        resets="Three minutes in which Route 53 finds it healthy",
        stands=Stands.PROBE,
        metrics=(
            Metric(
                id="status",
                namespace="AWS/Route53",
                name="HealthCheckStatus",
                stat="Minimum",
                dimensions={"HealthCheckId": HEALTH_CHECK},
            ),
        ),
        unit="1 is healthy",
        comparison=Comparison.BELOW,
        threshold=1,
        period=MINUTE,
        periods=3,
        breaching=3,
        missing=Missing.AS_BEFORE,
        missing_because="Route 53 always reports; of a new check it has not said anything yet",
    )
