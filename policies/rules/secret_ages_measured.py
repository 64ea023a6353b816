"""ROVN-SEC-3: the age of each secret is measured; what alarms on it is alarms-as-declared's."""

import json
from collections.abc import Iterator

from policies.lookups.references import find
from policies.lookups.secret_events import RULE_OF_EVENTS, targets
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.model.rotation import OPERATOR_SUPPLIED

FUNCTION = "AWS::Lambda::Function"


def _measures(resource: Resource, scope: Scope) -> bool:
    return bool(resource.at("FunctionName") == _name(scope))


def _name(scope: Scope) -> str:
    return scope.principals.secret_ages.rpartition("/")[2]


def _judge(function: Resource, scope: Scope) -> Iterator[str]:
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
        yield f"no function is called {_name(scope)}: nobody measures how old secrets are"
    elif not any(_runs(rule, function, scope) for rule in scope.resources(RULE_OF_EVENTS)):
        yield f"no schedule runs {function.logical_id}"


def _runs(rule: Resource, function: Resource, scope: Scope) -> bool:
    if not rule.at("ScheduleExpression") or rule.at("State", "ENABLED") != "ENABLED":
        return False
    return any(find(target.get("Arn"), scope, FUNCTION) is function for target in targets(rule))


RULE = Rule(
    id="secret-ages-measured",
    title="The age of every secret is measured, by the cadence of the environment file",
    why="A key that no machine can replace gets old in silence, and so does one whose rotation "
    "stopped: nobody asks for either.",
    remedy="Leave the function to runbook_constructs.secret_ages; cadence and owner stand in "
    "[secrets] of the environment file.",
    clauses=("ROVN-SEC-3",),
    controls=("HIPAA 164.308(a)(5)(ii)(D)", "NIST AU-6", "NIST IA-5", "SOC2 CC7.2"),
    types=(FUNCTION,),
    concerns=_measures,
    judge=_judge,
    required=_required,
    waivable=False,
)
