"""The wire between real clients and the test's AWS, on which one call goes wrong.

Requests take botocore's own way, with its retries: a fault befalls an attempt, not the answer that
the program sees in the end.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

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
    """Carries requests to ``aws``; ``calls`` are the calls of every command so far."""

    aws: Aws
    fault: Fault | None = None
    calls: list[Call] = field(default_factory=list)
    struck: bool = False
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

    # ---- botocore's parser: what comes back is an answer already

    def create_parser(self, protocol: str) -> "Wire":
        """Be the parser of every protocol."""
        return self

    def parse(self, response: Json, shape: Json) -> Json:
        """Give what was carried."""
        return {"ResponseMetadata": {"HTTPStatusCode": response["status_code"]}} | self._carried

    # ---- requests

    def _called(self, params: Json, model: Json, **_: Json) -> None:
        self._seen[model.name] += 1
        self._asked, self._attempt = dict(params), 0
        self.calls.append(Call(self._command, model.name, self._seen[model.name]))

    def _sent(self, event_name: str, **_: Json) -> AWSResponse:
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
        answer = self.aws.answer(self.calls[-1].operation, self._asked)
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
