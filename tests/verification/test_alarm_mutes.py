"""Mute rules that are found: whose they are, and whom they keep a page from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runbook.alarms.mute_rules import heard_always, muted_alarms
from runbook.model.environment import IDENTITY_REGION
from runbook.verification.check import all_checks
from runbook.verification.finding import Finding, Kind
from runbook.verification.judgement import Judgement
from runbook.verification.verify import Verification
from tests.playbooks.test_commands import wrong
from tests.playbooks.typed import typed
from tests.verification.aws import (
    DENIED,
    ENVIRONMENT,
    MUTE,
    NOW,
    PLACE,
    Aws,
    good,
    live,
    mute_rule,
    mute_rules,
)
from tests.verification.orders import STACK, assembly, deployed

Json = Any
LIST, GET = "cloudwatch:ListAlarmMuteRules", "cloudwatch:GetAlarmMuteRule"
HOME, ELSEWHERE = ENVIRONMENT.region, IDENTITY_REGION
QUIET = f"arn:aws:cloudwatch:{PLACE}:alarm-mute-rule:quiet"
QUIET_ELSEWHERE = QUIET.replace(HOME, ELSEWHERE)
CPU, RATE = "rovn-production-rds-cpu", "rovn-production-api-5xx-rate-passport-api"
PROBE = "rovn-production-health-check-failed-passport-api"
PAGE = "runbook verify"
GONE = ("ResourceNotFoundException", "there is no such rule")


def with_rules(**told: Json) -> Aws:
    """Give the environment more mute rules at home, by name, beside its declared one."""
    aws = good()
    more = [QUIET.replace("quiet", name) for name in told]
    aws.answers[f"{LIST}@{HOME}"] = mute_rules(MUTE, *more)

    def get(asked: Mapping[str, Json]) -> Json:
        name = asked["AlarmMuteRuleName"]
        return told.get(name, mute_rule(CPU))

    aws.answers[GET] = get
    return aws


def found(aws: Aws) -> list[Finding]:
    return all_checks()["alarm mutes"].inspect(live(aws)).findings


def only(aws: Aws) -> Finding:
    (finding,) = found(aws)
    return finding


def test_the_catalogue_has_what_is_spoiled_here() -> None:
    assert CPU in muted_alarms(ENVIRONMENT, HOME)
    assert heard_always(ENVIRONMENT, HOME)[RATE].id == "sev-1"
    assert heard_always(ENVIRONMENT, ELSEWHERE)[PROBE].id == "sev-1"


@pytest.mark.clause("ROVN-SEV-1")
def test_a_rule_made_by_hand_over_a_page_is_told_with_the_command_that_ends_it() -> None:
    finding = only(with_rules(quiet=mute_rule("another", RATE)))
    assert (finding.kind, finding.where) == (Kind.BREACH, f"mute rule quiet in {HOME}")
    assert finding.clauses == ("ROVN-SEV-1", "ALL-7")
    assert finding.what == (
        f"no stack of rovn/production declares it, and it mutes {RATE} (sev-1), to be heard at "
        "every hour: cron(0 2 * * *) of UTC for PT4H, now ACTIVE"
    )
    command = f"aws cloudwatch delete-alarm-mute-rule --region {HOME} --alarm-mute-rule-name quiet"
    assert finding.fix.startswith(f"{command}; ")
    _, _, asked = finding.fix.partition("Who made it: ")
    assert wrong([typed(PAGE, command), typed(PAGE, asked)]) == {}


@pytest.mark.clause("ROVN-SEV-1")
def test_a_declared_rule_that_was_made_to_name_a_page_is_set_back() -> None:
    aws = good()
    aws.answers[GET] = mute_rule(CPU, RATE)
    finding = only(aws)
    assert finding.kind is Kind.BREACH
    assert finding.what.startswith(f"it mutes {RATE} (sev-1), to be heard at every hour")
    name = MUTE.rpartition(":")[2]
    put = f"aws cloudwatch put-alarm-mute-rule --region {HOME} --name {name}"
    assert finding.fix.startswith(f"{put} with --rule and --mute-targets as its template has them")
    targets = f"AlarmNames={CPU}"
    rule = "Schedule={Expression='cron(0 2 * * *)',Duration=PT4H}"
    template = finding.fix.rpartition("them: ")[2]
    whole = f'{put} --rule "{rule}" --mute-targets {targets}'
    assert wrong([typed(PAGE, whole), typed(PAGE, template)]) == {}


@pytest.mark.clause("ALL-7")
def test_a_rule_made_by_hand_over_what_wakes_nobody_is_a_breach_too() -> None:
    """It may be open in business hours, of which no template knows."""
    names = [f"rovn-production-of-hand-{number}" for number in range(4)]
    finding = only(with_rules(quiet=mute_rule(CPU, *names, Status="SCHEDULED")))
    assert finding.kind is Kind.BREACH
    told = f"{CPU}, {names[0]}, {names[1]} and 2 more"
    assert f"declares it, and it mutes {told}: cron(0 2 * * *)" in finding.what
    assert finding.what.endswith("now SCHEDULED")


@pytest.mark.clause("ROVN-SEV-1")
def test_a_rule_that_names_no_alarm_mutes_all() -> None:
    finding = only(with_rules(quiet=mute_rule()))
    assert finding.kind is Kind.BREACH
    assert "it names no alarm, so it mutes every alarm" in finding.what
    assert "delete-alarm-mute-rule" in finding.fix


def test_rules_of_others_and_what_has_expired_are_no_matter_of_ours() -> None:
    assert not found(with_rules(quiet=mute_rule("rovn-staging-rds-cpu", "another")))
    aws = with_rules(quiet=mute_rule(RATE))
    aws.answers[f"{LIST}@{HOME}"] = mute_rules(QUIET, Status="EXPIRED")
    assert not found(aws)
    assert GET not in aws.calls


def test_a_state_that_nobody_knows_is_not_taken_for_expired() -> None:
    aws = with_rules(quiet=mute_rule(RATE, Status="PAUSED"))
    aws.answers[f"{LIST}@{HOME}"] = mute_rules(QUIET, Status="PAUSED")
    assert only(aws).what.endswith("now PAUSED")


@pytest.mark.clause("ROVN-SEV-1")
def test_probes_are_looked_after_where_they_stand() -> None:
    aws = good()
    aws.answers |= {
        f"{LIST}@{ELSEWHERE}": mute_rules(QUIET_ELSEWHERE),
        GET: lambda asked: mute_rule(PROBE if asked["AlarmMuteRuleName"] == "quiet" else CPU),
    }
    finding = only(aws)
    assert finding.where == f"mute rule quiet in {ELSEWHERE}"
    assert f"{PROBE} (sev-1)" in finding.what
    assert f"--region {ELSEWHERE} --alarm-mute-rule-name quiet" in finding.fix


@pytest.mark.clause("ROVN-SEV-1")
def test_every_page_of_the_list_is_read() -> None:
    aws = with_rules(quiet=mute_rule(RATE))

    def listed(asked: Mapping[str, Json]) -> Json:
        return mute_rules(QUIET) if "NextToken" in asked else mute_rules(MUTE) | {"NextToken": "2"}

    aws.answers[f"{LIST}@{HOME}"] = listed
    assert only(aws).where == f"mute rule quiet in {HOME}"


def test_a_name_that_a_shell_would_take_apart_is_quoted() -> None:
    finding = only(with_rules(**{"night; rm -rf": mute_rule(CPU)}))
    assert "--alarm-mute-rule-name 'night; rm -rf'; " in finding.fix


def test_a_rule_that_is_deleted_meanwhile_mutes_nothing() -> None:
    aws = with_rules(quiet=GONE)
    lists = iter([mute_rules(MUTE, QUIET), mute_rules(MUTE)])
    aws.answers[f"{LIST}@{HOME}"] = lambda _: next(lists)
    assert not found(aws)


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (GONE, "it is listed, and CloudWatch does not find it"),
        (DENIED, "AccessDenied"),
        (("ThrottlingException", "Rate exceeded"), "ThrottlingException"),
        ({}, "AWS answered what is not expected"),
    ],
    ids=["gone", "denied", "throttled", "odd"],
)
def test_one_rule_that_cannot_be_read_hides_no_other(answer: Json, told: str) -> None:
    first, second = found(with_rules(dark=answer, quiet=mute_rule(RATE)))
    assert (first.kind, first.where) == (Kind.UNVERIFIED, f"mute rule dark in {HOME}")
    assert told in first.what
    assert (second.kind, second.where) == (Kind.BREACH, f"mute rule quiet in {HOME}")


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize("fault", [DENIED, ("ThrottlingException", "Rate exceeded")])
def test_one_region_that_cannot_be_listed_hides_no_other(fault: Json) -> None:
    aws = with_rules(quiet=mute_rule(RATE))
    aws.answers[f"{LIST}@{ELSEWHERE}"] = fault
    one, other = found(aws)
    assert {one.kind, other.kind} == {Kind.BREACH, Kind.UNVERIFIED}
    assert f"mute rules in {ELSEWHERE}" in {one.where, other.where}


@pytest.mark.clause("ALL-9")
def test_what_a_stack_that_is_not_read_may_declare_is_not_called_nobodys(tmp_path: Path) -> None:
    """But for what wakes people: no stack may mute that."""
    aws = deployed(DescribeStacks=DENIED)
    aws.answers |= {f"{LIST}@{HOME}": mute_rules(QUIET), GET: mute_rule(CPU)}
    asked = Verification(aws.account(), assembly(tmp_path), lambda *_: Judgement(), print, NOW)
    (unverified,) = [each for each in asked.run().findings if each.check == "alarm mutes"]
    assert (unverified.kind, unverified.where) == (Kind.UNVERIFIED, f"mute rule quiet in {HOME}")
    told = f"it mutes {CPU}, and {STACK} could not be read, which may declare it"
    assert unverified.what == told
    aws.answers[GET] = mute_rule(RATE)
    (breach,) = [each for each in asked.run().findings if each.check == "alarm mutes"]
    assert breach.kind is Kind.BREACH
    assert breach.what.startswith(f"it mutes {RATE} (sev-1), to be heard at every hour")


def test_a_stack_that_is_not_read_declares_nothing_in_another_region(tmp_path: Path) -> None:
    aws = deployed(DescribeStacks=DENIED)
    aws.answers |= {f"{LIST}@{HOME}": mute_rules(QUIET), GET: mute_rule(CPU)}
    folder = assembly(tmp_path, environment=f"aws://{ENVIRONMENT.account}/{ELSEWHERE}")
    asked = Verification(aws.account(), folder, lambda *_: Judgement(), print, NOW)
    (breach,) = [each for each in asked.run().findings if each.check == "alarm mutes"]
    assert breach.kind is Kind.BREACH
    assert breach.what.startswith(f"no stack of rovn/production declares it, and it mutes {CPU}")


@pytest.mark.clause("ROVN-SEV-1")
def test_the_command_tells_of_a_page_that_is_muted_where_all_else_is_well(tmp_path: Path) -> None:
    aws = deployed()
    aws.answers |= {f"{LIST}@{HOME}": mute_rules(QUIET), GET: mute_rule(RATE)}
    asked = Verification(aws.account(), assembly(tmp_path), lambda *_: Judgement(), print, NOW)
    report = asked.run()
    assert not report.verified
    assert [each.where for each in report.findings] == [f"mute rule quiet in {HOME}"]
