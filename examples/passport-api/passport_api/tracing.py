"""OpenTelemetry: spans of requests go to a collector, without PHI (ROVN-TRC-1)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from passport_api.scrubbing import Scrubber
from passport_api.settings import Settings

_EXPORT_TIMEOUT_SECONDS = 3


class ScrubbingExporter(SpanExporter):
    """Hands on copies of spans from which attributes, events and status text are scrubbed."""

    def __init__(self, exporter: SpanExporter, scrubber: Scrubber) -> None:
        self._exporter = exporter
        self._scrubber = scrubber

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([self._scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def _scrubbed(self, span: ReadableSpan) -> ReadableSpan:
        description = span.status.description
        return ReadableSpan(
            name=self._scrubber.text(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=self._attributes(span.attributes),
            events=[
                Event(event.name, self._attributes(event.attributes), event.timestamp)
                for event in span.events
            ],
            links=span.links,
            kind=span.kind,
            status=Status(
                span.status.status_code, description and self._scrubber.text(description)
            ),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _attributes(self, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        return cast("dict[str, Any]", self._scrubber.scrub(dict(attributes or {})))


def span_exporter(settings: Settings) -> SpanExporter | None:
    """Choose the collector that the environment names; None when it names none."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    endpoint = str(settings.otel_exporter_otlp_endpoint).rstrip("/")
    return OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_EXPORT_TIMEOUT_SECONDS)


def instrument(
    app: FastAPI, exporter: SpanExporter, scrubber: Scrubber, settings: Settings
) -> TracerProvider:
    """Trace every request but health checks; the caller shuts the returned provider down.

    Every span is sent: sampling is decided behind this service, by the path in the span.
    """
    provider = TracerProvider(
        resource=Resource.create(
            {
                SERVICE_NAME: "passport-api",
                SERVICE_VERSION: settings.app_version,
                "deployment.environment.name": settings.environment_name,
            }
        ),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(ScrubbingExporter(exporter, scrubber)))
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls="/health$",
        exclude_spans=["receive", "send"],
    )
    return provider
