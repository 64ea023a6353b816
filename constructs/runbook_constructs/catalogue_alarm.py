"""An alarm of the catalogue as CloudWatch takes it."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct, IDependable

from runbook.alarms.alarm import RESULT, CompositeAlarm, Metric, MetricAlarm
from runbook.alarms.placeholders import is_placeholder


class CatalogueAlarm(Construct):
    """One definition of ``runbook.alarms``, with the parts of a composite below it.

    ``topics`` are the ARNs that it tells, when it rings and when it ends; a part tells none.
    ``known`` maps placeholders of dimensions to what they stand for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        alarm: MetricAlarm | CompositeAlarm,
        slug: str,
        environment_name: str,
        topics: list[str],
        known: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self._slug, self._environment, self._known = slug, environment_name, known
        self.name = alarm.name(slug)
        self.resource: cloudwatch.CfnAlarm | cloudwatch.CfnCompositeAlarm
        if isinstance(alarm, MetricAlarm):
            self.resource = self._metric("Alarm", alarm, topics)
            return
        parts: list[IDependable] = [
            self._metric(_id(part.id), part, topics=[]) for part in alarm.every
        ]
        self.resource = cloudwatch.CfnCompositeAlarm(
            self,
            "Alarm",
            alarm_name=self.name,
            alarm_description=self._description(alarm),
            alarm_rule=alarm.rule(slug),
            actions_enabled=True,
            alarm_actions=topics,
            ok_actions=topics,
        )
        self.resource.node.add_dependency(*parts)

    def _metric(self, id_: str, alarm: MetricAlarm, topics: list[str]) -> cloudwatch.CfnAlarm:
        return cloudwatch.CfnAlarm(
            self,
            id_,
            alarm_name=alarm.name(self._slug),
            alarm_description=self._description(alarm),
            metrics=self._metrics(alarm),
            comparison_operator=alarm.comparison.value,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.breaching,
            treat_missing_data=alarm.missing.value,
            actions_enabled=True,
            alarm_actions=topics,
            ok_actions=topics,
        )

    def _metrics(self, alarm: MetricAlarm) -> list[cloudwatch.CfnAlarm.MetricDataQueryProperty]:
        """Write each series, and the expression over them last; only the last is returned."""
        alone = alarm.expression is None
        queries = [
            cloudwatch.CfnAlarm.MetricDataQueryProperty(
                id=metric.id, metric_stat=self._stat(metric, alarm.period), return_data=alone
            )
            for metric in alarm.metrics
        ]
        if alarm.expression is not None:
            queries.append(
                cloudwatch.CfnAlarm.MetricDataQueryProperty(
                    id=RESULT, expression=alarm.expression, label=alarm.unit, return_data=True
                )
            )
        return queries

    def _stat(self, metric: Metric, period: int) -> cloudwatch.CfnAlarm.MetricStatProperty:
        return cloudwatch.CfnAlarm.MetricStatProperty(
            metric=cloudwatch.CfnAlarm.MetricProperty(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=[
                    cloudwatch.CfnAlarm.DimensionProperty(name=name, value=self._value(value))
                    for name, value in metric.dimensions.items()
                ],
            ),
            period=period,
            stat=metric.stat,
        )

    def _value(self, value: str) -> str:
        return self._known[value] if is_placeholder(value) else value

    def _description(self, alarm: MetricAlarm | CompositeAlarm) -> str:
        """Say what a person woken by it wants to know first, and what to type."""
        return (
            f"{alarm.symptom}. {alarm.severity} in {self._environment} ({alarm.source}). "
            f"Read: runbook playbook {self._environment} {alarm.playbook}"
        )


def _id(name: str) -> str:
    return name.title().replace("-", "")
