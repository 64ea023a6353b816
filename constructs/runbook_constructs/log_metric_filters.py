"""Metrics of what a service's log lines say (ROVN-ALM-7, ROVN-ALM-8, ROVN-ALM-9, ROVN-CST-1)."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from runbook.alarms.log_metrics import LOG_METRICS, LogMetric


class LogMetricFilters(Construct):
    """A filter on the group that a service writes to, for each metric of the log schema.

    ``log_group`` is the group's name, ``namespace`` that of the metrics. The filters wait for
    ``group``: they are refused while it does not exist.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        log_group: str,
        group: logs.ILogGroup,
        namespace: str,
    ) -> None:
        super().__init__(scope, id_)
        for metric in LOG_METRICS:
            made = logs.CfnMetricFilter(
                self,
                metric.name,
                log_group_name=log_group,
                filter_name=metric.name,
                filter_pattern=metric.pattern,
                metric_transformations=[_transformation(metric, namespace)],
            )
            made.node.add_dependency(group)


def _transformation(
    metric: LogMetric, namespace: str
) -> logs.CfnMetricFilter.MetricTransformationProperty:
    dimensions = [
        logs.CfnMetricFilter.DimensionProperty(key=name, value=value)
        for name, value in metric.dimensions.items()
    ]
    return logs.CfnMetricFilter.MetricTransformationProperty(
        metric_namespace=namespace,
        metric_name=metric.name,
        metric_value=metric.value,
        default_value=metric.default,
        dimensions=dimensions or None,
    )
