r"""Every row of the evidence as CSV: what each rule said at each resource, passes too.

RFC 4180: a header, commas, CRLF, every cell in quotes; UTF-8 without a byte order mark. Columns are
the fields of ``Row``, in their order; several clauses or controls are joined by ``"; "``.
``evidence.formats.spreadsheet_cell`` says how a cell is kept from being a formula.
"""

import csv
from dataclasses import fields
from io import StringIO
from operator import attrgetter

from evidence.formats.spreadsheet_cell import as_utf8, harmless
from evidence.model import Evidence, Row

COLUMNS = tuple(field.name for field in fields(Row))
_values = attrgetter(*COLUMNS)


def as_bytes(evidence: Evidence) -> bytes:
    """Write the rows in the evidence's order."""
    file = StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(row) for row in evidence.rows)
    return as_utf8(file.getvalue())


def _cells(row: Row) -> list[str]:
    return [harmless("; ".join(v) if isinstance(v, tuple) else v) for v in _values(row)]
