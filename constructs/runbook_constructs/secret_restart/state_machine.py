"""A restart as a state machine's definition: what it waits for, and how often it is tried."""

from typing import Any

Json = dict[str, Any]
# Secrets that rotate one after another share a restart when they come within this time.
GATHER_SECONDS = 60
POLL_SECONDS = 60
# New tasks that do not come up take the deployment back; a passing cause is gone at the next try.
TRIES = 3
# A release that is under way first, and each try with its bake time: all within the shortest time
# that a previous value goes on working (docs/decisions/0033).
HOURS = 8
CALL_SECONDS = 30
RESTARTED, NOTHING_RUNS, FAILED = "Restarted", "NothingRuns", "Failed"
NEVER = "NeverRestarted"
UNDER_WAY = [
    "PENDING",
    "IN_PROGRESS",
    "STOP_REQUESTED",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
]
# Before the first release of a service nobody has read the old value.
_GONE = [
    "Ecs.ClusterNotFoundException",
    "Ecs.ServiceNotActiveException",
    "Ecs.ServiceNotFoundException",
]


def definition(cluster: str) -> Json:
    """Write the definition in Amazon States Language.

    The input has ``service`` (physical name), ``secret`` and ``rotated``, the time of the new
    value. Done is a deployment that began after that time and went well, whoever asked for it:
    its tasks have read the new value. Whatever does not end so ends in a Fail or a time-out.
    """
    states: Json = {"Gather": _wait(GATHER_SECONDS, "Look1")}
    for number in range(1, TRIES + 2):
        states |= _look(number, cluster)
        if number <= TRIES:
            states |= _restart(number, cluster)
    return {
        "Comment": "New tasks of who reads a secret that was rotated: docs/decisions/0033",
        "StartAt": "Gather",
        "TimeoutSeconds": HOURS * 3600,
        "States": states
        | {
            RESTARTED: {"Type": "Succeed"},
            NOTHING_RUNS: {"Type": "Succeed"},
            NEVER: {
                "Type": "Fail",
                "Error": NEVER,
                "Cause": f"{TRIES} restarts were taken back: tasks go on with the value of before",
            },
            FAILED: {
                "Type": "Fail",
                "ErrorPath": "$.failure.Error",
                "CausePath": "$.failure.Cause",
            },
        },
    }


def _look(number: int, cluster: str) -> Json:
    """Wait until no deployment is under way, then see whether one since the rotation went well.

    In this order: one that ends between the two is seen by the second.
    """
    otherwise = f"Restart{number}" if number <= TRIES else NEVER
    of_service = {"Cluster": cluster, "Service.$": "$.service"}
    since = {"CreatedAt": {"After.$": "$.rotated"}, "Status": ["SUCCESSFUL"]}
    return {
        f"Look{number}": _call(
            "listServiceDeployments",
            {**of_service, "Status": UNDER_WAY},
            f"IsUnderWay{number}",
            result="$.under_way",
        ),
        f"IsUnderWay{number}": _any(
            "$.under_way", f"WaitForEnd{number}", otherwise=f"LookBack{number}"
        ),
        f"WaitForEnd{number}": _wait(POLL_SECONDS, f"Look{number}"),
        f"LookBack{number}": _call(
            "listServiceDeployments",
            {**of_service, **since},
            f"IsRestarted{number}",
            result="$.since",
        ),
        f"IsRestarted{number}": _any("$.since", RESTARTED, otherwise=otherwise),
    }


def _restart(number: int, cluster: str) -> Json:
    """Ask for new tasks of the revision that runs; any other parameter would be a deploy.

    ROVN-DEP-3: the rule no-forced-deployment lets these three through, here alone.
    """
    parameters = {"Cluster": cluster, "Service.$": "$.service", "ForceNewDeployment": True}
    then = f"WaitForEnd{number + 1}"
    return {f"Restart{number}": _call("updateService", parameters, then, result=None)}


def _call(action: str, parameters: Json, then: str, *, result: str | None) -> Json:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:ecs:{action}",
        "Parameters": parameters,
        "ResultPath": result,
        "TimeoutSeconds": CALL_SECONDS,
        "Retry": [
            {"ErrorEquals": _GONE, "MaxAttempts": 0},
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 2,
                "BackoffRate": 2,
                "MaxAttempts": 8,
                "MaxDelaySeconds": 120,
                "JitterStrategy": "FULL",
            },
        ],
        "Catch": [
            {"ErrorEquals": _GONE, "ResultPath": "$.failure", "Next": NOTHING_RUNS},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": FAILED},
        ],
        "Next": then,
    }


def _any(path: str, then: str, *, otherwise: str) -> Json:
    """Choose by whether ECS has named a deployment."""
    first = {"Variable": f"{path}.ServiceDeployments[0]", "IsPresent": True, "Next": then}
    return {"Type": "Choice", "Choices": [first], "Default": otherwise}


def _wait(seconds: int, then: str) -> Json:
    return {"Type": "Wait", "Seconds": seconds, "Next": then}
