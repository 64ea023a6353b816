"""The evidence as an Excel workbook: a summary that an auditor reads first, then every table.

Every cell is text or a number, never a formula or a link. Two things Excel cannot hold are changed,
and can be seen: a control character (tab and line feed apart) becomes its picture of Unicode
(``␀`` for NUL), what XML forbids becomes ``U+FFFD``; a text of more than 32,767 UTF-16 units is cut
and ends with ``CUT``. results.csv has both as they were. A table of more rows than a sheet holds
goes on in a further sheet. The creation date is the commit's: same evidence, same bytes.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from evidence.bundle_files import WORKBOOK
from evidence.collected.installed import UNKNOWN
from evidence.formats.workbook_looks import Looks
from evidence.formats.workbook_sheet import Sheet
from evidence.formats.workbook_summary import Line, summary
from evidence.formats.workbook_tables import Cell, Table, tables
from evidence.model import Evidence
from evidence.plain_words import commit_words
from runbook.model.refusal import Refusal, RefusedError

MOST_ROWS = 1_048_576
MOST_UNITS = 32_767
CUT = " … (cut here: a cell holds no more)"
_A4 = 9
_PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)}
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
# A file says when it was made; without a commit, the first day that the format knows.
_NO_DAY = datetime(1980, 1, 1)


def as_bytes(evidence: Evidence) -> bytes:
    """Write all sheets; raises ``RefusedError`` for a commit whose date is none."""
    file = BytesIO()
    book = Workbook(file, {"in_memory": True})
    book.set_properties(
        {"title": f"Compliance evidence of {evidence.name}", "created": _created(evidence)}
    )
    looks = Looks(book)
    _write_summary(_sheet(book, "Summary", evidence), summary(evidence), looks)
    for table in tables(evidence):
        _write_table(book, table, evidence, looks)
    book.close()
    return file.getvalue()


def _created(evidence: Evidence) -> datetime:
    date = evidence.commit.date
    if date == UNKNOWN:
        return _NO_DAY
    try:
        return datetime.fromisoformat(date).astimezone(UTC).replace(tzinfo=None)
    except ValueError as error:
        fix = "write it in ISO 8601"
        what = f"{WORKBOOK} of {evidence.name}"
        refusal = Refusal("commit.date", f"{date!r} is no date", fix)
        raise RefusedError(what, [refusal]) from error


def _sheet(book: Workbook, name: str, evidence: Evidence) -> Sheet:
    """Add a sheet that prints across A4, as wide as the paper, with what it is at its foot."""
    sheet: Sheet = book.add_worksheet(name, Sheet)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    at = commit_words(evidence.commit).at(f"commit {evidence.commit.id[:12]}")
    about = f"{evidence.name}{at}".replace("&", "&&")
    sheet.set_footer(f"&L{about[:180]}&C&A&R&P / &N")
    return sheet


def _write_summary(sheet: Sheet, lines: Sequence[Line], looks: Looks) -> None:
    for column, width in enumerate((26, 30, 100)):
        sheet.set_column(column, column, width, looks.wrapped)
    for row, line in enumerate(lines):
        for column, cell in enumerate(line.cells):
            look = looks.of_line(line.kind) if column == 0 else looks.left
            _write(sheet, row, column, cell, look)
        if line.status:
            _write(sheet, row, 0, line.cells[0], looks.of_word(line.status) or looks.label)


def _write_table(book: Workbook, table: Table, evidence: Evidence, looks: Looks) -> None:
    """Write a table into as many sheets as it needs; say so where it has no rows."""
    rows, part = iter(table.rows), 1
    body: Sequence[Sequence[Cell]] = list(islice(rows, MOST_ROWS - 1)) or [(table.none,)]
    while body:
        name = table.name if part == 1 else f"{table.name} {part}"
        _write_part(_sheet(book, name, evidence), table, body, looks)
        body, part = list(islice(rows, MOST_ROWS - 1)), part + 1


def _write_part(sheet: Sheet, table: Table, body: Sequence[Sequence[Cell]], looks: Looks) -> None:
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, column.width, looks.wrapped if table.wrap else None)
        sheet.write_string(0, index, column.title, looks.heading)
    sheet.freeze_panes(1, table.frozen)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, len(body), len(table.columns) - 1)
    status = {index for index, column in enumerate(table.columns) if column.status}
    for number, cells in enumerate(body, start=1):
        for index, cell in enumerate(cells):
            if cell != "":
                look = looks.of_word(cell) if index in status else None
                _write(sheet, number, index, cell, look)


def _write(sheet: Sheet, row: int, column: int, cell: Cell, look: Format | None) -> None:
    if not isinstance(cell, str):
        sheet.write_number(row, column, cell, look)
    else:
        text = _held(cell)
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter takes such a text for XML of its own, unless it is in two pieces.
            sheet.write_rich_string(row, column, text[0], Format(), text[1:])
        else:
            sheet.write_text(row, column, text, look)


def _held(text: str) -> str:
    """Change what a cell cannot hold, as the module says."""
    if not text.isprintable():
        text = _NOT_XML.sub("\ufffd", text.translate(_PICTURES))
    if len(text) <= MOST_UNITS // 2 or _units(text) <= MOST_UNITS:
        return text
    kept = text.encode("utf-16-le")[: 2 * (MOST_UNITS - _units(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
