"""Spans tell the route and the outcome; PHI is out of them before they leave."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from passport_api.app import create_app
from passport_api.settings import Settings
from passport_api.tracing import span_exporter
from tests.conftest import Written


class KeptSpans(InMemorySpanExporter):
    """Keeps spans beyond the shutdown that delivers them."""

    def shutdown(self) -> None:
        pass


def _spans(app: FastAPI, exporter: KeptSpans, *paths: str) -> tuple[ReadableSpan, ...]:
    with TestClient(app) as client:
        for path in paths:
            client.get(path)
    # The shutdown of the application has flushed what waited.
    return exporter.get_finished_spans()


@pytest.mark.clause("ROVN-TRC-1")
def test_span_names_the_route_and_the_version(settings: Callable[..., Settings]) -> None:
    exporter = KeptSpans()
    app = create_app(settings(), exporter=exporter)

    [span] = _spans(app, exporter, "/admin/reverify-queue")

    assert span.name == "GET /admin/reverify-queue"
    assert span.resource.attributes["service.version"] == "prod-20260527052600"
    # By this one the collector decides which traces it keeps (ROVN-TRC-1).
    assert (span.attributes or {})["http.target"] == "/admin/reverify-queue"


def test_health_checks_leave_no_span(settings: Callable[..., Settings]) -> None:
    exporter = KeptSpans()

    assert _spans(create_app(settings(), exporter=exporter), exporter, "/health") == ()


def test_log_lines_of_a_traced_request_tell_the_trace(
    settings: Callable[..., Settings], written: Written
) -> None:
    exporter = KeptSpans()

    [span] = _spans(create_app(settings(), exporter=exporter), exporter, "/nothing")

    assert span.context is not None
    assert int(written.lines("request")[0]["trace_id"], 16) == span.context.trace_id


def test_phi_in_url_error_and_event_stays_here(settings: Callable[..., Settings]) -> None:
    exporter = KeptSpans()
    app = create_app(settings(), exporter=exporter)

    @app.get("/fails/{ssn}")
    async def fails(ssn: str) -> None:
        from opentelemetry import trace

        span = trace.get_current_span()
        span.set_attribute("patient_name", "Zelda Quux")
        span.add_event("looked up", {"email": "zelda@example.org"})
        span.record_exception(ValueError("born 1980-02-29"))
        raise RuntimeError("call 555-123-4567")

    [span] = _spans(app, exporter, "/fails/123-45-6789?dob=1980-02-29")

    seen: list[Any] = [span.name, dict(span.attributes or {}), span.status.description]
    seen += [(event.name, dict(event.attributes or {})) for event in span.events]
    for planted in ("Zelda", "zelda", "123-45-6789", "1980-02-29", "555-123-4567"):
        assert planted not in str(seen)


@pytest.mark.clause("ROVN-TRC-1")
@pytest.mark.parametrize(
    ("endpoint", "target"),
    [(None, None), ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces")],
)
def test_spans_go_to_the_collector_or_nowhere(
    endpoint: str | None, target: str | None, settings: Callable[..., Settings]
) -> None:
    exporter: SpanExporter | None = span_exporter(settings(otel_exporter_otlp_endpoint=endpoint))

    assert getattr(exporter, "_endpoint", None) == target
