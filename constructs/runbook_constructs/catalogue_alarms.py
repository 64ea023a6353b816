"""Alarms of the catalogue, each telling its severity's topic."""

from collections.abc import Iterable, Mapping

from aws_cdk import Stack
from constructs import Construct

from runbook.alarms.alarm import BudgetAlarm, CompositeAlarm, MetricAlarm, Stands
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.delivery import topic_arn
from runbook.alarms.severities import level
from runbook.model.environment import Environment
from runbook_constructs.catalogue_alarm import CatalogueAlarm


class CatalogueAlarms(Construct):
    """Some of the environment's alarms, in the region of the stack they stand in (ALL-7).

    Topics are named by convention, of the same region: an alarm stands before them and tells
    nobody until they do. ``known`` maps placeholders of dimensions to what they stand for;
    ``KeyError`` for one that is not there. ``by_id`` are the alarms by their ids in the catalogue.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        alarms: Iterable[MetricAlarm | CompositeAlarm],
        known: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        region = Stack.of(self).region
        self.by_id: dict[str, CatalogueAlarm] = {}
        for alarm in alarms:
            severity = level(environment.organisation, alarm.severity).id
            self.by_id[alarm.key] = CatalogueAlarm(
                self,
                alarm.key.title().replace("-", "").replace("/", ""),
                alarm=alarm,
                slug=environment.slug,
                environment_name=environment.name,
                topics=[topic_arn(environment, region, severity)],
                known=known,
            )


def standing(
    environment: Environment, where: Stands, service: str | None = None
) -> tuple[MetricAlarm | CompositeAlarm, ...]:
    """Take what stands there of the environment's alarms, or of one service's; a budget is none."""
    return tuple(
        alarm
        for alarm in alarms_of(environment)
        if not isinstance(alarm, BudgetAlarm)
        if alarm.stands is where and service in (None, alarm.subject)
    )
