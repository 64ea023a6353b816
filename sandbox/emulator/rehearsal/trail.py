"""What CloudTrail tells EventBridge: every call that writes, with who called and what came of it.

Of those that read it tells nobody; who read a secret is kept in its history alone.

Shape: the CloudTrail user guide, "CloudTrail record contents". Told are the calls of the services
below that reach the emulator over HTTP, just before who called has the whole answer, so that
nobody who has it looks for an event that is still to come; CloudTrail takes minutes.
What ministack's CloudFormation writes past its own API is no call, so nobody is told of it.
"""

from __future__ import annotations

import asyncio
import functools
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from botocore import parsers
from botocore.model import OperationModel
from botocore.session import Session

from sandbox.emulator.moto_fallback import (
    CREDENTIAL,
    Application,
    Receive,
    Scope,
    Send,
    credential,
    whole_body,
)
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.rehearsal.callers import identity_of
from sandbox.emulator.rehearsal.events import emit
from sandbox.emulator.rehearsal.history import HISTORY
from sandbox.emulator.rehearsal.spelled import asked_by_form, told

PATCHES.needs("ministack.services.kms", "_resolve_key")
Members = dict[str, Any]
# By the name that requests are signed for, which is also that of the event's source: botocore's.
SERVICES = {
    "cloudformation": "cloudformation",
    "codepipeline": "codepipeline",
    "ecr": "ecr",
    "ecs": "ecs",
    "elasticloadbalancing": "elbv2",
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "rds": "rds",
    "secretsmanager": "secretsmanager",
    "ssm": "ssm",
    "states": "stepfunctions",
}
# Services without a region: their calls are told of in one region alone, whoever calls from where.
HOMES = {"iam": "us-east-1"}
# EventBridge is told of calls that change something; the others are data events or read-only.
READS = (
    *("BatchCheck", "BatchGet", "Describe", "Get", "Head", "List", "Poll", "PutEvents", "Test"),
    # KMS's uses of a key, of which it tells nobody what they hold.
    *("Decrypt", "DeriveSharedSecret", "Encrypt", "Generate", "ReEncrypt", "Sign", "Verify"),
)
# Read-only calls that the history of CloudTrail keeps here: who read a secret.
LOOKED_UP = ("BatchGetSecretValue", "GetSecretValue")


@dataclass
class Answer:
    """What the emulator answered, as it went by."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def take(self, message: Mapping[str, Any]) -> None:
        """Take up one message of ASGI's."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            pairs = message.get("headers", [])
            self.headers = {name.decode().lower(): value.decode() for name, value in pairs}
        else:
            self.body += message.get("body", b"")


def with_trail(application: Application) -> Application:
    """Wrap the emulator's ASGI application, and tell of calls as they are answered."""

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        account, region, service = credential(scope)
        if service not in SERVICES:
            await application(scope, receive, send)
            return
        body, answer, given = await whole_body(receive), Answer(), False
        operation, place = operation_of(service, scope, body), (account, region)

        async def again() -> dict[str, Any]:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def seen(message: dict[str, Any]) -> None:
            answer.take(message)
            try:
                if operation is not None and _is_last(message):
                    await asyncio.to_thread(tell, place, service, operation, scope, body, answer)
            finally:
                await send(message)

        await application(scope, again, seen)

    return gateway


def _is_last(message: Mapping[str, Any]) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


def operation_of(service: str, scope: Scope, body: bytes) -> OperationModel | None:
    """Return the model of the call if it is one that is told of."""
    model = _session().get_service_model(SERVICES[service])
    name = dict(scope["headers"]).get(b"x-amz-target", b"").decode().rpartition(".")[2]
    if not name:
        name = dict(parse_qsl(body.decode("utf-8", "replace"))).get("Action", "")
    if name not in model.operation_names or (is_read(name) and name not in LOOKED_UP):
        return None
    return model.operation_model(name)


def is_read(name: str) -> bool:
    """Whether a call changes nothing, so that EventBridge is not told of it."""
    return name.startswith(READS)


def tell(
    place: tuple[str, str],
    service: str,
    operation: OperationModel,
    scope: Scope,
    body: bytes,
    answer: Answer,
) -> None:
    """Keep the event of one call in the history; put it on the bus if it changes something."""
    place = place[0], HOMES.get(service, place[1])
    reads = is_read(operation.name)
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    key = CREDENTIAL.search(headers["authorization"].encode())
    agent = headers.get("user-agent", "")
    identity, address = identity_of(place, key[1].decode() if key else "", agent)
    protocol = operation.service_model.protocol
    given = json.loads(body or b"{}") if protocol == "json" else asked_by_form(operation, body)
    error, came = _came_of_it(operation, answer)
    detail = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": operation.name,
        "awsRegion": place[1],
        "sourceIPAddress": address or (scope.get("client") or ("127.0.0.1",))[0],
        "userAgent": address or agent,
        "requestParameters": told(operation.input_shape, given),
        "responseElements": None if reads else came,
        **_resources(place, service, given),
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": place[0],
        "eventCategory": "Management",
        **({"errorCode": error} if error else {}),
    }
    HISTORY.keep(place, detail)
    if not reads:
        emit(f"aws.{service}", "AWS API Call via CloudTrail", [], detail, place=place)


def _resources(place: tuple[str, str], service: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 - any parameters
    """Name the key that a call to KMS is about, however the call names it: the trail adds that."""
    from ministack.core.responses import request_scope
    from ministack.services import kms

    name = given.get("KeyId") if service == "kms" and isinstance(given, dict) else None
    if not name:
        return {}
    with request_scope(*place):
        key = kms._resolve_key(name)
    if not key:
        return {}
    told = {"accountId": place[0], "type": "AWS::KMS::Key", "ARN": key["Arn"]}
    return {"resources": [told]}


def _came_of_it(operation: OperationModel, answer: Answer) -> tuple[str, Members | None]:
    """Return the code of the error, or what was answered."""
    parser = parsers.create_parser(operation.service_model.protocol)
    response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    shape: Any = operation.output_shape
    parsed = parser.parse(response, shape)
    if answer.status >= 300:
        return str(parsed.get("Error", {}).get("Code", answer.status)), None
    came: Members | None = told(shape, parsed)
    # RDS tells of what it answers without the one member around it.
    if came and operation.service_model.service_name == "rds" and len(came) == 1:
        [came] = came.values()
    return "", came


@functools.cache
def _session() -> Session:
    return Session()
