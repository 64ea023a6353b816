"""Puts the service together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from opentelemetry.sdk.trace.export import SpanExporter
from sentry_sdk.transport import Transport

from passport_api import credentials, explanations, health, operations, receipts, sign_in
from passport_api.ai_gateway import AiGateway
from passport_api.database import Database
from passport_api.error_reporting import ErrorReporter
from passport_api.events import Event, log_event
from passport_api.identity_provider import IdentityProvider
from passport_api.request_log import RequestLog
from passport_api.reverification import ReverifyQueue
from passport_api.scrubbing import Scrubber
from passport_api.settings import Settings
from passport_api.signing_keys import SigningKeys
from passport_api.source_registry import SourceRegistry
from passport_api.tracing import instrument, span_exporter


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    exporter: SpanExporter | None = None,
    sentry_transport: Transport | type[Transport] | None = None,
    now: Callable[[], datetime] = _utc_now,
) -> FastAPI:
    """Build the ASGI application; `exporter` and `sentry_transport` replace configured ones.

    `now` is the clock by which tokens and keys are taken.
    """
    scrubber = Scrubber(settings.phi_fields)
    reporter = ErrorReporter(settings, scrubber, sentry_transport)
    exporter = exporter or span_exporter(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await app.state.database.open()
        worker = asyncio.create_task(app.state.reverify_queue.run())
        log_event(Event.STARTED, "the service takes requests", version=settings.app_version)
        yield
        worker.cancel()
        await app.state.source_registry.close()
        await app.state.identity_provider.close()
        await app.state.ai_gateway.close()
        await app.state.database.close()
        # Together, for what is queued has to go within the task's stopTimeout.
        closing = [reporter.close] if provider is None else [reporter.close, provider.shutdown]
        await asyncio.gather(*(asyncio.to_thread(close) for close in closing))
        log_event(Event.STOPPED, "the service has answered every request it took")

    # No generated pages: they would publish the admin paths.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.now = now
    document = settings.jwt_signing_keys
    app.state.signing_keys = SigningKeys(document.get_secret_value()) if document else None
    app.state.database = Database(settings)
    app.state.source_registry = SourceRegistry(settings)
    app.state.reverify_queue = ReverifyQueue(app.state.source_registry, settings)
    app.state.identity_provider = IdentityProvider(settings)
    app.state.ai_gateway = AiGateway(settings)
    app.include_router(health.router)
    app.include_router(credentials.router)
    app.include_router(operations.router)
    app.include_router(receipts.router)
    app.include_router(sign_in.router)
    app.include_router(explanations.router)
    app.add_exception_handler(RequestValidationError, _refuse_without_echo)
    app.add_middleware(RequestLog, reporter=reporter)
    provider = instrument(app, exporter, scrubber, settings) if exporter else None
    return app


async def _refuse_without_echo(_request: Request, error: Exception) -> JSONResponse:
    """422 that names the fields, without the values that the framework would send back."""
    if not isinstance(error, RequestValidationError):
        raise error
    bodies = (
        credentials.Nurse,
        explanations.Question,
        receipts.ReceiptShown,
        sign_in.Code,
    )
    known = {"body"}.union(*(body.model_fields for body in bodies))
    problems = [
        {"field": [part for part in problem["loc"] if part in known], "problem": problem["type"]}
        for problem in error.errors()
    ]
    return JSONResponse({"detail": problems}, status_code=422)
