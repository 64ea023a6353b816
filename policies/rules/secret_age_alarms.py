"""ROVN-SEC-3: the age of each secret is measured, and alarms before and when it is due."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.iam.resource_policies import Request, lets, statements
from policies.lookups.references import find, reference
from policies.lookups.secret_events import RULE_OF_EVENTS, targets
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known, number, switch
from runbook.model.rotation import OPERATOR_SUPPLIED
from runbook.model.secret_ages import METRIC, NAMESPACE, WINDOW_HOURS, AgeAlarm, age_alarms
from runbook.model.secrets import Secret

Json = Any
ALARM, FUNCTION = "AWS::CloudWatch::Alarm", "AWS::Lambda::Function"
TOPIC, POLICY = "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"
CLOUDWATCH, PUBLISH = "cloudwatch.amazonaws.com", "sns:Publish"


def _concerns(resource: Resource, scope: Scope) -> bool:
    if resource.type == FUNCTION:
        return _measures(resource, scope)
    return bool(resource.at("MetricName") == METRIC)


def _measures(resource: Resource, scope: Scope) -> bool:
    name = scope.principals.secret_ages.rpartition("/")[2]
    return bool(resource.at("FunctionName") == name)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == FUNCTION:
        yield from _function(resource, scope)
        return
    name = _secret(resource)
    secret = scope.environment.secrets.get(name)
    if secret is None:
        yield f"it is on {name}, which is no secret of the environment file"
        return
    if _symptom(resource, secret) is None:
        found = f"{resource.at('ComparisonOperator')} {number(resource.at('Threshold'))}"
        wanted = " or ".join(f"{one.comparison} {one.threshold}" for one in age_alarms(secret))
        yield f"it is on at {found}, not {wanted}"
    yield from _deaf(resource, scope)


def _deaf(alarm: Resource, scope: Scope) -> Iterator[str]:
    """Find what keeps an alarm that is on from being heard."""
    if (missing := alarm.at("TreatMissingData", "missing")) != "breaching":
        yield f"an age that nobody measures is {missing}, not breaching"
    if (statistic := alarm.at("Statistic")) != "Maximum":
        yield f"it looks at the {statistic} of an age, not its Maximum"
    seconds = number(alarm.at("Period", 0)) * number(alarm.at("EvaluationPeriods", 0))
    if seconds != WINDOW_HOURS * 3600:
        yield f"it looks {seconds} seconds back, not {WINDOW_HOURS * 3600}"
    if switch(alarm.at("ActionsEnabled", True)) is not True:  # noqa: FBT003 - the default of AWS
        yield "its actions are shut off"
    topics = [find(arn, scope, TOPIC) for arn in alarm.at("AlarmActions", [])]
    wanted = scope.principals.named("security")
    heard = [topic for topic in topics if topic and topic.at("TopicName") == wanted]
    if not heard:
        yield f"it tells nobody by {wanted}"
    for topic in heard:
        if not _published(topic, alarm, scope):
            yield f"the policy of {wanted} does not let {CLOUDWATCH} publish for it"


def _published(topic: Resource, alarm: Resource, scope: Scope) -> bool:
    """Say whether the topic takes what this alarm sends; key-grants-services asks its key."""
    environment = scope.environment
    place = f"{environment.region}:{environment.account}"
    call = {
        "aws:SecureTransport": "true",
        "aws:SourceAccount": environment.account,
        "aws:SourceArn": f"arn:aws:cloudwatch:{place}:alarm:{alarm.at('AlarmName')}",
    }
    said = [
        statement
        for policy in scope.resources(POLICY)
        if any(find(one, scope, TOPIC) is topic for one in policy.at("Topics", []))
        for statement in statements(policy.at("PolicyDocument"))
    ]
    return lets({"Statement": said}, Request(CLOUDWATCH, PUBLISH, reference(topic), call))


def _function(function: Resource, scope: Scope) -> Iterator[str]:
    """Want the plans of the environment file, for every secret."""
    text = function.at("Environment.Variables.PLANS")
    try:
        plans = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        plans = {}
    for name, secret in scope.environment.secrets.items():
        wanted = {
            "days": secret.rotation_days,
            "owner": secret.owner,
            "supplied": secret.mechanism == OPERATOR_SUPPLIED,
        }
        if plans.get(name) != wanted:
            yield f"its plan of {name} is {plans.get(name)}, not {wanted}"


def _required(scope: Scope) -> Iterator[str]:
    function = next((f for f in scope.resources(FUNCTION) if _measures(f, scope)), None)
    if function is None:
        name = scope.principals.secret_ages.rpartition("/")[2]
        yield f"no function is called {name}: nobody measures how old secrets are"
    elif not any(_runs(rule, function, scope) for rule in scope.resources(RULE_OF_EVENTS)):
        yield f"no schedule runs {function.logical_id}"
    there = {(_secret(alarm), _of(alarm, scope)) for alarm in _alarms(scope)}
    for name, secret in scope.environment.secrets.items():
        for wanted in age_alarms(secret):
            if (name, wanted) not in there:
                yield f"nothing alarms when {name} is {wanted.symptom} at {wanted.threshold} %"


def _runs(rule: Resource, function: Resource, scope: Scope) -> bool:
    if not rule.at("ScheduleExpression") or rule.at("State", "ENABLED") != "ENABLED":
        return False
    return any(find(target.get("Arn"), scope, FUNCTION) is function for target in targets(rule))


def _alarms(scope: Scope) -> Iterator[Resource]:
    for alarm in scope.resources(ALARM):
        named = (alarm.at("Namespace"), alarm.at("MetricName"))
        dimensions = _dimensions(alarm)
        own = dimensions.get("Environment") == scope.environment.name
        if named == (NAMESPACE, METRIC) and own and dimensions.keys() == {"Environment", "Secret"}:
            yield alarm


def _of(alarm: Resource, scope: Scope) -> AgeAlarm | None:
    secret = scope.environment.secrets.get(_secret(alarm))
    return _symptom(alarm, secret) if secret else None


def _symptom(alarm: Resource, secret: Secret) -> AgeAlarm | None:
    on = (alarm.at("ComparisonOperator"), number(alarm.at("Threshold")))
    wanted = (one for one in age_alarms(secret) if (one.comparison, one.threshold) == on)
    return next(wanted, None)


def _secret(alarm: Resource) -> str:
    return str(_dimensions(alarm).get("Secret"))


def _dimensions(alarm: Resource) -> Mapping[str, Json]:
    found = [known(one) for one in closed(alarm.at("Dimensions", []))]
    return {one.get("Name"): one.get("Value") for one in found}


RULE = Rule(
    id="secret-age-alarms",
    title="The age of every secret is measured and alarms when it is due, and before where a "
    "person brings the next value",
    why="A key that no machine can replace gets old in silence, and so does one whose rotation "
    "stopped: nobody asks for either.",
    remedy="Leave function and alarms to runbook_constructs.secret_ages; cadence and owner stand "
    "in [secrets] of the environment file, thresholds in runbook/model/secret_ages.py.",
    clauses=("ROVN-SEC-3",),
    controls=("HIPAA 164.308(a)(5)(ii)(D)", "NIST AU-6", "NIST IA-5", "SOC2 CC7.2"),
    types=(ALARM, FUNCTION),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
