"""A dashboard of the catalogue as CloudWatch takes it."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from runbook.alarms.placeholders import is_placeholder
from runbook.alarms.widgets import Dashboard as Definition


class Dashboard(Construct):
    """One definition of ``runbook.alarms.dashboards``, its placeholders filled.

    ``known`` maps placeholders of dimensions to what they stand for; ``KeyError`` for one that is
    not there.
    """

    def __init__(
        self, scope: Construct, id_: str, *, dashboard: Definition, known: Mapping[str, str]
    ) -> None:
        super().__init__(scope, id_)
        self.name = dashboard.name
        self.resource = cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=dashboard.name,
            dashboard_body=Stack.of(self).to_json_string(filled(dashboard.body(), known)),
        )


def filled(value: Any, known: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON is any value
    """Put what is known in the place of each placeholder; ``KeyError`` where nothing is."""
    match value:
        case str() if is_placeholder(value):
            return known[value]
        case dict():
            return {key: filled(item, known) for key, item in value.items()}
        case list():
            return [filled(item, known) for item in value]
    return value
