"""How a reader gets the text of a cell back, and rows of any text to try it with."""

import csv
from io import StringIO

from hypothesis import strategies as st

from evidence.model import Row, Verdict

TEXT = st.text(max_size=40)
ROWS = st.builds(
    Row,
    judge=st.sampled_from(("Runbook", "HIPAA.Security", "cfn-lint")),
    rule=TEXT,
    verdict=st.sampled_from(Verdict),
    template=TEXT,
    resource=TEXT,
    type=TEXT,
    construct_path=TEXT,
    location=TEXT,
    message=TEXT,
    reason=TEXT,
    level=st.sampled_from(("error", "warning")),
    clauses=st.lists(TEXT, max_size=3).map(tuple),
    controls=st.lists(TEXT, max_size=3).map(tuple),
)


def cells_of(file: bytes) -> list[list[str]]:
    """Read a CSV strictly, and take off the apostrophes that keep cells from being formulas."""
    read = csv.reader(StringIO(file.decode(), newline=""), strict=True)
    return [[cell.removeprefix("'") for cell in line] for line in read]


def joined(row: Row, column: str) -> str:
    """Give a field as a table has it."""
    value = getattr(row, column)
    return "; ".join(value) if isinstance(value, tuple) else str(value)
