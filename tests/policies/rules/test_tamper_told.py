"""tamper-told (ROVN-ALM-6)."""

import json

import pytest

from policies.lookups.tampering import ELSEWHERE
from policies.rules.tamper_told import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, all_pass, faults, setting

PART, EVENTS = "event-watch", "AWS::Events::Rule"
OUTSIDE, INSIDE = "WatchAuditTamper", "WatchAuditTamperInside"
TRANSFORMER = "Targets.0.InputTransformer"
PATHS, TEMPLATE = f"{TRANSFORMER}.InputPathsMap", f"{TRANSFORMER}.InputTemplate"
NAMES = {"outside": "rovn-production-audit-tamper", "inside": "rovn-production-audit-tamper-inside"}
SEV_2 = "arn:aws:sns:us-east-2:111122223333:rovn-production-sev-2"


def test_both_rules_pass(real: Real) -> None:
    assert all_pass(real, RULE, OUTSIDE, INSIDE)


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (INSIDE, "State", "DISABLED", "it is DISABLED: nothing is counted"),
        (INSIDE, "EventBusName", "mine", "it listens to mine, where AWS says nothing"),
        (
            OUTSIDE,
            "Targets.0.DeadLetterConfig",
            ABSENT,
            "what target does not take is lost: it has no dead-letter queue",
        ),
        (INSIDE, "Targets.0.Arn", SEV_2, "it tells nobody by rovn-production-sev-1"),
        (OUTSIDE, "Targets.0.Arn", f"{SEV_2}-x", "it tells nobody by rovn-production-sev-2"),
    ],
)
def test_a_rule_that_is_deaf_or_tells_nobody(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, setting(EVENTS, name, path, value))[name] == message


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("from", ABSENT, "its message has no field for from"),
        (
            "from",
            "$.detail.userAgent",
            "its message breaks by what may stand in $.detail.userAgent",
        ),
        (
            "principal",
            "$.detail.userIdentity.arn",
            "its message breaks by what may stand in $.detail.userIdentity.arn",
        ),
    ],
)
def test_a_message_that_may_break(
    production: Real, field: str, value: object, message: str
) -> None:
    told = faults(production, RULE, PART, setting(EVENTS, INSIDE, f"{PATHS}.{field}", value))
    assert message in told[INSIDE]


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("<principal>", "who ($.detail.userIdentity.principalId)"),
        ("<call>", "what ($.detail.eventName)"),
        ("<from>", "from where ($.detail.sourceIPAddress)"),
        ("<time>", "when ($.detail.eventTime)"),
        ("<refused>", "how it ended ($.detail.errorCode)"),
        ("<bucket>", "on which bucket ($.detail.requestParameters.bucketName)"),
    ],
)
def test_a_message_answers_what_is_asked(production: Real, word: str, asked: str) -> None:
    def spoil(body: Json) -> None:
        transformer = properties(body, EVENTS, OUTSIDE)["Targets"][0]["InputTransformer"]
        transformer["InputTemplate"] = transformer["InputTemplate"].replace(word, "")

    told = faults(production, RULE, PART, spoil)
    assert told == {OUTSIDE: f"its message does not say {asked}"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"<call> by <principal>"', "its message is no custom notification: Slack shows nothing"),
        ("{<call>}", "its message is no JSON: Slack shows nothing"),
        (json.dumps({"version": "1.0", "source": "custom", "content": {}}), "no custom"),
    ],
)
def test_a_message_that_slack_drops(production: Real, text: str, message: str) -> None:
    told = faults(production, RULE, PART, setting(EVENTS, OUTSIDE, TEMPLATE, text))
    assert message in told[OUTSIDE]


@pytest.mark.clause("ROVN-ALM-6")
@pytest.mark.parametrize(
    ("number", "unseen"),
    [
        (0, "a role calls DeleteObject on AuditRecords"),
        (1, "a role calls DeleteBucketEncryption on AuditRecords"),
        (2, "a role calls DeleteTrail on rovn-production-audit"),
        (3, "a role calls UpdateTrail on rovn-production-audit"),
        (4, "a role calls PutEventSelectors on rovn-production-audit"),
        (5, "a role calls DisableKey on AuditKey"),
        (6, "a role calls PutKeyPolicy on AuditKey"),
    ],
)
def test_each_kind_of_attempt_is_seen(production: Real, number: int, unseen: str) -> None:
    def spoil(body: Json) -> None:
        del properties(body, EVENTS, INSIDE)["EventPattern"]["detail"]["$or"][number]

    told = faults(production, RULE, PART, spoil)[None]
    assert told.startswith(f"{NAMES['inside']} does not see that {unseen}")


def test_who_it_was_decides_the_rule(production: Real) -> None:
    path = "EventPattern.detail.userIdentity.accountId"
    told = faults(production, RULE, PART, setting(EVENTS, OUTSIDE, path, [ELSEWHERE]))
    assert f"{NAMES['outside']} does not see that nobody known calls" in told[None]
    told = faults(production, RULE, PART, setting(EVENTS, OUTSIDE, path, [{"exists": True}]))
    assert "a role calls DeleteBucket on" in told[OUTSIDE]
    assert told[OUTSIDE].endswith("which is for the other rule")
    assert "a service calls" in told[None]


def test_a_deploy_pages_nobody(production: Real) -> None:
    def spoil(body: Json) -> None:
        for one in properties(body, EVENTS, INSIDE)["EventPattern"]["detail"]["$or"]:
            one.pop("sourceIPAddress", None)

    told = faults(production, RULE, PART, spoil)[INSIDE]
    assert "it takes a deploy of AuditRecords" in told
    assert "it takes a deploy of TrailRecords" in told


def test_every_touch_is_no_attempt(production: Real) -> None:
    path = "EventPattern.detail.$or.0.eventName"
    told = faults(production, RULE, PART, setting(EVENTS, INSIDE, path, [{"exists": True}]))
    assert "it takes PutObject on AuditRecords" in told[INSIDE]


def test_both_rules_must_be_there(production: Real) -> None:
    told = faults(production, RULE, PART, setting(EVENTS, INSIDE, "Name", "another"))
    assert told == {None: f"no rule is called {NAMES['inside']}"}


def test_an_open_pattern_fails(production: Real) -> None:
    path = "EventPattern.detail.userIdentity.accountId"
    told = faults(production, RULE, PART, setting(EVENTS, INSIDE, path, [OPEN]))
    assert "${SomeParameter} is open" in told[INSIDE]


def test_other_rules_are_not_looked_at() -> None:
    rule = {"Type": EVENTS, "Properties": {"Name": "mine", "ScheduleExpression": "rate(1 day)"}}
    assert verdicts(RULE, template("data", {"Thing": rule}))["Thing"] == "not_applicable"


def test_only_this_rule_sees_attempts_that_are_told_to_nobody(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, EVENTS, INSIDE)["State"] = "DISABLED"

    assert real.caught(PART, spoil) == {("tamper-told", INSIDE)}


def test_only_this_rule_sees_a_bucket_that_nobody_watches(real: Real) -> None:
    def spoil(body: Json) -> None:
        for one in properties(body, EVENTS, OUTSIDE)["EventPattern"]["detail"]["$or"]:
            if "bucketName" in one.get("requestParameters", {}):
                del one["requestParameters"]["bucketName"][1]

    assert real.caught(PART, spoil) == {("tamper-told", "")}
