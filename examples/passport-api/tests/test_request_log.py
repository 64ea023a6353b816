"""One line a request: the template of its path, its id, and nothing that it carried."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from passport_api.app import create_app
from passport_api.settings import Settings
from tests.conftest import Written


@pytest.fixture
def failing_client(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]
) -> TestClient:
    """Serve with a path that takes a parameter and one that fails."""
    app = create_app(settings())

    @app.get("/people/{person}")
    async def person(person: str) -> dict[str, str]:
        return {}

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("patient_name=Zelda, ssn 123-45-6789")

    return serve(app)


def test_line_has_the_template_and_not_the_path(
    failing_client: TestClient, written: Written
) -> None:
    failing_client.get("/people/123-45-6789?email=zelda@example.org")

    [line] = written.lines("request")
    assert line["method"] == "GET"
    assert line["path"] == "/people/{person}"
    assert line["status"] == 200
    assert 0 <= line["duration_ms"] < 5_000
    for planted in ("123-45-6789", "zelda", "email"):
        assert planted not in written.text


def test_unknown_path_is_not_written(failing_client: TestClient, written: Written) -> None:
    assert failing_client.get("/people/Zelda/123-45-6789").status_code == 404

    [line] = written.lines("request")
    assert line["path"] == "(unmatched)"
    assert "Zelda" not in written.text


def test_known_id_comes_back_and_is_in_every_line(
    failing_client: TestClient, written: Written
) -> None:
    request_id = str(uuid4())

    answer = failing_client.get("/fails", headers={"x-request-id": request_id})

    assert answer.headers["x-request-id"] == request_id
    assert {line["request_id"] for line in written.lines() if "request_id" in line} == {request_id}
    assert len(written.lines("unhandled_error")) == len(written.lines("request")) == 1


@pytest.mark.parametrize(
    "given", [None, "", "Zelda", "123-45-6789", "00000000-0000-0000-0000-000123456789", "x" * 5000]
)
def test_id_that_could_be_data_is_replaced(
    given: str | None, failing_client: TestClient, written: Written
) -> None:
    headers = {} if given is None else {"x-request-id": given}

    answer = failing_client.get("/people/x", headers=headers)

    assert UUID(answer.headers["x-request-id"]).version == 4
    assert answer.headers["x-request-id"] != given


@pytest.mark.parametrize(
    ("given", "logged"),
    [("mercy-hospital-2", "mercy-hospital-2"), ("Zelda Quux", None), ("123-45-6789", None)],
)
def test_tenant_is_a_slug_or_nothing(
    given: str, logged: str | None, failing_client: TestClient, written: Written
) -> None:
    failing_client.get("/people/x", headers={"x-tenant": given})

    assert written.lines("request")[0].get("tenant") == logged


def test_error_reaches_the_log_and_not_the_client(
    failing_client: TestClient, written: Written
) -> None:
    answer = failing_client.get("/fails")

    assert answer.status_code == 500
    assert answer.json()["detail"] == "Internal Server Error"
    assert "RuntimeError" not in answer.text
    [line] = written.lines("unhandled_error")
    assert line["error"]["type"] == "RuntimeError"
    assert line["path"] == "/fails"
    assert "Zelda" not in written.text
    assert "123-45-6789" not in written.text
