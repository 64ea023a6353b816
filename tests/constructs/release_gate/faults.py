"""What can happen to a call between a function's code and AWS."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError, ReadTimeoutError

Json = dict[str, Any]


class CrashedError(BaseException):
    """The process is gone; no handler can catch it."""


@dataclass
class Fault:
    """What happens at the ``number``-th call of an operation, or from it on for good."""

    operation: str
    number: int
    kind: str
    lasting: bool = False

    def hits(self, operation: str, number: int) -> bool:
        """Whether it happens to this call."""
        later = self.lasting and number > self.number
        return operation == self.operation and (number == self.number or later)

    def before(self, service: str, operation: str) -> None:
        """Break the call off before it has an effect."""
        codes = {
            "aws error": ("AccessDeniedException", 400),
            "server error": ("InternalError", 500),
            "throttled": ("ThrottlingException", 400),
        }
        if self.kind in codes:
            code, status = codes[self.kind]
            raise client_error(code, operation, status)
        if self.kind == "timed out":
            raise ReadTimeoutError(endpoint_url=service)
        if self.kind == "crash before":
            raise CrashedError

    def after(self, done: Json, service: str) -> Json | None:
        """Change what comes back from the call; None to have it called again."""
        if self.kind == "crash after":
            raise CrashedError
        if self.kind == "lost response":
            raise ReadTimeoutError(endpoint_url=service)
        if self.kind == "stuck":
            return {"tasks": [done["tasks"][0] | {"lastStatus": "RUNNING"}]}
        if self.kind == "creating":
            return {"DBSnapshots": [done["DBSnapshots"][0] | {"Status": "creating"}]}
        assert self.kind == "twice"
        return None


# Once, and then all is well again; or from then on for good.
ONCE = ("aws error", "server error", "throttled", "timed out", "crash before", "crash after")
KINDS = [
    *((kind, False) for kind in (*ONCE, "lost response", "twice")),
    *((kind, True) for kind in ("aws error", "throttled", "timed out", "lost response")),
]


class Faultable(Protocol):
    """A world in which one call goes wrong; ``calls`` are service and operation, in order."""

    fault: Fault | None
    calls: list[tuple[str, str]]


class Faulty:
    """A client between a function's code and the world, in which one call goes wrong."""

    def __init__(self, world: Faultable, service: str, real: Any) -> None:  # noqa: ANN401
        self._world, self._service, self._real = world, service, real
        self.exceptions = real.exceptions

    def __getattr__(self, operation: str) -> Callable[..., Json]:
        def call(**arguments: object) -> Json:
            return self._called(operation, arguments)

        return call

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - botocore's
        """Page through an operation call by call: each page may go wrong."""
        paginator = self._real.get_paginator(operation)
        paginator._method = getattr(self, operation)
        return paginator

    def _called(self, operation: str, arguments: Json) -> Json:
        world = self._world
        world.calls.append((self._service, operation))
        number = [called for _, called in world.calls].count(operation)
        fault = world.fault
        if fault is None or not fault.hits(operation, number):
            return dict(getattr(self._real, operation)(**arguments))
        fault.before(self._service, operation)
        done = dict(getattr(self._real, operation)(**arguments))
        return fault.after(done, self._service) or dict(getattr(self._real, operation)(**arguments))


def client_error(code: str, operation: str, status: int) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": f"{code} at {operation}"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)
