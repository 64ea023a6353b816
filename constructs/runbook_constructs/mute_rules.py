"""Rules that mute what wakes nobody, outside business hours, in the region of the stack."""

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from runbook.alarms.mute_rules import mute_rules
from runbook.alarms.words import hours
from runbook.model.environment import Environment


class MuteRules(Construct):
    """The environment's mute rules of one region; none where all that stands there wakes people.

    CloudWatch takes a rule for alarms that are there only (ROVN-SEV-1).
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(scope, id_)
        said = hours(environment.alerting)
        for rule in mute_rules(environment, Stack.of(self).region):
            cloudwatch.CfnAlarmMuteRule(
                self,
                rule.name.removeprefix(f"{environment.slug}-muted-").title().replace("-", ""),
                name=rule.name,
                description=f"Outside {said}: what wakes nobody waits until these begin",
                rule=cloudwatch.CfnAlarmMuteRule.RuleProperty(
                    schedule=cloudwatch.CfnAlarmMuteRule.ScheduleProperty(
                        expression=rule.window.expression,
                        duration=rule.window.duration,
                        timezone=environment.alerting.time_zone,
                    )
                ),
                mute_targets=cloudwatch.CfnAlarmMuteRule.MuteTargetsProperty(
                    alarm_names=list(rule.alarms)
                ),
            )
