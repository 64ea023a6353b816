"""A hundred rotations under clients that log in all the while: none of them is ever refused."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from runbook_constructs.secret_rotation.handler import database_user, entry
from runbook_constructs.secret_rotation.handler.credentials import credential
from runbook_constructs.secret_rotation.handler.steps import CURRENT, rotate
from tests.constructs.secret_rotation.postgres import Postgres, version
from tests.constructs.secret_rotation.world import STEPS, World

ROTATIONS = 100
CLIENTS = 3
# Under a loaded machine a log-in takes a second.
_PATIENCE = 120


@dataclass
class Client:
    """One that logs in again and again; ``done`` counts, ``failed`` says why it could not."""

    log_in: Callable[[], None]
    done: int = 0
    failed: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stopped.is_set():
            try:
                self.log_in()
            except Exception as error:  # noqa: BLE001 - any failure is one
                self.failed.append(repr(error))
            self.done += 1

    def comes_round(self) -> None:
        """Wait until what it has begun is over, and it has begun and ended once more."""
        wanted, until = self.done + 2, time.monotonic() + _PATIENCE
        while self.done < wanted:
            assert time.monotonic() < until, "a client no longer comes round"
            time.sleep(0.002)


class OneByOne:
    """Secrets Manager, whose calls happen at once or not at all; those of moto's have insides."""

    def __init__(self, real: Any) -> None:  # noqa: ANN401 - boto3
        self._real, self.lock = real, threading.RLock()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: object) -> Any:  # noqa: ANN401 - boto3
            with self.lock:
                return getattr(self._real, operation)(**arguments)

        return call


@pytest.mark.clause("ROVN-SEC-3")
def test_no_client_is_refused_through_a_hundred_rotations_of_user_and_master(
    database: Postgres, account: None, record_cases: list[str]
) -> None:
    world = World(database)
    world.boto = OneByOne(world.boto)
    turn(world, world.user)
    server = world.server

    def as_application() -> None:
        # moto's own choice would be the version that was put last, AWS's is this one.
        got = world.boto.get_secret_value(SecretId=world.user, VersionStage=CURRENT)
        with server.log_in(credential(got["SecretString"])) as session:
            assert session.run("SELECT pg_has_role(session_user, 'application', 'MEMBER')")

    def as_master() -> None:
        with database_user.as_master(world.boto, server, world.master) as session:
            session.run("SELECT 1")

    clients = [Client(as_application) for _ in range(CLIENTS)] + [Client(as_master)]
    with at_work(clients):
        for _ in range(ROTATIONS):
            at_once(*(threading.Thread(target=turn, args=(world, arn)) for arn in world.both))
            # Who still holds what was current before goes on until the next rotation.
            assert world.takes(world.versions(world.user)["AWSPREVIOUS"])
            for client in clients:
                client.comes_round()
    assert [client.failed for client in clients] == [[] for _ in clients]
    for arn in world.both:
        assert len(world.values(arn)) > ROTATIONS
        assert world.takes(world.versions(arn)["AWSCURRENT"])
    application, master = sum(c.done for c in clients[:-1]), clients[-1].done
    record_cases.append(
        f"rotation on PostgreSQL {version(database)}: {ROTATIONS} of an application's user and of "
        f"the master at once, {application} and {master} log-ins meanwhile, none refused"
    )


@contextmanager
def at_work(clients: list[Client]) -> Iterator[None]:
    """Have clients log in until the end."""
    threads = [threading.Thread(target=client.work, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for client in clients:
            client.stopped.set()
        for thread in threads:
            thread.join(_PATIENCE)


def at_once(*threads: threading.Thread) -> None:
    """Start threads, and wait for each."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)


def turn(world: World, arn: str) -> None:
    """Rotate a secret, past all faults, while others work beside."""
    # It writes into moto past its calls.
    with world.boto.lock:
        token = world.begin(arn)
    for step in STEPS:
        event = {"SecretId": arn, "ClientRequestToken": token, "Step": step}
        rotate(event, world.boto, entry.strategy(world.variables(arn), world.boto))
