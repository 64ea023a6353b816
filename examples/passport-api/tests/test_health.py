"""`/health`: up, down, slow; the truth in bounded time, and nothing more."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from passport_api import healthcheck
from passport_api.app import create_app
from passport_api.database import Database
from passport_api.settings import Settings
from tests.conftest import Process, Written
from tests.doubles import Network

TIMEOUT_SECONDS = 0.5
# Over the time-out: what the machine itself may take.
SLACK_SECONDS = 1.0


@pytest.fixture
def network(postgres: dict[str, str]) -> Iterator[Network]:
    between = Network(f"{postgres['DATABASE_HOST']}/.s.PGSQL.5432")
    yield between
    between.close()


@pytest.mark.clause("ROVN-HLT-1")
def test_tells_version_and_database(client: TestClient) -> None:
    answer = client.get("/health")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": "prod-20260527052600", "database": "up"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.clause("ROVN-HLT-1")
def test_one_asker_never_takes_the_answer_of_another(settings: Callable[..., Settings]) -> None:
    async def ask_at_every_turn_of_the_loop() -> list[bool]:
        database = Database(settings())
        await database.open()
        assert await database.is_up()
        askers = [asyncio.create_task(database.is_up())]
        while not askers[0].done():
            await asyncio.sleep(0)
            askers.append(asyncio.create_task(database.is_up()))
        answers = await asyncio.gather(*askers)
        await database.close()
        return answers

    assert set(asyncio.run(ask_at_every_turn_of_the_loop())) == {True}


@pytest.mark.clause("ROVN-HLT-1")
def test_refused_connection_is_503_without_detail(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    written: Written,
) -> None:
    nowhere = settings(
        database_host="127.0.0.1",
        database_port=9,
        database_password="canary-password",  # noqa: S106
        database_timeout_seconds=TIMEOUT_SECONDS,
    )

    answer = serve(create_app(nowhere)).get("/health")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "version": "prod-20260527052600",
        "database": "down",
    }
    assert written.lines("database_unreachable")
    assert "canary-password" not in written.text


def test_silent_database_is_503_in_time_and_recovers(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    network: Network,
) -> None:
    client = serve(
        create_app(
            settings(
                database_host="127.0.0.1",
                database_port=network.port,
                database_timeout_seconds=TIMEOUT_SECONDS,
            )
        )
    )
    assert client.get("/health").status_code == 200

    network.silent = True
    for _ in range(3):
        started = time.monotonic()
        assert client.get("/health").status_code == 503
        assert time.monotonic() - started < TIMEOUT_SECONDS + SLACK_SECONDS

    network.silent = False
    give_up = time.monotonic() + 15
    while client.get("/health").status_code != 200:
        assert time.monotonic() < give_up, "the database came back, the service did not notice"
        time.sleep(0.1)


def test_database_that_accepts_and_never_speaks_is_503_in_time(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    network: Network,
) -> None:
    network.silent = True
    mute = settings(
        database_host="127.0.0.1",
        database_port=network.port,
        database_timeout_seconds=TIMEOUT_SECONDS,
    )
    client = serve(create_app(mute))
    started = time.monotonic()

    assert client.get("/health").status_code == 503
    assert time.monotonic() - started < TIMEOUT_SECONDS + SLACK_SECONDS


@pytest.mark.clause("ROVN-HLT-1")
def test_container_probe_agrees_with_the_service(
    process: Callable[..., Process], postgres: dict[str, str]
) -> None:
    service = process({"APP_VERSION": "prod-20260527052600"} | postgres)
    service.wait_until_it_answers()

    assert healthcheck.is_healthy(int(service.url.rpartition(":")[2]))
    assert not healthcheck.is_healthy(9)
