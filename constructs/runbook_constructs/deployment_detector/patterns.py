"""What takes the release gate away, or goes past it, as event patterns.

EventBridge's operators see single values only, never an object: ``deploymentConfiguration`` itself
cannot be asked for, so each value that it may hold is. An empty list of hooks has none; what the
service is left with, which the call's answer tells, shows that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pattern = Mapping[str, Any]
CALL = "AWS API Call via CloudTrail"
CLOUDFORMATION = "cloudformation.amazonaws.com"
ECS = "ecs.amazonaws.com"
_THERE, _ABSENT = [{"exists": True}], [{"exists": False}]
# Every single value that an UpdateService may carry there; a test reads them in botocore's model.
CONFIGURATION = (
    "alarms.alarmNames",
    "alarms.enable",
    "alarms.rollback",
    "bakeTimeInMinutes",
    "canaryConfiguration.canaryBakeTimeInMinutes",
    "canaryConfiguration.canaryPercent",
    "deploymentCircuitBreaker.enable",
    "deploymentCircuitBreaker.resetOnHealthyTask",
    "deploymentCircuitBreaker.rollback",
    "deploymentCircuitBreaker.thresholdConfiguration.type",
    "deploymentCircuitBreaker.thresholdConfiguration.value",
    "earlySuccessCriteria.enable",
    "earlySuccessCriteria.healthyPercent",
    "earlySuccessCriteria.sourceServiceRevisionCleanup",
    "lifecycleHooks.hookTargetArn",
    "lifecycleHooks.lifecycleStages",
    "lifecycleHooks.roleArn",
    "lifecycleHooks.targetType",
    "lifecycleHooks.timeoutConfiguration.action",
    "lifecycleHooks.timeoutConfiguration.timeoutInMinutes",
    "linearConfiguration.stepBakeTimeInMinutes",
    "linearConfiguration.stepPercent",
    "maximumPercent",
    "minimumHealthyPercent",
    "strategy",
)
ROUTING = (
    "deploymentController.type",
    "loadBalancers.advancedConfiguration.alternateTargetGroupArn",
    "loadBalancers.advancedConfiguration.productionListenerRule",
    "loadBalancers.advancedConfiguration.roleArn",
    "loadBalancers.advancedConfiguration.testListenerRule",
    "loadBalancers.containerName",
    "loadBalancers.containerPort",
    "loadBalancers.loadBalancerName",
    "loadBalancers.targetGroupArn",
)


@dataclass(frozen=True)
class Guarded:
    """What of an environment is watched; ``place`` is ``<region>:<account>``."""

    slug: str
    place: str

    @property
    def cluster(self) -> list[str]:
        """Both ways in which a call may name the cluster; without one it means ``default``."""
        return [self.slug, f"arn:aws:ecs:{self.place}:cluster/{self.slug}"]


def patterns(guarded: Guarded) -> dict[str, Pattern]:
    """Map the name of each rule to its pattern."""
    of_cluster = {"requestParameters": {"cluster": guarded.cluster}}
    balancing = f"arn:aws:elasticloadbalancing:{guarded.place}"
    listener = [{"prefix": f"{balancing}:listener/app/{guarded.slug}/"}]
    rule = [{"prefix": f"{balancing}:listener-rule/app/{guarded.slug}/"}]
    ours = [{"wildcard": f"*{guarded.slug}-*"}]
    # Whoever sets a value in the configuration may have changed the hooks with it.
    configuration = {"deploymentConfiguration": {"$or": _each(CONFIGURATION)}}
    update = ["UpdateService"]
    return {
        "configuration": _calls(
            "ecs",
            update,
            {"requestParameters": {"cluster": guarded.cluster, **configuration}},
        ),
        "routing": _calls(
            "ecs",
            update,
            {"requestParameters": {"cluster": guarded.cluster, "$or": _each(ROUTING)}},
        ),
        # Without hooks, or without the strategy that has them: whatever was asked for.
        "ungated": _calls(
            "ecs",
            update,
            {
                **of_cluster,
                "errorCode": _ABSENT,
                "responseElements": {
                    "service": {
                        "deploymentConfiguration": {
                            "$or": [
                                {"lifecycleHooks": {"hookTargetArn": _ABSENT}},
                                {"strategy": [{"anything-but": ["BLUE_GREEN"]}]},
                            ]
                        }
                    }
                },
            },
        ),
        # A service in the place of the gated one, or tasks that no deployment brought.
        "replacement": _calls(
            "ecs",
            [
                *("CreateService", "CreateTaskSet", "DeleteService", "DeleteTaskSet"),
                *("UpdateServicePrimaryTaskSet", "UpdateTaskSet"),
            ],
            of_cluster,
        ),
        # Traffic by hand: ECS itself shifts it, in its own name.
        "traffic": _calls(
            "elasticloadbalancing",
            [
                *("CreateListener", "CreateRule", "DeleteListener", "DeleteRule"),
                *("ModifyListener", "ModifyRule", "SetRulePriorities"),
            ],
            {
                "$or": [
                    {"requestParameters": {"ruleArn": rule}},
                    {"requestParameters": {"listenerArn": listener}},
                    {"requestParameters": {"rulePriorities": {"ruleArn": rule}}},
                    {
                        "requestParameters": {
                            "loadBalancerArn": [
                                {"prefix": f"{balancing}:loadbalancer/app/{guarded.slug}/"}
                            ]
                        }
                    },
                ]
            },
            but=[CLOUDFORMATION, ECS],
        ),
        # A gate of other code lets everything through. CloudTrail adds dates to Lambda's calls.
        "functions": _calls(
            "lambda",
            [
                {"prefix": "UpdateFunctionCode"},
                {"prefix": "UpdateFunctionConfiguration"},
                {"prefix": "DeleteFunction"},
            ],
            {"requestParameters": {"functionName": ours}},
        ),
        "state-machines": _calls(
            "states",
            ["DeleteStateMachine", "UpdateStateMachine"],
            {"requestParameters": {"stateMachineArn": ours}},
        ),
        # Whoever means to go unseen begins here.
        "rules": _calls(
            "events",
            ["DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets"],
            {
                "$or": [
                    {"requestParameters": {"name": [{"prefix": f"{guarded.slug}-"}]}},
                    {"requestParameters": {"rule": [{"prefix": f"{guarded.slug}-"}]}},
                ]
            },
        ),
    }


def _calls(
    service: str,
    names: Sequence[Any],
    parameters: Mapping[str, Any],
    but: Sequence[str] = (CLOUDFORMATION,),
) -> Pattern:
    """Match calls by anyone but these services, refused ones too: an attempt is reason to ask."""
    return {
        "source": [f"aws.{service}"],
        "detail-type": [CALL],
        "detail": {
            "eventSource": [f"{service}.amazonaws.com"],
            "eventName": list(names),
            "sourceIPAddress": [{"anything-but": list(but)}],
            **parameters,
        },
    }


def _each(paths: Iterable[str]) -> list[Pattern]:
    """Ask for any of the values at these paths."""
    return [_at(path.split(".")) for path in paths]


def _at(steps: Sequence[str]) -> Pattern:
    return {steps[0]: _at(steps[1:]) if len(steps) > 1 else _THERE}
