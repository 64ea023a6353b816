"""Every table of a bundle counts the same rows."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from evidence.formats import nag_csv, results_csv, sarif, workbook
from evidence.model import Row, Verdict
from tests.evidence.formats.readers import ROWS
from tests.evidence.samples import evidence

NAG_WORDS = {
    "Compliant": ["pass"],
    "Non-Compliant": ["fail"],
    "Suppressed": ["waived"],
    "UNKNOWN": ["no_finding", "error"],
    "N/A": ["not_applicable"],
}


@pytest.mark.clause("ALL-4")
@given(st.lists(ROWS, max_size=12))
def test_counts_by_verdict_agree(rows: list[Row]) -> None:
    said = evidence(rows=tuple(rows))
    book = load_workbook(BytesIO(workbook.as_bytes(said)), read_only=True)
    results = [line[0] for line in book["Results"].iter_rows(min_row=2, values_only=True)]
    findings = [line[0] for line in book["Findings"].iter_rows(min_row=2, values_only=True)]
    log = json.loads(sarif.as_bytes(said))
    of_runs: Counter[str] = Counter()
    for run in log["runs"]:
        of_runs.update(run["properties"]["rows"])

    assert (
        _counted([line["verdict"] for line in _lines(results_csv.as_bytes(said))]) == said.summary
    )
    assert _counted(results) == said.summary
    assert {verdict.value: of_runs[verdict.value] for verdict in Verdict} == said.summary

    wrong = said.summary["fail"] + said.summary["error"] + said.summary["waived"]
    assert sum(_counted(findings).values()) == wrong
    assert sum(len(run["results"]) for run in log["runs"]) == wrong

    nag = Counter(line["Compliance"] for line in _lines(nag_csv.as_bytes(said)))
    listed = Counter(row.verdict.value for row in rows if row.judge != "cfn-lint")
    words = {word: sum(listed[verdict] for verdict in of) for word, of in NAG_WORDS.items()}
    assert {word: nag[word] for word in words} == words


def _lines(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(file.decode(), newline="")))


def _counted(verdicts: Iterable[object]) -> dict[str, int]:
    counts = Counter(verdicts)
    return {verdict.value: counts[verdict.value] for verdict in Verdict}
