"""What an alarm says is not muted: every mute rule of each region, whoever made it (ROVN-SEV-1).

A rule of one call silences a page for up to 15 days at a time, and the alarm itself shows nothing
of it. Templates are judged by ``mutes-as-declared``; what was made by hand stands in none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from botocore.exceptions import ClientError

from runbook.alarms.mute_rules import heard_always
from runbook.operations.account import Client, code_of
from runbook.verification.check import checks_that
from runbook.verification.checks.alarm_delivery import own_alarms
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

Json = Any
GONE = ("ResourceNotFound", "ResourceNotFoundException")
EXPIRED = "EXPIRED"
# Of the alarms that a rule names, so many are told: it may name a hundred.
MOST_NAMED = 3


@dataclass(frozen=True)
class _Listed:
    """One rule as its region lists it; ``stack`` declares it, empty where none does."""

    arn: str
    region: str
    stack: str

    @property
    def name(self) -> str:
        return self.arn.split(":", 6)[6]

    @property
    def where(self) -> str:
        return f"mute rule {self.name} in {self.region}"


@checks_that("alarm mutes", "ROVN-SEV-1", "ALL-7")
def mutes(live: Live, inspection: Inspection) -> None:
    """Want no rule that mutes what wakes people, and none of nobody's over the rest."""
    declared = {each.id: each.stack.name for each in live.of_type("AWS::CloudWatch::AlarmMuteRule")}
    for region in live.environment.regions:
        with inspection.looking_at(f"mute rules in {region}"):
            for arn in _arns(live.account.client("cloudwatch", region)):
                rule = _Listed(arn, region, declared.get(arn, ""))
                with inspection.looking_at(rule.where):
                    _of_rule(live, rule, inspection)


def _arns(cloudwatch: Client) -> Iterator[str]:
    """Yield a region's rules, but for those that have expired: they mute nothing any more."""
    for page in cloudwatch.get_paginator("list_alarm_mute_rules").paginate():
        for summary in page.get("AlarmMuteRuleSummaries", []):
            if summary.get("Status") != EXPIRED:
                yield summary["AlarmMuteRuleArn"]


def _of_rule(live: Live, rule: _Listed, inspection: Inspection) -> None:
    cloudwatch = live.account.client("cloudwatch", rule.region)
    try:
        told = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=rule.name)
    except ClientError as error:
        if code_of(error) not in GONE:
            raise
        # Deleted since it was listed, it mutes nothing; listed still, nobody knows what it does.
        if rule.arn in _arns(cloudwatch):
            what = "it is listed, and CloudWatch does not find it: whom it mutes is not known"
            inspection.unverified(rule.where, what, "run it again")
        return
    if named := told.get("MuteTargets", {}).get("AlarmNames"):
        _of_named(live, rule, told, named, inspection)
        return
    # The API reference is silent; AWS's code example for PutAlarmMuteRule says so.
    what = f"it names no alarm, so it mutes every alarm of the account there: {_when(told)}"
    inspection.breach(rule.where, what, _mend(rule))


def _of_named(
    live: Live, rule: _Listed, told: Mapping[str, Json], named: Sequence[str], found: Inspection
) -> None:
    always = heard_always(live.environment, rule.region)
    waking = [f"{name} ({always[name].id})" for name in named if name in always]
    is_own = own_alarms(live)
    own = [name for name in named if is_own(name)]
    unread = [stack.name for stack in live.unread if stack.region == rule.region]
    nobodys = f"no stack of {live.environment.name} declares it, and "
    if waking:
        what = f"it mutes {_some(waking)}, to be heard at every hour: {_when(told)}"
        known = rule.stack or unread
        found.breach(rule.where, what if known else nobodys + what, _mend(rule))
    elif rule.stack or not own:
        return  # when and what a declared one mutes is compared with its template
    elif unread:
        what = f"it mutes {_some(own)}, and {_some(unread)} could not be read, which may declare it"
        found.unverified(rule.where, what, "see why, and run it again")
    else:
        what = f"{nobodys}it mutes {_some(own)}: {_when(told)}"
        found.breach(rule.where, what, _mend(rule))


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _when(told: Mapping[str, Json]) -> str:
    schedule = told["Rule"]["Schedule"]
    zone = schedule.get("Timezone", "UTC")
    return f"{schedule['Expression']} of {zone} for {schedule['Duration']}, now {told['Status']}"


def _mend(rule: _Listed) -> str:
    """Say what ends it: of a declared rule its alarms alone, for without it a night is loud."""
    if rule.stack:
        return (
            f"aws cloudwatch put-alarm-mute-rule --region {rule.region} --name {quote(rule.name)} "
            "with --rule and --mute-targets as its template has them: aws cloudformation "
            f"get-template --region {rule.region} --stack-name {rule.stack}"
        )
    return (
        f"aws cloudwatch delete-alarm-mute-rule --region {rule.region} --alarm-mute-rule-name "
        f"{quote(rule.name)}; what rings is told at once. Who made it: aws cloudtrail "
        f"lookup-events --region {rule.region} --lookup-attributes "
        "AttributeKey=EventName,AttributeValue=PutAlarmMuteRule"
    )
