"""A sheet's own way of writing texts: byte for byte what XlsxWriter writes."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from xlsxwriter.worksheet import Worksheet

from evidence.formats import workbook
from evidence.model import Evidence
from tests.evidence.any_evidence import any_evidence
from tests.evidence.samples import evidence


class _Plain(Worksheet):  # type: ignore[misc]
    write_text = Worksheet.write_string


def as_xlsxwriter_does(said: Evidence) -> bytes:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workbook, "Sheet", _Plain)
        return workbook.as_bytes(said)


def test_a_workbook_has_the_bytes_that_xlsxwriter_gives_it() -> None:
    assert workbook.as_bytes(evidence()) == as_xlsxwriter_does(evidence())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_evidence())
def test_so_has_any(said: Evidence) -> None:
    said = replace(said, commit=evidence().commit)
    assert workbook.as_bytes(said) == as_xlsxwriter_does(said)
