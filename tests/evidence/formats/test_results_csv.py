"""results.csv: every row, every field, and no cell that a spreadsheet calculates."""

import csv
from dataclasses import fields
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.formats.results_csv import as_bytes
from evidence.model import Row, Verdict
from tests.evidence.formats.readers import ROWS, cells_of, joined
from tests.evidence.samples import evidence, row

FIELDS = [field.name for field in fields(Row)]


@pytest.mark.clause("ALL-4")
def test_every_row_is_there_with_every_field() -> None:
    header, *lines = cells_of(as_bytes(evidence()))
    assert header == FIELDS
    assert lines == [[joined(row, column) for column in FIELDS] for row in evidence().rows]
    assert {"pass", "no_finding", "not_applicable"} < {
        line[FIELDS.index("verdict")] for line in lines
    }


def test_it_is_as_rfc_4180_says() -> None:
    file = as_bytes(evidence())
    assert file.startswith(b'"judge","rule","verdict",')
    assert file.count(b"\r\n") == file.count(b"\n") == 1 + len(evidence().rows)
    assert 'with a comma and ünïcode"'.encode() in file
    assert b'""<script>alert(1)</script>""' in file


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\uff0b1", "'=1"],
)
def test_what_a_spreadsheet_would_calculate_begins_with_an_apostrophe(text: str) -> None:
    file = as_bytes(evidence(rows=(row(Verdict.FAIL, message=text),)))
    _, line = csv.reader(StringIO(file.decode(), newline=""))
    assert line[FIELDS.index("message")] == f"'{text}"


def test_other_text_stays_as_it_is() -> None:
    file = as_bytes(evidence(rows=(row(Verdict.FAIL, message="a=b, it's 1-1"),)))
    assert b'"a=b, it\'s 1-1"' in file


@given(st.lists(ROWS, max_size=4))
def test_any_text_in_any_field_comes_back(rows: list[Row]) -> None:
    _, *lines = cells_of(as_bytes(evidence(rows=tuple(rows))))
    assert lines == [[joined(row, column) for column in FIELDS] for row in rows]


@given(ROWS)
def test_no_cell_begins_as_a_formula_does(row: Row) -> None:
    file = as_bytes(evidence(rows=(row,))).decode()
    _, line = csv.reader(StringIO(file, newline=""))
    assert not any(cell.lstrip().startswith(tuple("=+-@")) for cell in line)
    assert not any(cell.startswith(("\t", "\r", "\n")) for cell in line)


def test_half_a_surrogate_pair_is_written_out() -> None:
    file = as_bytes(evidence(rows=(row(Verdict.FAIL, message="half \ud800"),)))
    assert rb"half \ud800" in file
