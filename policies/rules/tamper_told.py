"""ROVN-ALM-6: an attempt on the locked records is counted and told, by whom it was."""

from collections.abc import Iterator

from policies.lookups.counted_events import (
    RULE_OF_EVENTS,
    counted,
    deaf,
    severity_topic,
    takes,
    untold,
)
from policies.lookups.tampering import STRANGERS, attempts, ordinary, people
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.alarms.event_rules import TAMPER, TAMPER_INSIDE

# Each rule, the alarm that counts it, and what its message has to answer.
_ALARMS = {TAMPER: "audit-tamper-attempt", TAMPER_INSIDE: "audit-tamper-inside-account"}
ASKED = {
    "of which account": "$.detail.userIdentity.accountId",
    "who": "$.detail.userIdentity.principalId",
    "what": "$.detail.eventName",
    "on which bucket": "$.detail.requestParameters.bucketName",
    "from where": "$.detail.sourceIPAddress",
    "when": "$.detail.eventTime",
    "how it ended": "$.detail.errorCode",
    "where it is in the trail": "$.detail.eventID",
}


def _which(rule: Resource, scope: Scope) -> str | None:
    name = rule.at("Name")
    return next((one for one in _ALARMS if name == counted(one, scope)), None)


def _concerns(rule: Resource, scope: Scope) -> bool:
    return _which(rule, scope) is not None


def _judge(rule: Resource, scope: Scope) -> Iterator[str]:
    which = _which(rule, scope)
    if which is None:
        return
    yield from deaf(rule)
    yield from untold(rule, severity_topic(_ALARMS[which], scope), ASKED)
    for what, event in ordinary(scope):
        if takes(rule, event):
            yield f"it takes {what}, too"
    wrong = STRANGERS if which == TAMPER_INSIDE else people(scope.environment.account)
    for what, event in attempts(scope, wrong):
        if takes(rule, event):
            yield f"{what}, which is for the other rule"
            return


def _required(scope: Scope) -> Iterator[str]:
    if not scope.resources("AWS::CloudTrail::Trail"):
        return
    for name, by in ((TAMPER, STRANGERS), (TAMPER_INSIDE, people(scope.environment.account))):
        rules = [r for r in scope.resources(RULE_OF_EVENTS) if _which(r, scope) == name]
        if not rules:
            yield f"no rule is called {counted(name, scope)}"
            continue
        unseen = [
            what
            for what, event in attempts(scope, by)
            if not any(takes(rule, event) for rule in rules)
        ]
        if unseen:
            more = f", nor {len(unseen) - 1} attempts more" if len(unseen) > 1 else ""
            yield f"{counted(name, scope)} does not see that {unseen[0]}{more}"


RULE = Rule(
    id="tamper-told",
    title="Every attempt on the locked records is counted, and told with who, what and from where",
    why="The lock holds; who tries it, and from where, is the beginning of the next incident. From "
    "inside the account it is one already.",
    remedy="Leave the rules to runbook_constructs.event_watch, and the severity to the alarms in "
    "runbook/alarms/custody.py.",
    clauses=("ROVN-ALM-6",),
    controls=("HIPAA 164.312(b)", "NIST AU-6", "NIST AU-9", "NIST SI-4", "SOC2 CC7.2"),
    types=(RULE_OF_EVENTS,),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
