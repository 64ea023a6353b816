"""What watches the watching: messages nobody took, pages that failed, the monthly test page."""

from collections.abc import Iterator

from runbook.alarms.alarm import (
    DAY,
    MINUTE,
    Alarm,
    BudgetAlarm,
    Comparison,
    Metric,
    MetricAlarm,
    Missing,
)
from runbook.alarms.severities import levels
from runbook.model.environment import Environment

EVENT_WATCH_DEAD_LETTERS = "event-watch-dead-letters"
# Each queue for what a rule or a function could not deliver, by its name without the slug.
DEAD_LETTERS = (
    EVENT_WATCH_DEAD_LETTERS,
    "release-records-dead-letters",
    "secret-readers-dead-letters",
    "secret-watch-dead-letters",
)
NAMESPACE, SINCE_TEST = "Runbook/Paging", "DaysSinceTestPage"
TEST_PAGE, TEST_PAGE_METRIC = "test-page", "TestPage"
# A month and a day: one test page may be late, none may be missing.
LONGEST_WITHOUT_TEST = 32


def topic(slug: str, severity: str) -> str:
    """Name the topic of one severity, the same in every region that has one."""
    return f"{slug}-{severity}"


def paging_alarms(environment: Environment) -> Iterator[Alarm]:
    """List what is watched of alarms' own ways to people, and of what they cost."""
    for queue in DEAD_LETTERS:
        yield MetricAlarm(
            id="messages-undelivered",
            subject=queue,
            symptom="A record, a rotation's follow-up or a page could not be delivered",
            clauses=("ROVN-AUD-1", "ROVN-SEC-5"),
            source="D8, D10: every event is recorded; what was not waits here. One message",
            severity="sev-2",
            playbook="messages-undelivered",
            resets="The queue is empty: its messages were delivered again or read and removed",
            metrics=(
                Metric(
                    id="waiting",
                    namespace="AWS/SQS",
                    name="ApproximateNumberOfMessagesVisible",
                    stat="Maximum",
                    dimensions={"QueueName": f"{environment.slug}-{queue}"},
                ),
            ),
            unit="messages",
            comparison=Comparison.AT_LEAST,
            threshold=1,
            period=5 * MINUTE,
            periods=1,
            breaching=1,
            missing=Missing.WELL,
            missing_because="SQS says nothing of a queue that nobody has used for six hours",
        )
    yield _failed_pages(environment)
    yield from _test_page(environment)
    yield BudgetAlarm(
        id="budget-exceeded",
        symptom="The month's budget is spent, or will be at this pace",
        clauses=("ROVN-CST-1",),
        source="D5: AWS Budgets, per-tenant token and infrastructure spend; costs.monthly_usd",
        severity="sev-3",
        playbook="budget-exceeded",
        resets="The next month, or a larger budget",
        monthly_usd=environment.costs.monthly_usd,
        spent_percent=(80, 100),
        forecast_percent=100,
    )


def _failed_pages(environment: Environment) -> MetricAlarm:
    metrics = tuple(
        Metric(
            id=level.id.replace("-", "_"),
            namespace="AWS/SNS",
            name="NumberOfNotificationsFailed",
            stat="Sum",
            dimensions={"TopicName": topic(environment.slug, level.id)},
        )
        for level in levels(environment.organisation)
    )
    return MetricAlarm(
        id="page-undelivered",
        symptom="A topic could not hand a message to the pager or to Slack",
        clauses=("ALL-7", "ROVN-SEV-1"),
        source="D5: P0 alarms wake the on-call rotation; one that did not arrive wakes nobody",
        severity="sev-2",
        playbook="page-undelivered",
        resets="Five minutes without a failure",
        metrics=metrics,
        expression=" + ".join(f"FILL({metric.id}, 0)" for metric in metrics),
        unit="messages",
        comparison=Comparison.AT_LEAST,
        threshold=1,
        period=5 * MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="SNS counts failures, and says nothing where there were none",
    )


def _test_page(environment: Environment) -> Iterator[MetricAlarm]:
    """List the page of each month that means nothing, and what rings when it did not come."""
    dimensions = {"Environment": environment.name}
    yield MetricAlarm(
        id=TEST_PAGE,
        symptom="The monthly test of the pager: nothing is wrong, acknowledge it",
        clauses=("ALL-7", "ROVN-SEV-1"),
        source="R8, D5: a rotation that P0 wakes; that it can be woken is tried each month",
        severity="sev-1",
        playbook=TEST_PAGE,
        resets="By itself, at the next evaluation",
        metrics=(
            Metric(
                id="test",
                namespace=NAMESPACE,
                name=TEST_PAGE_METRIC,
                stat="Maximum",
                dimensions=dimensions,
            ),
        ),
        unit="test pages",
        comparison=Comparison.AT_LEAST,
        threshold=1,
        period=MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="It rings when the schedule asks for it, and at no other time",
    )
    yield MetricAlarm(
        id="test-page-missed",
        symptom="No test page has been delivered for a month, or nobody has counted the days",
        clauses=("ALL-7", "ROVN-SEV-1"),
        source=f"Our own reading: monthly, so more than {LONGEST_WITHOUT_TEST} days are one missed",
        severity="sev-2",
        playbook="test-page-missed",
        resets="A test page that SNS delivered",
        metrics=(
            Metric(
                id="days",
                namespace=NAMESPACE,
                name=SINCE_TEST,
                stat="Maximum",
                dimensions=dimensions,
            ),
        ),
        unit="days",
        comparison=Comparison.ABOVE,
        threshold=LONGEST_WITHOUT_TEST,
        period=DAY,
        periods=2,
        breaching=2,
        missing=Missing.BAD,
        missing_because="A dead man's switch: who stops counting is the failure itself",
    )
