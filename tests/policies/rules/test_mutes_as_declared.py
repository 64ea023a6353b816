"""mutes-as-declared (ROVN-SEV-1)."""

import pytest

from policies.lookups.mutes import MUTE_RULE
from policies.rules.mutes_as_declared import RULE
from runbook.alarms.mute_rules import mute_rules, muted_alarms
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, plain_id, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, add, all_pass, faults, setting

PART = "paging"
# The same in either region: in Route 53's, the probes' stack has them.
NIGHT, MORNING = "MutedMonTueWedThuAt17For810M", "MutedMonTueWedThuFriAt04For300M"
WEEKEND = "MutedFriAt17For3690M"
SCHEDULE = "Rule.Schedule"
EXPRESSION, DURATION, ZONE = (f"{SCHEDULE}.{n}" for n in ("Expression", "Duration", "Timezone"))
CPU, RATE = "rovn-production-rds-cpu", "rovn-production-api-5xx-rate-passport-api"
NAMES = "MuteTargets.AlarmNames"


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.clause("ALL-7")
def test_three_rules_mute_what_has_hours(real: Real) -> None:
    assert all_pass(real, RULE, NIGHT, MORNING, WEEKEND)
    environment = load_environment(real.name)
    assert len(mute_rules(environment)) == 3
    assert len(muted_alarms(environment, environment.region)) > 20


def more(*names: str) -> Spoil:
    """Have the night's rule name some more."""

    def spoil(body: Json) -> None:
        properties(body, MUTE_RULE, NIGHT)["MuteTargets"]["AlarmNames"] += names

    return spoil


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (EXPRESSION, "cron(0 16 * * MON,TUE,WED,THU)", "open in business hours: 2027-01-04 16:00"),
        (DURATION, "PT16H1M", "open in business hours: 2027-01-01 09:00 for 0:01:00"),
        (DURATION, "P16D", "P16D is not between a minute and 15 days"),
        (EXPRESSION, "at(2027-01-01T00:00)", "no window of each week"),
        (EXPRESSION, "cron(0 17 1 * *)", "no window of each week"),
        (ZONE, "UTC", "its hours are of UTC, not of America/New_York"),
        (ZONE, ABSENT, "its hours are of UTC, not of America/New_York"),
        ("StartDate", "2030-01-01T00:00", "it has StartDate"),
        ("ExpireDate", "2027-01-01T00:00", "it has ExpireDate"),
        (NAMES, [], "it names 0 alarms, and a rule takes 1 to 100"),
        (NAMES, ["x"] * 101, "it names 101 alarms"),
        (NAMES, [RATE], f"it mutes {RATE}, which is to be heard at any hour"),
        (NAMES, ["rovn-staging-rds-cpu"], "or is no alarm of ours"),
    ],
)
def test_one_spoiled_property_is_told(
    production: Real, path: str, value: object, message: str
) -> None:
    told = faults(production, RULE, PART, setting(MUTE_RULE, NIGHT, path, value))
    assert message in told[NIGHT]


def test_another_evening_leaves_one_unmuted(production: Real) -> None:
    spoil = setting(MUTE_RULE, NIGHT, EXPRESSION, "cron(0 17 * * SUN,MON,TUE,WED)")
    (told,) = faults(production, RULE, PART, spoil).items()
    assert told[0] is None
    assert " others: not muted at 2026-12-31 19:00" in told[1]


@pytest.mark.parametrize("name", [NIGHT, MORNING, WEEKEND])
def test_a_rule_that_is_gone_is_missed(production: Real, name: str) -> None:
    def spoil(body: Json) -> None:
        (gone,) = (each for each in body["Resources"] if plain_id(each) == name)
        del body["Resources"][gone]

    (told,) = faults(production, RULE, PART, spoil).items()
    assert told[0] is None
    assert " others: not muted at 202" in told[1]


def test_the_hour_that_one_window_over_a_night_gets_wrong_is_found(production: Real) -> None:
    """From closing to opening in one piece: right on every night but those of a change."""
    told = faults(production, RULE, PART, setting(MUTE_RULE, WEEKEND, DURATION, "P2DT16H"))
    assert told[WEEKEND].startswith("it is open in business hours: 2027-03-15 09:00 for 1:00:00")


def test_one_alarm_that_is_left_out_is_named(production: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, MUTE_RULE, MORNING)["MuteTargets"]["AlarmNames"].remove(CPU)

    told = faults(production, RULE, PART, spoil)
    assert told.keys() == {None}
    assert f"{CPU}: not muted at 2027-01-01 06:30 for 2:30:00" in str(told[None])


def test_a_rule_that_stands_elsewhere_mutes_nothing() -> None:
    given = {
        "MuteTargets": {"AlarmNames": [CPU]},
        "Rule": {
            "Schedule": {
                "Expression": "cron(0 4 * * SAT)",
                "Duration": "PT1H",
                "Timezone": "America/New_York",
            }
        },
    }
    body = {"Thing": {"Type": MUTE_RULE, "Properties": given}}
    assert verdicts(RULE, template(PART, body)) == {"Thing": "pass"}
    elsewhere = verdicts(RULE, template(PART, body, region="us-east-1"))
    assert elsewhere["Thing"].endswith("or is no alarm of ours in us-east-1")


@pytest.mark.clause("ROVN-SEV-1")
def test_what_stands_in_route_53_s_region_is_muted_there(production: Real) -> None:
    def spoil(body: Json) -> None:
        for gone in [each for each in body["Resources"] if plain_id(each) == NIGHT]:
            del body["Resources"][gone]

    (told,) = faults(production, RULE, "probes", spoil).items()
    queue = "rovn-production-messages-undelivered-identity-events-dead-letters"
    assert told[0] is None
    assert told[1].startswith(f"{queue}: not muted at ")


@pytest.mark.parametrize("path", [EXPRESSION, ZONE, NAMES, f"{NAMES}.0", "ExpireDate"])
def test_an_open_value_fails(production: Real, path: str) -> None:
    told = faults(production, RULE, PART, setting(MUTE_RULE, NIGHT, path, OPEN))
    assert "${SomeParameter} is open" in told[NIGHT]


def test_what_is_no_mute_rule_is_not_looked_at() -> None:
    body = {"Type": "AWS::S3::Bucket", "Properties": {}}
    nothing = {None: "rovn/production has nothing that the rule looks at"}
    assert verdicts(RULE, template(PART, {"Thing": body})) == nothing


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("name", [RATE, "rovn-production-test-page"])
def test_only_this_rule_sees_a_muted_page(real: Real, name: str) -> None:
    named = name.replace("rovn-production", real.name.replace("/", "-"))
    assert real.caught(PART, more(named)) == {("mutes-as-declared", NIGHT)}


def test_only_this_rule_sees_one_more_mute(real: Real) -> None:
    slug = real.name.replace("/", "-")
    spoil = add(
        "Another",
        MUTE_RULE,
        Name=f"{slug}-another",
        MuteTargets={"AlarmNames": [f"{slug}-rds-cpu"]},
        Rule={
            "Schedule": {
                "Expression": "cron(0 9 * * MON)",
                "Duration": "PT1H",
                "Timezone": "America/New_York",
            }
        },
    )
    assert real.caught(PART, spoil) == {("mutes-as-declared", "Another")}
