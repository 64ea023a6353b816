"""evidence.xlsx: what openpyxl reads back is what the evidence says, and no cell calculates."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from evidence.formats import workbook
from evidence.model import AlarmTested, Commit, Evidence, Row, Verdict
from evidence.plain_words import STANDINGS, STATES
from runbook.model.refusal import RefusedError
from tests.evidence.formats.readers import ROWS, TEXT, joined
from tests.evidence.samples import COMMIT, NO_COMMIT, evidence, row

SHEETS = [
    "Summary",
    "Controls",
    "Findings",
    "Results",
    "Rules",
    "Clauses",
    "Waivers",
    "Alarm tests",
    "Rehearsal",
    "Judges",
    "Templates",
]
ROW_COLUMNS = [
    "verdict",
    "judge",
    "rule",
    "construct_path",
    "message",
    "reason",
    "template",
    "resource",
    "type",
    "location",
    "level",
    "clauses",
    "controls",
]


def read(said: Evidence) -> Workbook:
    return load_workbook(BytesIO(workbook.as_bytes(said)))


def lines(sheet: Worksheet) -> list[list[object]]:
    """Give the cells row by row; an empty cell is an empty text."""
    return [["" if cell is None else cell for cell in line] for line in sheet.values]


def as_lines(rows: tuple[Row, ...]) -> list[list[object]]:
    return [[joined(row, column) for column in ROW_COLUMNS] for row in rows]


@pytest.mark.clause("ALL-4")
def test_the_sheets_are_there_with_what_an_auditor_reads_first_in_front() -> None:
    assert read(evidence()).sheetnames == SHEETS


@pytest.mark.clause("ALL-4")
def test_the_summary_says_what_was_judged_and_how_it_ended() -> None:
    told = [tuple(c for c in line if c != "") for line in lines(read(evidence())["Summary"])]
    assert told[0] == ("Compliance evidence of acme/production",)
    assert told[1][0] == (
        "Something failed or could not be judged: see Findings, Alarm tests and Rehearsal."
    )
    assert told[4:12] == [
        ("Environment", "acme/production"),
        ("Tier", "phi"),
        ("Account", "111122223333"),
        ("Region", "us-east-2"),
        ("Commit", "0123456789abcdef0123456789abcdef01234567"),
        ("Commit's date", "2026-05-04T03:02:01Z"),
        ("Made of", "the commit alone"),
        ("Templates", 1, "Their SHA-256 are in Templates."),
    ]
    counts = {line[0]: line[1] for line in told if len(line) == 3}
    assert {verdict: counts[verdict] for verdict in evidence().summary} == evidence().summary
    for standing, meaning in STANDINGS.values():
        assert (standing, 1, meaning) in told
    assert (1, "The rehearsal was of acme/staging.") in told
    assert ("cdk-nag", "3.0.2") in told
    for state, number in (("broken", 0), ("open", 0), ("kept in part", 1), ("kept", 1)):
        assert (state, number, STATES[state]) in told
    assert ("Alarm tests", 12, "of alarms: 1; failed: 0") in told
    started = "started 2026-05-01T10:00:00+00:00: 1 not exercisable, 1 passed"
    assert ("Last rehearsal", "acme/staging", started) in told


@pytest.mark.clause("ALL-4")
def test_every_row_stands_in_the_results_and_what_is_wrong_in_the_findings() -> None:
    book = read(evidence())
    rows = evidence().rows
    heading = [column.replace("_", " ").capitalize() for column in ROW_COLUMNS]
    assert lines(book["Results"]) == [heading, *as_lines(rows)]
    findings = (rows[1], rows[6], rows[3], rows[2])
    assert lines(book["Findings"]) == [heading, *as_lines(findings)]


def test_the_other_tables_say_what_the_evidence_says() -> None:
    book = read(evidence())
    assert lines(book["Controls"])[1:4] == [
        [
            "HIPAA 164.312(a)(2)(iv)",
            "Encryption and decryption",
            "HIPAA, 45 CFR part 164",
            "broken",
            "",
            "ACME-SEC-1",
            "Runbook::bucket-encrypted: pass 1, fail 1",
            "bucket-full",
            "restore",
            2,
            "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164",
        ],
        [
            "HIPAA 164.310(b)",
            "Workstation use",
            "HIPAA, 45 CFR part 164",
            "gap",
            "nothing in this repository speaks for it",
            "",
            "",
            "",
            "",
            0,
            "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164",
        ],
        [
            "SOC2 CC6.1",
            "Logical access",
            "SOC 2",
            "held with exceptions",
            "bucket-locked is waived at 1 resource",
            "ACME-SEC-1",
            "Runbook::bucket-locked: waived 1",
            "",
            "",
            1,
            "https://www.aicpa-cima.com/",
        ],
    ]
    assert [line[3] for line in lines(book["Controls"])[4:]] == ["held", "weak"]
    assert lines(book["Rules"])[1:] == [
        [
            "Runbook",
            "bucket-encrypted",
            "Buckets are encrypted with a customer managed key",
            *(0, 0, 0, 1, 0, 0),
            "",
            "Records are PHI.",
            "Set BucketEncryption.",
            "ACME-SEC-1",
            "HIPAA 164.312(a)(2)(iv); SOC2 CC6.1",
        ],
        [
            "HIPAA.Security",
            "HIPAA.Security-S3BucketLoggingEnabled",
            "Buckets are logged",
            *(0, 0, 0, 0, 1, 0),
            *("", "", "", "", ""),
        ],
    ]
    assert lines(book["Clauses"])[1:] == [
        [
            *("ACME-SEC-1", "kept", "yes", "Records are encrypted.", "", "", "runbook, section 4"),
            "rule bucket-encrypted (policies/rules/bucket_encrypted.py), t.py",
        ],
        [
            *("ACME-LOG-1", "kept in part", "yes", "Access is logged.", ""),
            "logs of the database wait for a later release",
            "runbook, section 5",
            "alarm bucket-full (runbook/alarms/catalogue.py)",
        ],
    ]
    assert lines(book["Waivers"])[1:] == [
        [
            *("waiver[0] (line 21)", "2027-05-31", 1, "It holds what is public anyway."),
            *("platform-engineering", "Runbook::bucket-locked", "Data/Records/Resource"),
        ]
    ]
    assert lines(book["Alarm tests"])[1:] == [["bucket-full", "passed", 12, 0, 3, 9, "ACME-LOG-1"]]
    about = ["acme/staging", "2026-05-01T10:00:00+00:00", COMMIT.id, "yes", "cd" * 32]
    assert lines(book["Rehearsal"])[1:] == [
        ["restore", "passed", 12.5, "a table is back", "", "ACME-SEC-1", *about],
        ["gate", "not exercisable", 0, "", "no containers", "ACME-LOG-1", *about],
    ]
    assert lines(book["Judges"])[1:] == [
        [
            *("Runbook", "0.1.0", 2, 1, 1, 1, 0, 1),
            *("Every rule at every resource.", "What no rule asks."),
        ],
        [
            *("HIPAA.Security", "3.0.2", 0, 0, 0, 0, 1, 0),
            *("Its failures.", "That a silent rule applied."),
        ],
    ]
    assert lines(book["Templates"])[1:] == [
        [
            "assembly-acme-production/AcmeData.template.json",
            "acme-production-data",
            "us-east-2",
            "ab" * 32,
        ]
    ]


@pytest.mark.clause("ALL-4")
def test_what_is_not_there_is_said() -> None:
    bare = evidence(
        rows=(), controls=(), clauses=(), waivers=(), alarm_tests=(), rehearsal=None, judges=()
    )
    book = read(bare)
    assert {name: lines(book[name])[1][0] for name in SHEETS[1:-1] if name != "Rules"} == {
        "Controls": "No control is mapped, which is a gap.",
        "Findings": "Nothing failed, nothing is waived, all could be judged.",
        "Results": "Nothing was judged, which is no pass.",
        "Clauses": "No clause is on record, which is a gap.",
        "Waivers": "The environment has no waiver.",
        "Alarm tests": "No alarm was tested, which is a gap.",
        "Rehearsal": "No rehearsal is on record, which is a gap.",
        "Judges": "Nobody judged, which is no pass.",
    }
    assert ["Last rehearsal", "none on record", ""] in lines(book["Summary"])


@pytest.mark.clause("ALL-4")
def test_a_broken_clause_says_what_breaks_it() -> None:
    made = evidence()
    one, other = made.clauses
    broken = replace(one, state="broken", broken=("a fails at 1 resource", "drill b: failed: c"))
    book = read(replace(made, clauses=(broken, other)))
    told = [tuple(c for c in line if c != "") for line in lines(book["Summary"])]
    assert ("broken", 1, STATES["broken"]) in told
    assert ("kept", 0, STATES["kept"]) in told
    heading, first, _ = lines(book["Clauses"])
    said = dict(zip(heading, first, strict=True))
    assert (said["State"], said["What breaks it"]) == ("broken", "\n".join(broken.broken))


@pytest.mark.clause("ALL-4")
def test_a_rule_that_was_not_asked_says_of_what() -> None:
    made = evidence()
    ours, of_pack = made.rules
    files = "the files of services: no sources were given"
    rules = {"Runbook::bucket-encrypted": {Verdict.PASS: 1}, f"{of_pack.judge}::{of_pack.id}": {}}
    controls = (replace(made.controls[0], rules=rules),)
    book = read(replace(made, rules=(replace(ours, unasked=files), of_pack), controls=controls))
    assert lines(book["Controls"])[1][6] == (
        f"Runbook::bucket-encrypted: pass 1, not asked of {files}\n"
        f"{of_pack.judge}::{of_pack.id}: no result"
    )
    heading, *told = lines(book["Rules"])
    column = heading.index("Not asked of")
    assert [line[column] for line in told] == [files, ""]


def test_a_clause_of_another_organisation_is_said_not_to_apply() -> None:
    elsewhere = replace(evidence().clauses[0], applies=False)
    book = read(evidence(clauses=(elsewhere,)))
    assert lines(book["Clauses"])[1][2] == "no"
    assert ["kept", 0, STATES["kept"]] in lines(book["Summary"])


def test_a_working_tree_that_differs_is_said() -> None:
    dirty = evidence(commit=Commit("ab" * 20, "2026-05-04T03:02:01Z", clean=False))
    why = "Not the commit alone made it: the working tree was not clean, or an assembly was given."
    assert ["Made of", "not the commit alone", why] in lines(read(dirty)["Summary"])


@pytest.mark.clause("ALL-4")
def test_of_a_commit_that_is_not_known_nothing_is_told() -> None:
    book = read(evidence(commit=NO_COMMIT))
    told = lines(book["Summary"])
    (line,) = (line for line in told if line[0] == "Commit")
    assert line[1] == "the commit is not known"
    assert str(line[2]).startswith("The commit is not known: ")
    assert not {"Commit's date", "Made of"} & {str(line[0]) for line in told}
    footer = book["Summary"].oddFooter
    assert footer is not None
    assert footer.left.text == "acme/production, the commit is not known"


@pytest.mark.parametrize(
    ("counts", "result"),
    [
        ((4, 1, 2, 2), "failed"),
        ((0, 0, 0, 0), "not tested"),
        ((4, 0, 0, 4), "never shown to fire"),
        ((4, 0, 4, 0), "never shown to stay quiet"),
        ((4, 0, 2, 2), "passed"),
    ],
)
def test_an_alarm_passes_only_when_both_were_shown(
    counts: tuple[int, int, int, int], result: str
) -> None:
    tests, failed, fires, quiet = counts
    alarm = AlarmTested("bucket-full", (), tests, failed, fires, quiet)
    assert lines(read(evidence(alarm_tests=(alarm,)))["Alarm tests"])[1][1] == result


def test_no_cell_is_a_formula_or_a_link() -> None:
    odd = (
        "=1+1",
        "{=1+1}",
        "https://example.org",
        "mailto:a@b",
        "internal:Results!A1",
        "12",
        "#N/A",
    )
    rows = tuple(row(Verdict.FAIL, message=text) for text in odd)
    for sheet in read(evidence(rows=rows)):
        assert {cell.data_type for line in sheet for cell in line} <= {"s", "n"}
        assert not [cell for line in sheet for cell in line if cell.hyperlink]
    messages = [line[4] for line in lines(read(evidence(rows=rows))["Results"])[1:]]
    assert messages == list(odd)


def test_the_same_evidence_gives_the_same_bytes_and_the_date_is_the_commits() -> None:
    assert workbook.as_bytes(evidence()) == workbook.as_bytes(evidence())
    assert read(evidence()).properties.created == datetime(2026, 5, 4, 3, 2, 1)
    east = evidence(commit=Commit("ab" * 20, "2026-05-04T03:02:01+02:00", clean=True))
    assert read(east).properties.created == datetime(2026, 5, 4, 1, 2, 1)


def test_a_commit_without_a_date_is_refused() -> None:
    undated = evidence(commit=Commit("ab" * 20, "yesterday", clean=True))
    with pytest.raises(RefusedError, match="'yesterday' is no date"):
        workbook.as_bytes(undated)


def test_rows_beyond_a_sheet_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 4)
    book = read(evidence())
    names = ["Results", "Results 2", "Results 3"]
    assert [name for name in book.sheetnames if name.startswith("Results")] == names
    bodies = [lines(book[name]) for name in names]
    assert [len(body) for body in bodies] == [4, 4, 2]
    assert len({tuple(body[0]) for body in bodies}) == 1
    assert [line for body in bodies for line in body[1:]] == as_lines(evidence().rows)


def test_every_table_can_be_filtered_and_printed() -> None:
    for sheet in read(evidence()):
        assert sheet.page_setup.orientation == "landscape"
        fit = sheet.sheet_properties.pageSetUpPr
        assert fit is not None
        assert fit.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        footer = sheet.oddFooter
        assert footer is not None
        assert footer.left.text == "acme/production at commit 0123456789ab"
        if sheet.title != "Summary":
            assert sheet.freeze_panes is not None
            assert sheet.print_title_rows == "$1:$1"
            assert sheet.auto_filter.ref == sheet.dimensions


def test_verdicts_differ_in_grey() -> None:
    """What is printed without colour tells a failure, an error and a waiver apart."""
    sheet = read(evidence())["Findings"]
    assert {cell.fill.fill_type for cell in sheet["A"]} == {"solid"}
    fills = {str(cell.value): cell.fill.start_color.rgb for cell in sheet["A"][1:]}
    greys = [_grey(fills[verdict]) for verdict in ("fail", "error", "waived")]
    assert greys == sorted(greys)
    assert min(b - a for a, b in pairwise(greys)) > 40


def _grey(argb: str) -> float:
    red, green, blue = (int(argb[at : at + 2], 16) for at in (2, 4, 6))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_a_text_too_long_for_a_cell_is_cut_and_says_so() -> None:
    text = "𝄞" * 20_000
    cell = lines(read(evidence(rows=(row(Verdict.FAIL, message=text),)))["Results"])[1][4]
    assert isinstance(cell, str)
    assert cell.endswith("𝄞 … (cut here: a cell holds no more)")
    assert 32_760 < len(cell.encode("utf-16-le")) // 2 <= 32_767


def test_text_that_looks_like_the_workbooks_own_xml_stays_text() -> None:
    text = "<r><t>bold</t></r>"
    cell = lines(read(evidence(rows=(row(Verdict.FAIL, message=text),)))["Results"])[1][4]
    assert cell == text


@given(st.lists(ROWS, min_size=1, max_size=3), TEXT)
def test_any_text_in_any_field_comes_back(rows: list[Row], gap: str) -> None:
    book = read(evidence(rows=tuple(rows), gaps=(gap,)))
    expected = [[_held(str(cell)) for cell in line] for line in as_lines(tuple(rows))]
    assert lines(book["Results"])[1:] == expected
    assert [1, "", _held(gap)] in lines(book["Summary"])


def _held(text: str) -> str:
    """Do to a text what the workbook's docstring says."""
    held = ""
    for letter in text:
        if letter in "\ufffe\uffff":
            held += "\ufffd"
        elif ord(letter) < 0x20 and letter not in "\t\n":
            held += chr(0x2400 + ord(letter))
        else:
            held += letter
    return held
