"""A log line is one JSON object of the documented shape, without PHI, whoever logs it."""

import logging
import re
import string
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

from passport_api.events import Event, log_event
from passport_api.log_line import JsonFormatter
from passport_api.scrubbing import Scrubber
from tests.conftest import Written

FORMATTER = JsonFormatter(Scrubber())


@pytest.mark.clause("ROVN-LOG-1")
def test_every_line_has_the_documented_keys(written: Written) -> None:
    log_event(Event.REVERIFY_QUEUE, "waiting", depth=7)

    [line] = written.lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("timestamp"))
    assert line == {
        "level": "INFO",
        "logger": "passport_api",
        "message": "waiting",
        "event": "reverify_queue",
        "depth": 7,
    }


def test_fields_cannot_replace_the_line_s_own_keys(written: Written) -> None:
    log_event(Event.STOPPED, "true", timestamp="false", logger="false")

    [line] = written.lines()
    assert line["logger"] == "passport_api"
    assert line["timestamp"] != "false"


def test_lines_inside_a_span_tell_where(written: Written) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("work") as span:
        log_event(Event.STOPPED, "inside")
        context = span.get_span_context()

    [line] = written.lines()
    assert int(line["trace_id"], 16) == context.trace_id
    assert int(line["span_id"], 16) == context.span_id


def test_error_tells_type_cause_and_place_without_source(written: Written) -> None:
    def lookup() -> None:
        raise KeyError("ssn 123-45-6789")

    def save() -> None:
        try:
            lookup()
        except KeyError as inner:
            raise ValueError("name=Jane Doe") from inner

    try:
        save()
    except ValueError:
        logging.getLogger("elsewhere").exception("failed")

    [line] = written.lines()
    assert line["error"]["type"] == "ValueError"
    assert line["error"]["message"] == "name=[REDACTED]"
    assert line["error"]["cause"]["type"] == "KeyError"
    assert "raise ValueError" not in written.text
    assert "Jane" not in written.text
    assert "123-45-6789" not in written.text


def test_other_libraries_and_warnings_are_scrubbed_too(written: Written) -> None:
    logging.getLogger("psycopg.pool").warning("refused for %s", "jane@example.org")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("call 555-123-4567", UserWarning, "file.py", 1)

    assert len(written.lines()) == 2
    assert "jane@example.org" not in written.text
    assert "555-123-4567" not in written.text


def test_newline_in_a_message_stays_in_the_line(written: Written) -> None:
    logging.getLogger("x").info('first\n{"event": "forged"}')

    assert len(written.lines()) == 1


def test_one_bad_format_string_loses_no_line(written: Written) -> None:
    logging.getLogger("x").info("%d items", 1234567890)
    logging.getLogger("x").info("%s %s", "one")

    first, second = written.lines()
    assert "1234567890" not in written.text
    assert "%d items" in first["message"]
    assert "one" in second["message"]


@pytest.mark.clause("ROVN-LOG-1")
@given(
    name=st.text(string.ascii_letters, min_size=3).map("Zq{}".format),
    number=st.integers(100_000_000, 9_999_999_999),
)
def test_no_way_of_logging_lets_phi_through(name: str, number: int) -> None:
    data = {"patient_name": name, "visit": {"ssn": name, "n": number}}
    ways: list[tuple[str, tuple[object, ...], dict[str, object]]] = [
        ("%s", (data,), {}),
        ("%(visit)s of %(patient_name)s", (data,), {}),
        (f"name={name} {number}", (), {}),
        ("%s %d", (f"email: {name}@example.org", number), {}),
        ("fields", (), {"fields": data}),
        ("extra", (), {"patient_name": name, "number": number}),
    ]
    for template, args, extra in ways:
        record = logging.getLogger("x").makeRecord(
            "x", logging.INFO, __file__, 1, template, args, None, extra=extra
        )
        line = FORMATTER.format(record)
        assert "Zq" not in line
        assert str(number) not in line
