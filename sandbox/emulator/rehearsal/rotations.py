"""What Secrets Manager tells of rotations: service events of CloudTrail, on the bus.

Shape: the Secrets Manager user guide, "Log Secrets Manager events with AWS CloudTrail", and the
CloudTrail user guide, "AWS service events". Each attempt is told of by its begin and its end.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sandbox.emulator.own_calls import Caller
from sandbox.emulator.rehearsal.events import emit
from sandbox.emulator.rehearsal.history import HISTORY
from sandbox.emulator.services.secret_rotation import SERVICE, TOLD


def tell_of_rotations() -> None:
    """Put each event of a rotation on the bus, from now on."""
    TOLD.append(announced)


def announced(caller: Caller, name: str, secret: str) -> None:
    """Tell of one event of the rotation of a secret, given its ARN."""
    place = caller.account, caller.region
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": caller.account, "invokedBy": SERVICE},
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": SERVICE,
        "eventName": name,
        "awsRegion": caller.region,
        "sourceIPAddress": SERVICE,
        "userAgent": SERVICE,
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": {"SecretId": secret},
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": caller.account,
        "eventCategory": "Management",
    }
    HISTORY.keep(place, detail)
    emit("aws.secretsmanager", "AWS Service Event via CloudTrail", [], detail, place=place)
