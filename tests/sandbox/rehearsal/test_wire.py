"""The wire before AWS: it names each call, and holds, loses or denies those it is told to."""

from __future__ import annotations

import http.client
import io
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.session import Session

from sandbox.rehearsal.report import DrillError
from sandbox.rehearsal.wire import Wire, _Handler, action_of
from tests.sandbox.patience import SECONDS


class Aws(ThreadingHTTPServer):
    """Answers everything, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.bodies: list[bytes] = []


class Answer(BaseHTTPRequestHandler):
    server: Aws
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self.send_response_only(200)
        self.send_header("x-amzn-RequestId", "of-the-emulator")
        content = b"{}" if self.command == "POST" else b""
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = _answer  # noqa: N815 - http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its signature
        pass


@pytest.fixture
def aws() -> Iterator[Aws]:
    with Aws() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def wire(aws: Aws) -> Iterator[Wire]:
    made = Wire(f"http://127.0.0.1:{aws.server_address[1]}")
    yield made
    made.close()


def client(wire: Wire, service: str) -> Any:  # noqa: ANN401 - boto3
    return Session().create_client(
        service,
        region_name="us-east-2",
        endpoint_url=wire.url,
        aws_access_key_id="111122223333",
        aws_secret_access_key="sandbox",  # noqa: S106 - no secret
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def put(wire: Wire) -> Any:  # noqa: ANN401 - boto3
    return client(wire, "s3").put_object(
        Bucket="some", Key="a/b", Body=b"said", ChecksumAlgorithm="SHA256"
    )


def test_a_call_arrives_and_its_answer_comes_back(wire: Wire, aws: Aws) -> None:
    told = client(wire, "ecs").update_service(service="api")
    assert told["ResponseMetadata"]["RequestId"] == "of-the-emulator"
    assert aws.bodies == [b'{"service": "api"}']
    assert wire.calls == ["UpdateService"]


def test_a_denied_call_never_arrives_and_others_do(wire: Wire, aws: Aws) -> None:
    with wire.denying("PutObject"):
        with pytest.raises(ClientError, match="AccessDenied"):
            put(wire)
        assert aws.bodies == []
        client(wire, "ecs").update_service(service="api")
    put(wire)
    assert b"said" in aws.bodies[-1]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_held_call_arrives_or_is_lost_as_it_is_decided(
    wire: Wire, aws: Aws, *, arrives: bool
) -> None:
    ended: list[object] = []

    def call() -> None:
        try:
            ended.append(client(wire, "ecs").update_service(service="api"))
        except ConnectionClosedError as error:
            ended.append(error)

    with wire.holding("UpdateService") as hold:
        caller = threading.Thread(target=call)
        caller.start()
        hold.reached()
        assert (aws.bodies, ended) == ([], [])
        hold.decide(arrives=arrives)
        caller.join(SECONDS)
    assert len(aws.bodies) == arrives
    assert isinstance(ended[0], dict) is arrives
    client(wire, "ecs").update_service(service="api")
    assert len(aws.bodies) == 1 + arrives, "the next one is not held"


def test_a_body_in_chunks_arrives_whole(wire: Wire, aws: Aws) -> None:
    connection = http.client.HTTPConnection(*wire._server.server_address[:2])  # type: ignore[arg-type]
    connection.request("PUT", "/some/a/b", iter([b"sa", b"id"]), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert aws.bodies == [b"said"]
    assert wire.calls == ["PutObject"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"4\r\nsa", "broke off"),
        (b"4\r\nsaidno end", "broke off"),
        (b"many\r\nsaid\r\n", "no size of a chunk but b'many'"),
    ],
)
def test_chunks_that_break_off_are_told(sent: bytes, why: str) -> None:
    handler = _Handler.__new__(_Handler)
    handler.rfile, handler.command, handler.path = io.BytesIO(sent), "PUT", "/some/a/b"
    with pytest.raises(DrillError, match=why):
        list(handler._chunks())


def test_of_two_calls_at_once_one_is_held(wire: Wire, aws: Aws) -> None:
    def call() -> None:
        with suppress(ConnectionClosedError):
            client(wire, "ecs").update_service(service="api")

    callers = [threading.Thread(target=call) for _ in range(4)]
    with wire.holding("UpdateService") as hold:
        for each in callers:
            each.start()
        hold.reached()
        hold.decide(arrives=False)
        for each in callers:
            each.join(SECONDS)
    assert len(aws.bodies) == 3


def test_a_call_that_does_not_come_is_told(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.rehearsal.wire.PATIENCE_SECONDS", 0)
    with (
        wire.holding("UpdateService") as hold,
        pytest.raises(DrillError, match="did not call UpdateService"),
    ):
        hold.reached()


@pytest.mark.parametrize(
    ("method", "path", "target", "body", "action"),
    [
        ("POST", "/", "AmazonEC2ContainerServiceV20141113.RunTask", b"{}", "RunTask"),
        ("POST", "/", "", b"Action=ListStacks&Version=1", "ListStacks"),
        ("POST", "/service/X/operation/DescribeAlarms", "", b"\xa0", "DescribeAlarms"),
        ("PUT", "/bucket/a/b?x=1", "", b"Action=", "PutObject"),
        ("GET", "/bucket/a", "", b"", "GetObject"),
        ("GET", "/bucket?list-type=2", "", b"", "GetBucket"),
    ],
)
def test_calls_are_named_in_every_protocol(
    method: str, path: str, target: str, body: bytes, action: str
) -> None:
    assert action_of(method, path, target, body) == action
