"""What a service's callers see: errors, slowness, silence, and the objective's burn."""

from collections.abc import Iterator

from runbook.alarms.alarm import (
    HOUR,
    MINUTE,
    Alarm,
    Comparison,
    CompositeAlarm,
    Metric,
    MetricAlarm,
    Missing,
    Stands,
)
from runbook.alarms.placeholders import BALANCER, target_group
from runbook.model.environment import Environment
from runbook.model.objectives import FAST_BURN, SLOW_BURN, Burn
from runbook.model.services import Service

NAMESPACE = "AWS/ApplicationELB"
# Fewer errors than this in a window are no rate: one of three requests is 33 %.
FEWEST_ERRORS = 5
FEWEST_REQUESTS = 20
# Half of one colour: the new one's, while it is deployed.
COLOUR_ILL = "api-colour-ill"
# As ECS is told of them: the target group, and the alternate one.
COLOURS = ("blue", "green")


def colours(service: Service) -> tuple[str, ...]:
    """Name the target groups that a service has: both count, since they swap roles."""
    return COLOURS if service.strategy == "blue_green" else COLOURS[:1]


def of_group(key: str, colour: str, name: str, stat: str, id_: str | None = None) -> Metric:
    """Read a metric of one target group."""
    return Metric(
        id=id_ or colour,
        namespace=NAMESPACE,
        name=name,
        stat=stat,
        dimensions={"LoadBalancer": BALANCER, "TargetGroup": target_group(key, colour)},
    )


def of_balancer(name: str, id_: str) -> Metric:
    """Read a metric of the load balancer itself."""
    return Metric(
        id=id_, namespace=NAMESPACE, name=name, stat="Sum", dimensions={"LoadBalancer": BALANCER}
    )


def deployment_alarms(environment: Environment, key: str) -> tuple[str, ...]:
    """Name the alarms of a service that end a deployment: what its callers see (ROVN-DEP-4).

    Not the burn of the objective: it still rings for what an earlier deployment did.
    """
    service = environment.services[key]
    errors, ill = _error_rate(environment, key, service), _unhealthy(key, service)
    alarms = (
        errors,
        *(part for part in ill.every if part.id == COLOUR_ILL),
        _latency(key, service),
    )
    return tuple(alarm.name(environment.slug) for alarm in alarms)


def web_alarms(environment: Environment, key: str, service: Service) -> Iterator[Alarm]:
    """List what is watched of one service at the load balancer."""
    yield _error_rate(environment, key, service)
    yield _unhealthy(key, service)
    yield _latency(key, service)
    yield _silence(key)
    yield _burn(key, service, "slo-fast-burn", FAST_BURN, "sev-1")
    yield _burn(key, service, "slo-slow-burn", SLOW_BURN, "sev-2")


def error_metrics(key: str, service: Service) -> tuple[Metric, ...]:
    """Read what counts errors and requests.

    A request that no target took is an error of the balancer's and no request of any group. Of
    several services behind one balancer each counts its own requests, or a busy one would hide
    the failures of a quiet one; whose the balancer's own errors were, it does not tell.
    """
    return (
        of_balancer("HTTPCode_ELB_5XX_Count", "balancer"),
        *(of_group(key, c, "HTTPCode_Target_5XX_Count", "Sum") for c in colours(service)),
        *(of_group(key, c, "RequestCount", "Sum", f"n_{c}") for c in colours(service)),
    )


def error_percent(service: Service, fewest: int = FEWEST_ERRORS) -> str:
    """Write the share of requests that ended with 5xx, percent; 0 below ``fewest`` errors.

    Errors are divided by requests, or by themselves where no target took any: 100 % then.
    """
    errors = " + ".join(f"FILL({name}, 0)" for name in ("balancer", *colours(service)))
    requests = " + ".join(f"FILL(n_{name}, 0)" for name in colours(service))
    requests = f"MAX([{requests}, {errors}])"
    return f"IF({errors} >= {fewest}, 100 * ({errors}) / {requests}, 0)"


def _error_rate(environment: Environment, key: str, service: Service) -> MetricAlarm:
    return MetricAlarm(
        id="api-5xx-rate",
        subject=key,
        symptom="Requests end with 5xx, from the service's tasks or from the load balancer",
        clauses=("ROVN-ALM-1", "ROVN-DEP-4"),
        source="D5: 5xx > 1 % / 5 min. Fewer than five errors are no rate, our own reading",
        severity="sev-1",
        playbook="api-5xx-rate",
        resets="Five minutes with a smaller share of errors",
        stands=Stands.SERVICE,
        metrics=error_metrics(key, service),
        expression=error_percent(service),
        unit="% of requests",
        comparison=Comparison.ABOVE,
        threshold=environment.alarms.error_percent,
        period=5 * MINUTE,
        periods=1,
        breaching=1,
        missing=Missing.WELL,
        missing_because="The expression fills what is missing with 0; silence is api-no-traffic's",
    )


def _unhealthy(key: str, service: Service) -> CompositeAlarm:
    """Ring when most tasks are ill, of both colours together.

    A new colour that does not come up serves nobody: by half of its own tasks it ends its
    deployment, and wakes nobody.
    """
    ill = {
        colour: (f"FILL(bad_{colour}, 0)", f"FILL(good_{colour}, 0)") for colour in colours(service)
    }
    shares = ", ".join(_share(bad, good) for bad, good in ill.values())
    worst = f"MAX([{shares}])" if len(ill) > 1 else shares
    of_all = _share(*(" + ".join(each) for each in zip(*ill.values(), strict=True)))
    parts = (
        _ill(key, service, COLOUR_ILL, "half of a colour's tasks", worst, Comparison.AT_LEAST),
        _ill(key, service, "api-tasks-ill", "more than half of all", of_all, Comparison.ABOVE),
    )
    return CompositeAlarm(
        id="api-unhealthy-hosts",
        subject=key,
        symptom="More than half of the tasks fail the load balancer's health check",
        clauses=("ROVN-HLT-1",),
        source="R3: 200 from /health is the health of tasks. Most of them, 3 min of 5, our reading",
        severity="sev-1",
        playbook="api-unhealthy-hosts",
        resets="Three minutes of five in which half of the tasks are healthy",
        stands=Stands.SERVICE,
        every=parts,
    )


def _share(bad: str, good: str) -> str:
    return f"IF({bad} + {good} > 0, 100 * ({bad}) / ({bad} + {good}), 0)"


def _ill(
    key: str, service: Service, id_: str, what: str, expression: str, comparison: Comparison
) -> MetricAlarm:
    """Write one part of the alarm on health."""
    return MetricAlarm(
        id=id_,
        subject=key,
        symptom=f"The load balancer's health check fails for {what}",
        clauses=("ROVN-HLT-1", "ROVN-DEP-4"),
        source="R3: 200 from /health is the health of tasks. Half of them, 3 min of 5, our reading",
        severity="sev-1",
        playbook="api-unhealthy-hosts",
        resets="Three minutes of five with more healthy tasks",
        stands=Stands.SERVICE,
        metrics=tuple(
            metric
            for colour in colours(service)
            for metric in (
                of_group(key, colour, "UnHealthyHostCount", "Maximum", f"bad_{colour}"),
                of_group(key, colour, "HealthyHostCount", "Minimum", f"good_{colour}"),
            )
        ),
        expression=expression,
        unit="% of tasks",
        comparison=comparison,
        threshold=50,
        period=MINUTE,
        # Not three of three: until it has come, FILL takes the newest minute for none at all.
        periods=5,
        breaching=3,
        missing=Missing.WELL,
        missing_because="Without any task there is no health: the canary and api-5xx-rate see that",
        part=True,
    )


def _latency(key: str, service: Service) -> MetricAlarm:
    slowest = ", ".join(f"FILL({colour}, 0)" for colour in colours(service))
    slowest = f"MAX([{slowest}])" if len(colours(service)) > 1 else slowest
    requests = " + ".join(f"FILL(n_{colour}, 0)" for colour in colours(service))
    return MetricAlarm(
        id="api-p95-latency",
        subject=key,
        symptom="One of twenty requests takes longer than the objective allows",
        clauses=("ROVN-ALM-10", "ROVN-DEP-4"),
        source="R8: objectives, not thresholds alone; the number is objectives.p95_latency_ms",
        severity="sev-2",
        playbook="api-p95-latency",
        resets="Five minutes in which 95 of 100 requests are fast enough",
        stands=Stands.SERVICE,
        metrics=tuple(
            metric
            for colour in colours(service)
            for metric in (
                of_group(key, colour, "TargetResponseTime", "p95"),
                of_group(key, colour, "RequestCount", "Sum", f"n_{colour}"),
            )
        ),
        expression=f"IF({requests} >= {FEWEST_REQUESTS}, {slowest}, 0)",
        unit="seconds",
        comparison=Comparison.ABOVE,
        threshold=service.objectives.p95_latency_ms / 1000,
        period=5 * MINUTE,
        periods=3,
        breaching=3,
        missing=Missing.WELL,
        missing_because="A handful of requests has no percentile, and none is api-no-traffic's",
    )


def _silence(key: str) -> MetricAlarm:
    return MetricAlarm(
        id="api-no-traffic",
        subject=key,
        symptom="No request has come to the load balancer, not even the canary's",
        clauses=("ROVN-HLT-3",),
        source="D5: the canary asks every 30 seconds, so silence is a broken way in; our reading",
        severity="sev-2",
        playbook="api-no-traffic",
        resets="Five minutes of three with a request",
        metrics=(of_balancer("RequestCount", "requests"),),
        # Left missing, silence is judged by what came before it (docs/decisions/0039).
        expression="FILL(requests, 0)",
        unit="requests",
        comparison=Comparison.BELOW,
        threshold=1,
        period=5 * MINUTE,
        periods=3,
        breaching=3,
        missing=Missing.BAD,
        missing_because="A balancer that nobody asks writes no datapoint: that is the symptom",
    )


def _burn(key: str, service: Service, id_: str, burn: Burn, severity: str) -> CompositeAlarm:
    """Ring while a long window says that it matters, and a short one in it that it goes on."""
    told = {
        "subject": key,
        "clauses": ("ROVN-ALM-10",),
        "severity": severity,
        "playbook": id_,
        "stands": Stands.SERVICE,
    }
    objective = service.objectives
    times, windows = objective.times(burn), (burn.hours * HOUR, burn.minutes * MINUTE)
    source = (
        f"R8: SLO-driven alerting; {burn.percent} % of the budget of {objective.window_days} days "
        f"in {burn.hours} h, our reading"
    )
    resets = "One of the two windows burns slower: the short one soon after the errors end"
    parts = tuple(
        MetricAlarm(
            id=f"{id_}-{window // MINUTE}m",
            symptom=f"Errors spend the objective's budget {times:g} times too fast for "
            f"{window // MINUTE} minutes",
            source=source,
            resets=resets,
            metrics=error_metrics(key, service),
            expression=f"({error_percent(service, fewest)}) / {objective.budget_percent:g}",
            unit="times the budget",
            comparison=Comparison.ABOVE,
            threshold=times,
            period=window,
            periods=1,
            breaching=1,
            missing=Missing.WELL,
            missing_because="Missing is filled with 0: where nobody asked, nothing failed",
            part=True,
            **told,  # type: ignore[arg-type]
        )
        # A handful in the long window is no rate; the short one only says that it goes on.
        for window, fewest in zip(windows, (FEWEST_ERRORS, 1), strict=True)
    )
    return CompositeAlarm(
        id=id_,
        symptom=f"{objective.availability_percent:g} % over {objective.window_days} days will be "
        f"missed: the budget of errors burns {times:g} times too fast",
        source=source,
        resets=resets,
        every=parts,
        **told,  # type: ignore[arg-type]
    )
