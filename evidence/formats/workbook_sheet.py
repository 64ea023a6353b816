"""A sheet of the workbook whose texts are written in one step each: it has 200,000 of them.

XlsxWriter's own way, by way of a list of attributes and their escapes, gives the same bytes
(tests/evidence/formats/test_workbook_sheet.py): there is nothing to escape in a cell's place and in
the number of its look and of its text.
"""

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import CellStringTuple, Worksheet


class Sheet(Worksheet):  # type: ignore[misc]
    """A sheet of texts and numbers, without formats of whole rows."""

    def write_text(self, row: int, column: int, text: str, look: Format | None) -> None:
        """Write a text that is short enough for a cell; ``row`` and ``column`` from 0."""
        self._write_string(row, column, text, look)

    def _write_cell(self, row: int, col: int, cell: object) -> None:
        if not isinstance(cell, CellStringTuple):
            super()._write_cell(row, col, cell)
            return
        look = cell.format
        if look is None and col in self.col_info:
            look = self.col_info[col].column_format
        style = "" if look is None else f' s="{look._get_xf_index()}"'
        place = xl_rowcol_to_cell_fast(row, col)
        self.fh.write(f'<c r="{place}"{style} t="s"><v>{cell.string}</v></c>')
