"""The catalogue: what it has to hold, and the numbers of the documents, word for word."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from pydantic import ValidationError

from runbook.alarms import event_rules
from runbook.alarms.alarm import (
    DAY,
    HOUR,
    LONGEST_WINDOW,
    LONGEST_WINDOW_OF_HOURS,
    MOST_METRICS,
    BudgetAlarm,
    CompositeAlarm,
    MetricAlarm,
    Missing,
    Stands,
)
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.alarms.paging import topic
from runbook.alarms.placeholders import target_group
from runbook.alarms.severities import level, levels
from runbook.alarms.web import deployment_alarms
from runbook.clauses import all_clauses
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.secret_ages import age_alarms
from runbook.model.selection import all_environments
from runbook_constructs.deployment_detector.patterns import Guarded, patterns
from tests.alarms.conftest import (
    SERVICE,
    Named,
    composite,
    named,
    production,
    with_database,
    with_second_service,
    with_service,
)
from tests.alarms.expressions import CALLED, FUNCTIONS, NAMED, Value, rings, value

VARIANTS: dict[str, Environment] = {
    **{environment.name: environment for environment in all_environments()},
    "a replica": with_database(read_replica=True),
    "one colour": with_service(strategy="rolling", gate=None),
    "two services": with_second_service(),
}
EVERY = pytest.mark.parametrize("variant", VARIANTS)
# rds-replica-lag, too, where there is a replica.
IDS = """
api-5xx-rate api-unhealthy-hosts api-p95-latency api-no-traffic ecs-running-below-desired rds-cpu
rds-connections rds-free-storage canary-failed audit-tamper-attempt audit-tamper-inside-account
source-adapter-errors reverify-queue-growing ai-executor-failures auth-errors secret-rotation-failed
secret-overdue secret-access-drift deployment-configuration-changed deploy-failed backup-failed
certificate-expiry phi-in-logs budget-exceeded slo-fast-burn slo-slow-burn
"""
# EventBridge takes rules of 64 characters, CloudWatch alarms of 255.
LONGEST_RULE, LONGEST_ALARM = 64, 255


def ids(environment: Environment) -> set[str]:
    return {alarm.id for alarm in alarms_of(environment)}


@EVERY
def test_every_alarm_that_was_asked_for_is_there(variant: str) -> None:
    assert set(IDS.split()) - ids(VARIANTS[variant]) == set()


@pytest.mark.clause("ROVN-ALM-5")
def test_a_replica_has_an_alarm_on_its_lag_and_nobody_else_has() -> None:
    lag = named(VARIANTS["a replica"], "rds-replica-lag")
    (metric,) = lag.metrics
    assert metric.dimensions == {"DBInstanceIdentifier": "rovn-production-postgres-replica"}
    assert (metric.name, lag.comparison.sign, lag.threshold) == ("ReplicaLag", ">", 60)
    assert "rds-replica-lag" not in ids(production())


@EVERY
def test_every_alarm_has_a_clause_a_severity_a_playbook_and_a_source(variant: str) -> None:
    environment, clauses = VARIANTS[variant], all_clauses()
    known = {one.id for one in levels(environment.organisation)}
    told = [*alarms_of(environment), *metric_alarms_of(environment)]
    for alarm in told:
        assert set(alarm.clauses) <= clauses.keys(), alarm.key
        assert alarm.severity in known, alarm.key
        assert alarm.playbook, alarm.key
        assert alarm.source, alarm.key
        assert alarm.resets, alarm.key


@EVERY
def test_names_are_unique_and_cloudwatch_takes_them(variant: str) -> None:
    environment = VARIANTS[variant]
    parts = [alarm for alarm in metric_alarms_of(environment) if alarm.part]
    names = [alarm.name(environment.slug) for alarm in (*alarms_of(environment), *parts)]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= LONGEST_ALARM


@EVERY
def test_a_composite_rings_no_later_and_for_nothing_else_than_its_parts(variant: str) -> None:
    environment = VARIANTS[variant]
    for alarm in alarms_of(environment):
        if isinstance(alarm, CompositeAlarm):
            names = [part.name(environment.slug) for part in alarm.every]
            assert alarm.rule(environment.slug) == " AND ".join(f'ALARM("{n}")' for n in names)
            assert len(alarm.rule(environment.slug)) <= 10_240
            assert {part.stands for part in alarm.every} == {alarm.stands}
        else:
            assert not getattr(alarm, "part", False), alarm.key


@EVERY
def test_expressions_use_what_cloudwatch_has_and_every_metric_that_they_are_given(
    variant: str,
) -> None:
    for alarm in metric_alarms_of(VARIANTS[variant]):
        metrics = {metric.id for metric in alarm.metrics}
        if alarm.expression is None:
            assert len(metrics) == 1, alarm.key
            continue
        assert set(CALLED.findall(alarm.expression)) <= FUNCTIONS, alarm.key
        assert set(NAMED.findall(alarm.expression)) == metrics, alarm.key
        assert alarm.expression.count("(") == alarm.expression.count(")")


@EVERY
def test_windows_are_as_long_as_cloudwatch_looks_back(variant: str) -> None:
    for alarm in metric_alarms_of(VARIANTS[variant]):
        most = LONGEST_WINDOW_OF_HOURS if alarm.period >= HOUR else LONGEST_WINDOW
        assert alarm.period * alarm.periods <= most, alarm.key
        assert len(alarm.metrics) <= MOST_METRICS, alarm.key


@pytest.mark.clause("ROVN-ALM-1")
def test_more_than_one_percent_of_5xx_over_five_minutes(alarm: Named) -> None:
    rate = alarm(f"api-5xx-rate/{SERVICE}")
    assert (rate.comparison.sign, rate.threshold) == (">", 1)
    assert (rate.period, rate.periods, rate.breaching) == (300, 1, 1)
    assert {metric.stat for metric in rate.metrics} == {"Sum"}
    counted = [(metric.name, metric.dimensions.get("TargetGroup")) for metric in rate.metrics]
    blue, green = target_group(SERVICE, "blue"), target_group(SERVICE, "green")
    assert counted == [
        ("HTTPCode_ELB_5XX_Count", None),
        ("HTTPCode_Target_5XX_Count", blue),
        ("HTTPCode_Target_5XX_Count", green),
        ("RequestCount", blue),
        ("RequestCount", green),
    ]


@pytest.mark.clause("ROVN-ALM-2")
def test_a_database_above_85_percent_of_its_cpu_for_15_minutes(alarm: Named) -> None:
    cpu = alarm("rds-cpu")
    assert (cpu.comparison.sign, cpu.threshold, cpu.unit) == (">", 85, "%")
    assert (cpu.window, cpu.periods, cpu.breaching) == (900, 3, 3)
    assert [(metric.name, metric.stat) for metric in cpu.metrics] == [("CPUUtilization", "Average")]
    assert cpu.missing is Missing.BAD


@pytest.mark.clause("ROVN-ALM-3")
def test_more_than_80_percent_of_400_connections_are_320(alarm: Named) -> None:
    taken = alarm("rds-connections")
    assert (taken.comparison.sign, taken.threshold) == (">", 320)
    fewer = named(with_database(max_connections=200), "rds-connections")
    assert fewer.threshold == 160


@pytest.mark.clause("ROVN-ALM-4")
def test_tasks_are_compared_by_the_averages_of_container_insights(alarm: Named) -> None:
    tasks = alarm(f"ecs-running-below-desired/{SERVICE}")
    assert [(metric.namespace, metric.name, metric.stat) for metric in tasks.metrics] == [
        ("ECS/ContainerInsights", "DesiredTaskCount", "Average"),
        ("ECS/ContainerInsights", "RunningTaskCount", "Average"),
        ("ECS/ContainerInsights", "DeploymentCount", "Maximum"),
    ]
    assert {tuple(metric.dimensions.items()) for metric in tasks.metrics} == {
        (("ClusterName", "rovn-production"), ("ServiceName", "rovn-passport-api"))
    }


@pytest.mark.clause("ROVN-ALM-6")
def test_an_attempt_from_inside_the_account_is_the_graver_one(alarm: Named) -> None:
    inside, attempt = alarm("audit-tamper-inside-account"), alarm("audit-tamper-attempt")
    assert (inside.severity, attempt.severity) == ("sev-1", "sev-2")
    for one in (inside, attempt):
        assert (one.comparison.sign, one.threshold) == (">=", 1)
        assert (one.period, one.periods, one.breaching) == (300, 3, 1)


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.parametrize(
    ("matched", "sent", "events"),
    [(1, 1, 1), (1, None, 1), (None, 1, 1), (None, None, 0), (2, 1, 2), (1, 3, 3), (0, 0, 0)],
)
def test_an_event_is_counted_by_what_matched_or_by_what_was_sent_and_once(
    alarm: Named, matched: Value, sent: Value, events: int
) -> None:
    attempt = alarm("audit-tamper-attempt")
    assert [(metric.name, metric.stat) for metric in attempt.metrics] == [
        ("TriggeredRules", "Sum"),
        ("Invocations", "Sum"),
    ]
    assert value(attempt, {"audit_tamper": matched, "audit_tamper_sent": sent}) == events
    assert rings(attempt, {"audit_tamper": matched, "audit_tamper_sent": sent}) is (events > 0)


@pytest.mark.clause("ROVN-BCK-1")
def test_a_backup_is_counted_on_its_day_alone(alarm: Named) -> None:
    # What was sent is counted when it was given up, a day later: a backup that there was not.
    assert [metric.name for metric in alarm("backup-failed").metrics] == ["TriggeredRules"]


@EVERY
@pytest.mark.clause("ALL-3")
def test_whatever_goes_past_the_gate_is_counted_by_one_alarm_and_twice(variant: str) -> None:
    environment = VARIANTS[variant]
    counted = Counter(
        (metric.dimensions["RuleName"], metric.name)
        for alarm in metric_alarms_of(environment)
        for metric in alarm.metrics
        if alarm.id == "deployment-configuration-changed"
    )
    rules = [f"{environment.slug}-detector-{what}" for what in event_rules.DETECTOR]
    assert counted == Counter(
        (rule, name) for rule in rules for name in ("Invocations", "TriggeredRules")
    )


@EVERY
@pytest.mark.clause("ALL-7")
def test_a_page_that_could_not_be_put_aside_is_counted_of_each_topic_that_pages(
    variant: str,
) -> None:
    environment = VARIANTS[variant]
    topics = [
        topic(environment.slug, each.id)
        for each in levels(environment.organisation)
        if "pager" in each.channels
    ]
    alarms = [a for a in metric_alarms_of(environment) if a.id == "page-undelivered"]
    assert topics
    assert alarms
    for undelivered in alarms:
        assert Counter((m.dimensions["TopicName"], m.name) for m in undelivered.metrics) == Counter(
            (name, f"NumberOfNotifications{what}ToDlq")
            for name in topics
            for what in ("Redriven", "FailedToRedrive")
        )
        for metric in undelivered.metrics:
            assert rings(undelivered, {metric.id: 1.0}) is True
        assert rings(undelivered, {}) is False


@pytest.mark.clause("ROVN-BCK-1")
def test_least_free_storage_says_of_which_size_it_is() -> None:
    least = named(with_database(allocated_storage_gb=200), "rds-free-storage")
    assert least.threshold == 10 * 1024**3
    assert "5 % of the 200 GB that the file names" in least.source


@pytest.mark.clause("ROVN-ALM-9")
def test_an_outage_of_sign_in_wakes_somebody(alarm: Named) -> None:
    outage = alarm(f"auth-errors/{SERVICE}")
    assert outage.severity == "sev-1"
    assert level("rovn", "P0").id == "sev-1"


@pytest.mark.clause("ROVN-ALM-10")
@pytest.mark.parametrize(
    ("id_", "times", "windows", "severity"),
    [
        ("slo-fast-burn", 14.4, (3600, 300), "sev-1"),
        ("slo-slow-burn", 6, (21_600, 1800), "sev-2"),
    ],
)
def test_an_objective_burns_over_a_long_window_and_a_short_one(
    environment: Environment, id_: str, times: float, windows: tuple[int, int], severity: str
) -> None:
    burn = composite(environment, f"{id_}/{SERVICE}")
    assert tuple(part.window for part in burn.every) == windows
    assert {part.threshold for part in burn.every} == {times}
    assert burn.severity == severity
    # 99.9 % leave 0.1 % of requests to fail.
    assert all(str(part.expression).endswith(" / 0.1") for part in burn.every)


@pytest.mark.clause("ROVN-HLT-3")
def test_a_canary_that_is_silent_is_an_outage_once_it_has_run(environment: Environment) -> None:
    canary = composite(environment, f"canary-failed/{SERVICE}")
    runs, armed = canary.every
    assert (runs.missing, armed.missing) == (Missing.BAD, Missing.WELL)
    assert (runs.comparison.sign, runs.threshold, runs.breaching, runs.periods) == ("<", 100, 3, 5)
    assert (armed.comparison.sign, armed.threshold, armed.window) == (">=", 5, 6 * DAY)
    assert canary.severity == "sev-1"
    assert {m.dimensions["CanaryName"] for part in canary.every for m in part.metrics} == {
        f"rovn-production-{SERVICE}"
    }


@pytest.mark.clause("ROVN-SEC-3")
def test_every_age_that_alarms_is_one_of_the_catalogue() -> None:
    ids_of = {"due-soon": "secret-due-soon", "late": "secret-overdue"}
    environment = production()
    wanted = {
        (f"{ids_of[age.symptom]}/{name}", age.comparison, age.threshold)
        for name, secret in environment.secrets.items()
        for age in age_alarms(secret)
    }
    found = {
        (alarm.key, alarm.comparison.value, alarm.threshold)
        for alarm in metric_alarms_of(environment)
        if alarm.id in ids_of.values()
    }
    assert found == wanted
    for key, _, _ in found:
        late = named(environment, key)
        assert (late.window, late.missing) == (12 * HOUR, Missing.BAD)
        assert environment.secrets[str(late.subject)].owner in late.source


@pytest.mark.clause("ROVN-SEC-6")
def test_one_reader_or_two_hours_without_a_look_rings(alarm: Named) -> None:
    drift = alarm("secret-access-drift")
    assert (drift.comparison.sign, drift.threshold, drift.window) == (">", 0, 2 * HOUR)
    # One period: a grant that was taken back within the hour rings as well.
    assert drift.periods == 1
    assert (drift.missing, drift.severity) == (Missing.BAD, "sev-1")
    assert [rings(drift, {"readers": count}) for count in (0.0, 1.0, None)] == [False, True, True]
    assert "two hours" in drift.symptom


@pytest.mark.clause("ROVN-ALM-7")
@pytest.mark.parametrize(
    ("depths", "rung"),
    [
        # Full within minutes, and no deeper after that.
        ((1000, 1000, 1000, 1000), True),
        ((3, 40, 41, 500), True),
        ((1, 1, 1, 1), True),
        # It shrinks in one half hour, or nothing waits.
        ((1000, 1000, 900, 1000), False),
        ((1000, 600, 100, 0), False),
        ((0, 0, 0, 0), False),
    ],
)
def test_a_queue_that_does_not_shrink_for_three_half_hours_rings(
    alarm: Named, depths: tuple[int, ...], rung: bool
) -> None:
    stuck = alarm(f"reverify-queue-growing/{SERVICE}")
    assert (stuck.period, stuck.periods, stuck.breaching) == (1800, 3, 3)
    assert [metric.stat for metric in stuck.metrics] == ["Maximum"]
    told = [
        rings(stuck, {"depth": float(now)}, {"depth": float(before)})
        for before, now in pairwise(depths)
    ]
    assert all(told) is rung
    # DIFF has nothing for the first datapoint, and that is no ring.
    assert rings(stuck, {"depth": 1000.0}) is None


def test_connections_ring_until_fewer_than_three_minutes_of_five_are_above(alarm: Named) -> None:
    taken = alarm("rds-connections")
    assert (taken.periods, taken.breaching) == (5, 3)
    assert taken.resets == "Three minutes of five with fewer"


@pytest.mark.clause("ROVN-CST-1")
def test_a_budget_is_the_files(environment: Environment) -> None:
    (budget,) = [a for a in alarms_of(environment) if isinstance(a, BudgetAlarm)]
    assert budget.monthly_usd == environment.costs.monthly_usd
    assert (budget.spent_percent, budget.forecast_percent) == ((80, 100), 100)


@pytest.mark.parametrize(("strategy", "count"), [("blue_green", 2), ("rolling", 1)])
def test_each_colour_is_counted_and_no_other(strategy: str, count: int) -> None:
    environment = with_service(strategy=strategy)
    for id_ in ("api-5xx-rate", "api-tasks-ill", "api-p95-latency", "slo-fast-burn-5m"):
        metrics = named(environment, f"{id_}/{SERVICE}").metrics
        groups = {m.dimensions["TargetGroup"] for m in metrics if "TargetGroup" in m.dimensions}
        assert len(groups) == count, id_


def test_a_second_service_has_alarms_of_its_own() -> None:
    environment = VARIANTS["two services"]
    keys = {alarm.key for alarm in alarms_of(environment)}
    of_first = {key for key in keys if key.endswith(f"/{SERVICE}")}
    assert of_first
    assert {key.replace(SERVICE, "second") for key in of_first} <= keys
    # A busy neighbour behind the same balancer hides no failure.
    metrics = named(environment, "api-5xx-rate/second").metrics
    requests = [m.dimensions for m in metrics if m.name == "RequestCount"]
    assert [d["TargetGroup"] for d in requests] == [target_group("second", "blue")]


@EVERY
def test_rules_of_events_have_names_that_eventbridge_takes(variant: str) -> None:
    environment = VARIANTS[variant]
    slugs = {environment.slug, f"{'o' * 10}-{'e' * 20}"}
    told = [f"{slug}-{rule}" for slug in slugs for rule in _rules()]
    assert max(map(len, told)) <= LONGEST_RULE
    counted = {
        metric.dimensions["RuleName"]
        for alarm in metric_alarms_of(environment)
        for metric in alarm.metrics
        if metric.namespace == "AWS/Events"
    }
    assert counted == {f"{environment.slug}-{rule}" for rule in _rules()}


def _rules() -> Iterator[str]:
    yield from (f"detector-{what}" for what in event_rules.DETECTOR)
    yield from event_rules.DEPLOYS
    yield from (event_rules.TAMPER, event_rules.TAMPER_INSIDE)
    yield from (event_rules.BACKUP_DONE, event_rules.ROTATION_FAILED)


@pytest.mark.clause("ALL-3")
def test_the_detectors_rules_are_all_counted() -> None:
    made = patterns(Guarded(slug="rovn-production", place="us-east-2:111122223333"))
    assert set(event_rules.DETECTOR) == set(made)


@pytest.mark.clause("ROVN-DEP-4")
def test_what_ends_a_deployment_stands_with_the_service(environment: Environment) -> None:
    names = deployment_alarms(environment, SERVICE)
    assert names == tuple(
        f"rovn-production-{id_}-{SERVICE}"
        for id_ in ("api-5xx-rate", "api-colour-ill", "api-p95-latency")
    )
    there = {
        alarm.name(environment.slug)
        for alarm in metric_alarms_of(environment)
        if alarm.stands is Stands.SERVICE
    }
    assert set(names) <= there


def test_twice_the_same_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = named(production(), "rds-cpu")
    monkeypatch.setattr("runbook.alarms.catalogue._alarms", lambda _: [cpu, cpu])
    with pytest.raises(ValueError, match="alarms stand twice: rds-cpu"):
        alarms_of(production())


def test_a_severity_that_no_document_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    strange = named(production(), "rds-cpu").model_copy(update={"severity": "sev-9"})
    monkeypatch.setattr("runbook.alarms.catalogue._alarms", lambda _: [strange])
    with pytest.raises(KeyError, match="sev-9"):
        alarms_of(production())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"breaching": 4}, "rds-cpu: 4 of 3 datapoints never are"),
        ({"period": 90}, "a period is whole minutes, not 90 seconds"),
        ({"period": 1800, "periods": 49}, "looks 88200 seconds back, 86400 at most"),
        ({"period": 3600, "periods": 169}, "looks 608400 seconds back, 604800 at most"),
        ({"period": 30}, "greater than or equal to 60"),
        ({"metrics": ()}, "at least 1 item"),
        ({"clauses": ()}, "at least 1 item"),
        ({"playbook": ""}, "should match pattern"),
        ({"severity": "urgent"}, "should match pattern"),
        ({"symptom": "CPU"}, "at least 10 characters"),
        ({"source": ""}, "at least 10 characters"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    """An alarm without clause, severity or playbook is none: the build stops at it."""
    said = dict(named(production(), "rds-cpu"))
    with pytest.raises(ValidationError, match=message):
        MetricAlarm.model_validate(said | changed)


def test_two_metrics_need_an_expression_and_ids_of_their_own() -> None:
    said = dict(named(production(), f"api-5xx-rate/{SERVICE}"))
    with pytest.raises(ValidationError, match="several metrics need an expression"):
        MetricAlarm.model_validate(said | {"expression": None})
    twice = (said["metrics"][0], said["metrics"][0])
    with pytest.raises(ValidationError, match="two metrics have one id"):
        MetricAlarm.model_validate(said | {"metrics": twice})


def test_what_tells_by_itself_is_no_part() -> None:
    canary = composite(production(), f"canary-failed/{SERVICE}")
    told = tuple(part.model_copy(update={"part": False}) for part in canary.every)
    with pytest.raises(ValidationError, match="is a part and tells nobody"):
        CompositeAlarm.model_validate(dict(canary) | {"every": told})


def test_staging_watches_what_production_watches() -> None:
    """A smaller environment of the same code: no alarm is first met in production."""
    staging, whole = load_environment("rovn/staging"), production()
    assert ids(staging) == ids(whole)
