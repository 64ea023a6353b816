"""The wire between real clients and the test's AWS, on which one call goes wrong.

Requests take botocore's own way, with its retries: a fault befalls an attempt, not the answer that
the program sees in the end.

Making a client takes longer than all its calls of a test, so each is made once; a session gives
copies of them, which share nothing that a test could change.
"""

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from tests.operations.aws import MODELS, Aws

Json = Any
# What a printed error could give away: it must appear nowhere.
SECRET = "wJalr-not-a-real-key"  # noqa: S105
CODES = {
    "aws error": (400, "AccessDenied"),
    "server error": (500, "InternalFailure"),
    "throttled": (400, "ThrottlingException"),
}
# Nothing that runs is another afterwards: what is seen, recorded, or made ready.
_NO_CHANGE = ("Describe", "Get", "List", "Lookup", "Filter", "CreateChangeSet", "DeleteChangeSet")


class CrashedError(BaseException):
    """The process is gone; no handler can catch it."""


@dataclass(frozen=True)
class Call:
    """The ``number``-th call of an operation by one command."""

    command: str
    operation: str
    number: int


@dataclass(frozen=True)
class Fault:
    """What happens to the first attempt of a call; ``lasting``, to every one from it on."""

    call: Call
    kind: str
    lasting: bool = False

    def hits(self, call: Call, attempt: int) -> bool:
        """Whether it happens to this attempt."""
        same = (call.command, call.operation) == (self.call.command, self.call.operation)
        if self.lasting:
            return same and call.number >= self.call.number
        return call == self.call and attempt == 1


@dataclass
class Wire:
    """Carries requests to ``aws``; ``calls`` are the calls of every command so far.

    ``changes`` are those that AWS did and that change what runs, each with the number of records
    that stood in the audit bucket before.
    """

    aws: Aws
    fault: Fault | None = None
    calls: list[Call] = field(default_factory=list)
    struck: bool = False
    changes: list[tuple[str, int]] = field(default_factory=list)
    _command: str = ""
    _seen: Counter[str] = field(default_factory=Counter)
    _asked: Json = None
    _attempt: int = 0
    _carried: Json = None

    def begin(self, command: str) -> None:
        """Count the calls of another command."""
        self._command = command
        self._seen.clear()

    def session(self) -> boto3.Session:
        """Make a session whose clients send everything here."""
        _SDK.wire = self
        return cast("boto3.Session", _SDK)

    def carried(self, response: Json) -> Json:
        """Give what was carried, as botocore's parsers do."""
        return {"ResponseMetadata": {"HTTPStatusCode": response["status_code"]}} | self._carried

    def called(self, params: Json, model: Json) -> None:
        """Remember what is asked."""
        self._seen[model.name] += 1
        self._asked, self._attempt = dict(params), 0
        self.calls.append(Call(self._command, model.name, self._seen[model.name]))

    def sent(self) -> AWSResponse:
        """Answer one attempt, or let happen to it what is to happen."""
        self._attempt += 1
        fault = self.fault
        if fault is None or not fault.hits(self.calls[-1], self._attempt):
            return self._answered()
        self.struck = True
        if fault.kind in CODES:
            status, code = CODES[fault.kind]
            return self._back(status, {"Error": {"Code": code, "Message": "as the test wants it"}})
        _break_off(fault.kind, "before")
        answer = self._answered()
        _break_off(fault.kind, "after")
        assert fault.kind == "twice"
        return self._answered() if answer.status_code < 300 else answer

    def _answered(self) -> AWSResponse:
        operation, recorded = self.calls[-1].operation, len(self.aws.records)
        answer = self.aws.answer(operation, self._asked)
        if not isinstance(answer, tuple) and not operation.startswith((*_NO_CHANGE, "PutObject")):
            self.changes.append((operation, recorded))
        if isinstance(answer, tuple):
            code, message = answer
            return self._back(400, {"Error": {"Code": code, "Message": message}})
        return self._back(200, answer)

    def _back(self, status: int, content: Json) -> AWSResponse:
        self._carried = content
        response = AWSResponse("https://aws", status, HTTPHeaders(), None)
        response._content = b""  # type: ignore[attr-defined]
        return response


def _break_off(kind: str, when: str) -> None:
    errors: dict[str, BaseException] = {
        "timed out before": ReadTimeoutError(endpoint_url="https://aws"),
        "lost response after": ConnectionClosedError(endpoint_url="https://aws"),
        "crash before": CrashedError(),
        "crash after": CrashedError(),
        "interrupted before": KeyboardInterrupt(),
        "interrupted after": KeyboardInterrupt(),
    }
    error = errors.get(kind if kind.endswith(when) else f"{kind} {when}")
    if error:
        raise error


class _Sdk:
    """A session that is made once: its clients send everything to the ``wire`` of the moment."""

    wire: Wire

    def __init__(self) -> None:
        self._session: boto3.Session | None = None
        self._clients: dict[tuple[str, str], Json] = {}

    def client(self, service: str, *, region_name: str, config: Json) -> Json:
        """Give a copy of the client, with event handlers of its own."""
        key = (service, region_name)
        if key not in self._clients:
            self._session = self._session or self._made()
            self._clients[key] = self._session.client(
                service,  # type: ignore[call-overload]
                region_name=region_name,
                config=config,
            )
        ours = self._clients[key]
        client = object.__new__(type(ours))
        client.__dict__ |= ours.__dict__
        client.meta = copy(ours.meta)
        client.meta.events = copy(ours.meta.events)
        return client

    def _made(self) -> boto3.Session:
        session = boto3.Session(
            aws_access_key_id="testing", aws_secret_access_key=SECRET, region_name="us-east-2"
        )
        inner = session._session
        inner.register_component("data_loader", MODELS)
        inner.register_component("response_parser_factory", self)
        events = inner.get_component("event_emitter")
        events.register("before-parameter-build.*.*", self._called)
        events.register("before-send.*.*", self._sent)
        return session

    def create_parser(self, protocol: str) -> "_Sdk":
        """Be the parser of every protocol: what comes back is an answer already."""
        return self

    def parse(self, response: Json, shape: Json) -> Json:
        """Give what the wire carried."""
        return self.wire.carried(response)

    def _called(self, params: Json, model: Json, context: Json, **_: Json) -> None:
        self.wire.aws.region = context["client_region"]
        self.wire.called(params, model)

    def _sent(self, **_: Json) -> AWSResponse:
        return self.wire.sent()


_SDK = _Sdk()
