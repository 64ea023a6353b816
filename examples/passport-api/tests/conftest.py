"""A real PostgreSQL, the service in this process or in one of its own, and what it wrote."""

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import hypothesis
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from local.postgres import embedded_postgres
from passport_api.app import create_app
from passport_api.log_line import configure_logging
from passport_api.scrubbing import Scrubber
from passport_api.settings import Settings
from tests.doubles import Provider, Registry
from tests.log_schema import faults

ROOT = Path(__file__).parents[1]
ADMIN_TOKEN = "correct-horse-battery-staple-0001"  # noqa: S105  # opens nothing outside the tests
# Where other tests run beside this one; a service that does not start costs this, no other.
START_SECONDS = 60.0

# The same examples in every run; no deadline, for machines differ.
hypothesis.settings.register_profile("suite", max_examples=60, deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", max_examples=1000, deadline=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run PostgreSQL and hand out its DATABASE_* variables; a test without one fails."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres") / "data") as variables:
        yield variables


@pytest.fixture
def settings(postgres: dict[str, str]) -> Callable[..., Settings]:
    """Make settings that reach the database, with overrides."""

    def make(**overrides: object) -> Settings:
        database = {name.lower(): value for name, value in postgres.items()}
        return Settings.model_validate(
            {"app_version": "prod-20260527052600"} | database | overrides
        )

    return make


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], TestClient]]:
    """Start an application in this process, its lifespan included."""
    running: list[TestClient] = []

    def start(app: FastAPI) -> TestClient:
        client = TestClient(app)
        client.__enter__()
        running.append(client)
        return client

    yield start
    for client in running:
        client.__exit__(None, None, None)


@pytest.fixture
def client(settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]) -> TestClient:
    """Serve with an admin token."""
    return serve(create_app(settings(admin_token=ADMIN_TOKEN)))


class Written:
    """What the process logged, as text and as parsed lines."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        parsed: list[dict[str, Any]] = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in parsed if event is None or line.get("event") == event]


@pytest.fixture
def written() -> Iterator[Written]:
    """Everything logged in this process from here on."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers, root.level, logging.raiseExceptions
    captured = Written()
    configure_logging(Scrubber(), captured.stream)
    yield captured
    # Whatever a test made the service write: the alarms read it by this schema.
    assert faults(captured.lines()) == []
    logging.captureWarnings(capture=False)
    root.handlers, logging.raiseExceptions = handlers, raising
    root.setLevel(level)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Run a licence registry on loopback."""
    with Registry() as running:
        yield running


@pytest.fixture
def anthropic() -> Iterator[Provider]:
    """Run the first route to a model on loopback."""
    said = {
        "content": [{"type": "text", "text": "It is in order."}],
        "usage": {"input_tokens": 40, "output_tokens": 9},
    }
    with Provider(said) as running:
        yield running


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Run the second route on loopback, and be somebody who may call it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    said = {
        "output": {"message": {"role": "assistant", "content": [{"text": "It is well."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 30, "outputTokens": 7, "totalTokens": 37},
        "metrics": {"latencyMs": 1},
    }
    with Provider(said) as running:
        yield running


@pytest.fixture
def identity_provider() -> Iterator[Provider]:
    """Run who says who signs in."""
    with Provider({"organization_id": "org_mercy", "user": {"id": "user_1"}}) as running:
        yield running


class Process:
    """`python -m passport_api` (or another module) on a free port, its output in a file."""

    def __init__(self, module: str, variables: dict[str, str], log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with log.open("wb") as stream:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env=inherited | {"PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"} | variables,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self.popen.poll() is None:
            try:
                httpx2.get(f"{self.url}/nothing-here", timeout=1, trust_env=False)
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
        pytest.fail(f"the service did not start:\n{self.output}")


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start the service in a process of its own, which hears Ctrl-C as at a terminal."""
    # What a shell runs in the background ignores it, and so would all that is started here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started: list[Process] = []

    def start(variables: dict[str, str], module: str = "passport_api") -> Process:
        running = Process(module, variables, tmp_path / f"output-{len(started)}.log")
        started.append(running)
        return running

    yield start
    for running in started:
        if running.popen.poll() is None:
            running.popen.terminate()
            running.popen.wait(timeout=START_SECONDS)
    signal.signal(signal.SIGINT, before)
