"""Which events about secrets go to those who are on call, as event patterns."""

from collections.abc import Mapping
from typing import Any

Pattern = Mapping[str, Any]
# As the restart's state machine ends when it has not done its work.
ENDED_BADLY = ["ABORTED", "FAILED", "TIMED_OUT"]
ROTATIONS = ["RotationAbandoned", "RotationFailed", "RotationStarted", "RotationSucceeded"]


def rotations(secrets: str) -> Pattern:
    """Match every event of a rotation (ROVN-SEC-5); ``secrets`` is how the ARNs begin."""
    return {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS Service Event via CloudTrail"],
        "detail": {
            "eventSource": ["secretsmanager.amazonaws.com"],
            "eventName": ROTATIONS,
            "additionalEventData": {"SecretId": [{"prefix": secrets}]},
        },
    }


def restarts(machine: str) -> Pattern:
    """Match a restart after a rotation that did not succeed; ``machine`` is an ARN."""
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [machine], "status": ENDED_BADLY},
    }
