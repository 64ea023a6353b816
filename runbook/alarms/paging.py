"""What watches the watching: messages nobody took, pages that failed, the monthly test page."""

from collections.abc import Iterator

from runbook.alarms.alarm import (
    DAY,
    MINUTE,
    Alarm,
    BudgetAlarm,
    Comparison,
    CompositeAlarm,
    Metric,
    MetricAlarm,
    Missing,
    Stands,
)
from runbook.alarms.severities import levels
from runbook.model.environment import IDENTITY_REGION, Environment

# Pages that no pager took, in the environment's region and in the one that probes page from.
ALERTS_DEAD_LETTERS, EDGE_ALERTS_DEAD_LETTERS = "alerts-dead-letters", "edge-alerts-dead-letters"
EVENT_WATCH_DEAD_LETTERS = "event-watch-dead-letters"
# Each queue for what a rule or a function could not deliver, by its name without the slug.
DEAD_LETTERS = (
    ALERTS_DEAD_LETTERS,
    EVENT_WATCH_DEAD_LETTERS,
    "paging-dead-letters",
    "release-records-dead-letters",
    "secret-readers-dead-letters",
    "secret-watch-dead-letters",
)
IDENTITY_DEAD_LETTERS = "identity-events-dead-letters"
NAMESPACE, SINCE_TEST = "Runbook/Paging", "DaysSinceTestPage"
TEST_PAGE, TEST_PAGE_METRIC = "test-page", "TestPage"
# What SNS counts of pages that it gave up, by the end of the metric's id: put aside, and lost.
_GIVEN_UP = {
    "": "NumberOfNotificationsRedrivenToDlq",
    "_lost": "NumberOfNotificationsFailedToRedriveToDlq",
}
# From one month's first business day to the next one's, whichever days of a week these are.
LONGEST_WITHOUT_TEST = 35


def topic(slug: str, severity: str) -> str:
    """Name the topic of one severity, the same in every region that has one."""
    return f"{slug}-{severity}"


def paging_alarms(environment: Environment) -> Iterator[Alarm]:
    """List what is watched of alarms' own ways to people, and of what they cost."""
    for queue in DEAD_LETTERS:
        yield _undelivered(environment, queue, Stands.ALARMS)
    if environment.region != IDENTITY_REGION:
        # These queues stand where IAM tells what happens in it, and their alarms with them.
        for queue in (IDENTITY_DEAD_LETTERS, EDGE_ALERTS_DEAD_LETTERS):
            yield _undelivered(environment, queue, Stands.PROBE)
        yield _failed_pages(environment, Stands.PROBE, subject="edge")
    yield _failed_pages(environment, Stands.ALARMS)
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


def _undelivered(environment: Environment, queue: str, stands: Stands) -> MetricAlarm:
    return MetricAlarm(
        id="messages-undelivered",
        subject=queue,
        symptom="A record, a rotation's follow-up or a page could not be delivered",
        clauses=("ROVN-AUD-1", "ROVN-SEC-5"),
        source="D8, D10: every event is recorded; what was not waits here. One message",
        severity="sev-2",
        playbook="messages-undelivered",
        stands=stands,
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
        missing=Missing.AS_BEFORE,
        missing_because="SQS may say nothing of a queue that nobody has used for six hours, though "
        "a message waits in it",
    )


def _failed_pages(
    environment: Environment, stands: Stands, subject: str | None = None
) -> MetricAlarm:
    """Count what SNS gave up and put aside: a failed attempt that a second one mended is none.

    Where the queue refuses it, too, the page is lost: SNS counts that by another name.
    """
    metrics = tuple(
        Metric(
            id=f"{level.id.replace('-', '_')}{end}",
            namespace="AWS/SNS",
            name=name,
            stat="Sum",
            dimensions={"TopicName": topic(environment.slug, level.id)},
        )
        for level in levels(environment.organisation)
        if "pager" in level.channels
        for end, name in _GIVEN_UP.items()
    )
    return MetricAlarm(
        id="page-undelivered",
        subject=subject,
        symptom="The pager did not take a page, however often it was tried",
        clauses=("ALL-7", "ROVN-SEV-1"),
        source="D5: P0 alarms wake the on-call rotation; one that did not arrive wakes nobody",
        severity="sev-1",
        playbook="page-undelivered",
        resets="Five minutes in which no page was put aside or lost",
        stands=stands,
        metrics=metrics,
        expression=" + ".join(f"FILL({metric.id}, 0)" for metric in metrics),
        unit="pages",
        comparison=Comparison.AT_LEAST,
        threshold=1,
        period=5 * MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="SNS counts what it gave up, and says nothing where there was nothing",
    )


def _test_page(environment: Environment) -> Iterator[Alarm]:
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
    yield _missed_test(dimensions)


def _missed_test(dimensions: dict[str, str]) -> CompositeAlarm:
    """Ring when days are too many, or nobody counts them who once did.

    A new environment has counted none: it is armed by its first count, and stays so.
    """

    def days(id_: str, stat: str) -> Metric:
        return Metric(
            id=id_, namespace=NAMESPACE, name=SINCE_TEST, stat=stat, dimensions=dimensions
        )

    def told(id_: str) -> dict[str, object]:
        return {
            "id": id_,
            "clauses": ("ALL-7", "ROVN-SEV-1"),
            "source": "Our own reading: monthly, so more than "
            f"{LONGEST_WITHOUT_TEST} days are one missed",
            "severity": "sev-2",
            "playbook": "test-page-missed",
        }

    return CompositeAlarm(
        **told("test-page-missed"),  # type: ignore[arg-type]
        symptom="No test page has been delivered for a month, or nobody has counted the days",
        resets="A test page that SNS delivered, and a day's count after it",
        every=(
            MetricAlarm(
                **told("test-page-days"),  # type: ignore[arg-type]
                symptom="The last test page is too long ago, or nobody has counted for two days",
                resets="A test page that SNS delivered, and a day's count after it",
                metrics=(days("days", "Maximum"),),
                unit="days",
                comparison=Comparison.ABOVE,
                threshold=LONGEST_WITHOUT_TEST,
                period=DAY,
                periods=2,
                breaching=2,
                missing=Missing.BAD,
                missing_because="A dead man's switch: who stops counting is the failure itself",
                part=True,
            ),
            MetricAlarm(
                **told("test-page-counted"),  # type: ignore[arg-type]
                symptom="The days since the last test page have been counted at least once",
                resets="Never: who has counted once has to go on",
                metrics=(days("counts", "SampleCount"),),
                unit="counts",
                comparison=Comparison.AT_LEAST,
                threshold=1,
                period=DAY,
                periods=1,
                breaching=1,
                missing=Missing.AS_BEFORE,
                missing_because="It stays on once it has been: silence later disarms nothing",
                part=True,
            ),
        ),
    )
