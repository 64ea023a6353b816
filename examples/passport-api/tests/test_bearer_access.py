"""A rotated token and the one before it: who is let in, until when, and what is said of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from passport_api.app import create_app
from passport_api.settings import Settings
from tests.conftest import ADMIN_TOKEN, Written

OLD = "canary-old-0123456789-0123456789abc"
NEW = "canary-new-0123456789-0123456789abc"
UNTIL = datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)
SPELLED = "2026-11-23T09:30:15Z"
PATHS = {"admin_token": "/admin/reverify-queue", "mcp_inbound_token": "/receipts/verify"}
# What a task without signing keys answers whom it lets in.
LET_IN = {"admin_token": 200, "mcp_inbound_token": 404}


def ask(client: TestClient, name: str, shown: str) -> int:
    headers = {"authorization": f"Bearer {shown}"}
    if name == "admin_token":
        return client.get(PATHS[name], headers=headers).status_code
    return client.post(PATHS[name], headers=headers, json={"receipt": "x"}).status_code


@pytest.fixture
def task(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]
) -> Callable[..., TestClient]:
    """Start a task at a moment with the variables that ECS injects for one of the tokens."""

    def start(name: str, now: datetime, **suffixes: str | None) -> TestClient:
        variables = {
            f"{name}_{suffix}" if suffix != "token" else name: value
            for suffix, value in suffixes.items()
        }
        return serve(create_app(settings(**variables), now=lambda: now))

    return start


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    ("before", "taken"),
    [
        (timedelta(hours=24), True),
        (timedelta(seconds=1), True),
        (timedelta(0), False),
        (timedelta(days=-90), False),
    ],
)
def test_the_previous_one_is_taken_until_its_time(
    name: str, before: timedelta, taken: bool, task: Callable[..., TestClient], written: Written
) -> None:
    client = task(name, UNTIL - before, token=NEW, previous=OLD, previous_until=SPELLED)

    assert ask(client, name, NEW) == LET_IN[name]
    assert not written.lines("previous_bearer")
    assert ask(client, name, OLD) == (LET_IN[name] if taken else 403)
    assert len(written.lines("previous_bearer")) == taken
    assert len(written.lines("auth_error")) == (not taken)
    assert "canary" not in written.text


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("name", PATHS)
def test_old_and_new_tasks_side_by_side(name: str, task: Callable[..., TestClient]) -> None:
    """The old token opens both; the new one waits for the restart of the last task."""
    now = UNTIL - timedelta(hours=23)
    old = task(name, now, token=OLD, previous=None, previous_until=None)
    new = task(name, now, token=NEW, previous=OLD, previous_until=SPELLED)

    answers = {
        (who, shown): ask(client, name, shown)
        for who, client in (("old", old), ("new", new))
        for shown in (OLD, NEW)
    }

    assert answers == {
        ("old", OLD): LET_IN[name],
        ("new", OLD): LET_IN[name],
        ("new", NEW): LET_IN[name],
        ("old", NEW): 403,
    }


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    "until",
    ["", "canary", "2026-11-23", "2026-11-23T09:30:15", "1795426215", "9999-99-99T00:00:00Z", None],
)
def test_an_unreadable_time_takes_nobody_and_stops_nothing(
    name: str, until: str | None, task: Callable[..., TestClient], written: Written
) -> None:
    client = task(name, UNTIL - timedelta(days=9), token=NEW, previous=OLD, previous_until=until)

    assert ask(client, name, NEW) == LET_IN[name]
    assert ask(client, name, OLD) == 403
    assert "canary" not in written.text


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("previous", ["", " ", "canary-too-short"])
def test_an_empty_or_short_previous_one_never_opens(
    name: str, previous: str, task: Callable[..., TestClient]
) -> None:
    client = task(
        name, UNTIL - timedelta(hours=1), token=NEW, previous=previous, previous_until=SPELLED
    )

    assert ask(client, name, NEW) == LET_IN[name]
    assert ask(client, name, previous) == (403 if previous.strip() else 401)


def test_a_token_opens_nothing_of_the_other_one(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]
) -> None:
    client = serve(create_app(settings(admin_token=ADMIN_TOKEN, mcp_inbound_token=NEW)))

    assert ask(client, "admin_token", NEW) == 403
    assert ask(client, "mcp_inbound_token", ADMIN_TOKEN) == 403


@pytest.mark.parametrize("name", PATHS)
def test_the_previous_one_alone_opens_nothing(name: str, task: Callable[..., TestClient]) -> None:
    client = task(
        name, UNTIL - timedelta(hours=1), token=None, previous=OLD, previous_until=SPELLED
    )

    assert ask(client, name, OLD) == 404
