"""One JSON object a line on standard output; docs/log-schema.md of the runbook is its schema."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from opentelemetry import trace

from passport_api.scrubbing import Scrubber

_MAXIMUM_MESSAGE_LENGTH = 8_192
_FRAMES_KEPT = 20

request_id_var: ContextVar[str | None] = ContextVar("request_id", default=None)
tenant_var: ContextVar[str | None] = ContextVar("tenant", default=None)


class JsonFormatter(logging.Formatter):
    """Renders a record as one line without PHI, whoever logged it."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        """Render the line; keys that the service sets itself win over the record's own fields."""
        # Not scrubbed: none of these comes from a caller unchecked, and the patterns
        # would take a timestamp for a date and a trace id for a number.
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds"),
            "level": record.levelname,
            "logger": self._scrubber.text(record.name),
            "message": self._message(record)[:_MAXIMUM_MESSAGE_LENGTH],
            "event": getattr(record, "event", None),
            "request_id": request_id_var.get(),
            "tenant": tenant_var.get(),
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line["trace_id"] = trace.format_trace_id(span.trace_id)
            line["span_id"] = trace.format_span_id(span.span_id)
        if record.exc_info and record.exc_info[1]:
            line["error"] = self._error(record.exc_info[1])
        fields = self._scrubber.scrub(getattr(record, "fields", None) or {})
        if isinstance(fields, dict):
            line |= {key: value for key, value in fields.items() if key not in line}
        return json.dumps({key: value for key, value in line.items() if value is not None})

    def _message(self, record: logging.LogRecord) -> str:
        template = str(record.msg)
        if not record.args:
            return self._scrubber.text(template)
        # Arguments first, while their fields still have names.
        args = (
            self._scrubber.scrub(record.args)
            if isinstance(record.args, dict)
            else tuple(self._scrubber.scrub(arg) for arg in record.args)
        )
        try:
            message = template % args
        except (TypeError, ValueError, KeyError):
            # A number that was redacted no longer fits its %d.
            message = f"{template} {args}"
        return self._scrubber.text(message)

    def _error(self, error: BaseException) -> dict[str, object]:
        # Where, without source lines or local values: those hold data.
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_KEPT:]
        message = self._scrubber.text(str(error))[:_MAXIMUM_MESSAGE_LENGTH]
        described: dict[str, object] = {
            "type": type(error).__name__,
            "message": message,
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            described["cause"] = {
                "type": type(cause).__name__,
                "message": self._scrubber.text(str(cause))[:_MAXIMUM_MESSAGE_LENGTH],
            }
        return described


def configure_logging(scrubber: Scrubber, stream: TextIO | None = None) -> None:
    """Send every logger of the process through `JsonFormatter`, warnings included."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter(scrubber))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    # A failed write would print the record as it came, PHI included.
    logging.raiseExceptions = False
    # These log whole URLs; the request log has the path template.
    for name in ("httpx2", "httpcore2", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
