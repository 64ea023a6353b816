"""The work of the gate as a state machine's definition: order, waits, retries, time-outs."""

from typing import Any

from runbook.model.gate import QUESTION_MINUTES, Gate

Json = dict[str, Any]
TASK_SECONDS, SNAPSHOT_SECONDS = 10, 15
# A step is one call or two to AWS; the function itself gives up before this.
STEP_SECONDS = 150
FAILED = "Failed"
# Each step may be repeated, so whatever may pass by itself is tried again.
_AGAIN: Json = {
    "ErrorEquals": [
        "AwsBusy",
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        "States.Timeout",
    ],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 4,
    "JitterStrategy": "FULL",
}
# Logs arrive a little after the task has ended.
_LATE_LOG: Json = {
    "ErrorEquals": ["NotYet"],
    "IntervalSeconds": 5,
    "BackoffRate": 1,
    "MaxAttempts": 12,
}
_BUSY_DATABASE: Json = {
    "ErrorEquals": ["DatabaseBusy"],
    "IntervalSeconds": 30,
    "BackoffRate": 1,
    "MaxAttempts": 10,
}
_CATCH: list[Json] = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": FAILED}]


def definition(steps_arn: str, gate: Gate) -> Json:
    """Write the definition in Amazon States Language; ``steps_arn`` is the steps' function.

    Every way that does not end in ``Done`` ends in a Fail: the hook answers FAILED to both.
    """
    machine = _Machine(steps_arn)
    question = QUESTION_MINUTES * 60
    states: Json = {
        **machine.task("Ask", "ask", question, "Decide"),
        **machine.step("Decide", "decide", "IsPending", _LATE_LOG),
        "IsPending": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.decision", "StringEquals": "done", "Next": "Done"},
                {"Variable": "$.decision", "StringEquals": "migrate", "Next": "Snapshot"},
                {"Variable": "$.decision", "StringEquals": "check", "Next": "Check"},
            ],
            "Default": "Undecided",
        },
        "Undecided": _fail("Failed", "The steps decided nothing that is known here"),
        **machine.step("Snapshot", "snapshot", "WaitForSnapshot", _BUSY_DATABASE),
        **machine.wait_for(
            "Snapshot",
            step="watch-snapshot",
            until="$.available",
            every=SNAPSHOT_SECONDS,
            limit=gate.snapshot_minutes * 60,
            then="Migrate",
        ),
        **machine.task("Migrate", "migrate", gate.migration_minutes * 60, "HearMigration"),
        **machine.step("HearMigration", "hear-migration", "Check", _LATE_LOG),
        **machine.task("Check", "check", question, "HearCheck"),
        **machine.step("HearCheck", "hear-check", "Done", _LATE_LOG),
        "Done": {"Type": "Succeed"},
        FAILED: {
            "Type": "Fail",
            "ErrorPath": "$.failure.Error",
            "CausePath": "$.failure.Cause",
        },
    }
    return {
        "Comment": "What a release waits for before its first task: docs/decisions/0025",
        "StartAt": "Ask",
        "TimeoutSeconds": gate.work_minutes * 60,
        "States": states,
    }


class _Machine:
    def __init__(self, steps_arn: str) -> None:
        self._steps_arn = steps_arn

    def step(self, name: str, step: str, then: str, *retries: Json) -> Json:
        """Write one step: what it returns is the state from then on."""
        return {
            name: {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {
                    "FunctionName": self._steps_arn,
                    "Payload": {"step": step, "state.$": "$"},
                },
                "OutputPath": "$.Payload",
                "TimeoutSeconds": STEP_SECONDS,
                "Retry": [*retries, _AGAIN],
                "Catch": _CATCH,
                "Next": then,
            }
        }

    def task(self, name: str, step: str, limit: int, then: str) -> Json:
        """Start a one-off task and wait until it has stopped."""
        return {
            **self.step(name, step, f"WaitFor{name}"),
            **self.wait_for(
                name,
                step="watch-task",
                until="$.stopped",
                every=TASK_SECONDS,
                limit=limit,
                then=then,
            ),
        }

    def wait_for(
        self, name: str, *, step: str, until: str, every: int, limit: int, then: str
    ) -> Json:
        """Look ``every`` so many seconds until it is so, at most ``limit`` seconds long."""
        wait, watch, over = f"WaitFor{name}", f"Watch{name}", f"Is{name}Over"
        late = f"{name}TookTooLong"
        return {
            wait: {"Type": "Wait", "Seconds": every, "Next": watch},
            **self.step(watch, step, over),
            over: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": until, "BooleanEquals": True, "Next": then},
                    {
                        "Variable": "$.polls",
                        "NumericGreaterThanEquals": limit // every,
                        "Next": late,
                    },
                ],
                "Default": wait,
            },
            late: _fail("TimedOut", f"{name} took more than {limit // 60} minutes"),
        }


def _fail(error: str, cause: str) -> Json:
    return {"Type": "Fail", "Error": error, "Cause": cause}
