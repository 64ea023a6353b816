"""What a folder of migrations may hold, and what each must declare."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations.files import read_folder
from migrations.header import LONGEST_SECONDS, HeaderError, read_header
from tests.migrations.conftest import Folder

TEXT = "SELECT 1;"


def whats(folder: Folder) -> list[tuple[str, str]]:
    return [(problem.file, problem.what) for problem in read_folder(folder.path).problems]


@pytest.mark.parametrize(
    "name",
    [
        "1_short.sql",
        "0002.sql",
        "0002_.sql",
        "0002-dash.sql",
        "0002_Upper.sql",
        "0002_x.SQL",
        "0002_x.sql.bak",
        "0002_x.up.sql",
        "00002_x.sql",
        "\u0660\u0660\u0660\u0662_digits.sql",
        "readme.md",
        ".0002_hidden.sql",
        f"0002_{'x' * 100}.sql",
    ],
)
def test_a_name_that_is_none_of_a_migration_is_refused(folder: Folder, name: str) -> None:
    folder.add("0001_a.sql", TEXT)
    folder.add(name, TEXT)
    said = "its name is not like 0001_what_it_does.sql, or it is no plain file"
    assert whats(folder) == [(name, said)]


def test_folders_and_links_are_refused(folder: Folder, tmp_path: Path) -> None:
    real = folder.add("0001_a.sql", TEXT)
    (folder.path / "0002_link.sql").symlink_to(real)
    (folder.path / "0003_folder.sql").mkdir()
    assert [file for file, _ in whats(folder)] == ["0002_link.sql", "0003_folder.sql"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["0002_a.sql"], [("0002_a.sql", "the number before it is not 0001")]),
        (["0001_a.sql", "0003_c.sql"], [("0003_c.sql", "the number before it is not 0002")]),
        (
            ["0001_a.sql", "0002_b.sql", "0002_c.sql"],
            [
                ("0002_b.sql", "the number 0002 is there 2 times"),
                ("0002_c.sql", "the number 0002 is there 2 times"),
            ],
        ),
        (["0000_a.sql"], [("0000_a.sql", "the number before it is not -001")]),
    ],
)
def test_numbers_run_from_one_without_a_gap(
    folder: Folder, names: list[str], expected: list[tuple[str, str]]
) -> None:
    for name in names:
        folder.add(name, TEXT)
    assert whats(folder) == expected


@pytest.mark.clause("ROVN-MIG-3")
@pytest.mark.parametrize(
    "heading",
    [
        "-- DOWN",
        "--down",
        "-- down:",
        "--- DOWN ---",
        "-- Down migration",
        "-- migrate:down",
        "-- +goose Down",
        "-- +migrate Down",
        "--//@UNDO",
        "-- rollback: DROP TABLE x",
        "/* Downgrade */",
        "/* == DOWN == */",
        "  -- ROLLBACK section",
    ],
)
def test_a_downgrade_by_any_heading_is_refused(folder: Folder, heading: str) -> None:
    folder.add("0001_a.sql", f"{TEXT}\n{heading}\nSELECT 2;")
    said = "it goes backwards: a name or a heading of a downgrade"
    assert whats(folder) == [("0001_a.sql", said)]


@pytest.mark.clause("ROVN-MIG-3")
@pytest.mark.parametrize("word", ["down", "downgrade", "rollback", "undo"])
def test_a_downgrade_by_its_name_is_refused(folder: Folder, word: str) -> None:
    folder.add(f"0001_a_{word}.sql", TEXT)
    assert [file for file, _ in whats(folder)] == [f"0001_a_{word}.sql"]


@pytest.mark.parametrize(
    "line",
    [
        "-- Down the road this column goes.",
        "-- A rollback of the image leaves it readable.",
        "SELECT 'down' AS down;",
        "-- the countdown: three",
    ],
)
def test_prose_is_no_downgrade(folder: Folder, line: str) -> None:
    folder.add("0001_revert_the_limit.sql", f"{line}\n{TEXT}")
    assert whats(folder) == []


@pytest.mark.parametrize("text", ["", "-- nothing", "/* nothing\n */;", ";\n;"])
def test_an_empty_migration_is_refused(folder: Folder, text: str) -> None:
    folder.add("0001_a.sql", f"{text}\n")
    (path,) = folder.path.iterdir()
    path.write_text(f"-- previous_image_can_read: yes\n-- phi_columns: none\n\n{text}\n")
    assert whats(folder) == [("0001_a.sql", "it holds no statement")]


@pytest.mark.parametrize("content", [b"\xff", b"\0", b"\r\n"])
def test_bytes_that_no_checksum_survives_are_refused(folder: Folder, content: bytes) -> None:
    path = folder.add("0001_a.sql", TEXT)
    path.write_bytes(path.read_bytes() + content)
    assert len(whats(folder)) == 1
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().removesuffix(content))
    assert "byte order mark" in str(whats(folder))


GOOD = "-- previous_image_can_read: yes\n-- phi_columns: none\n"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("", "its header declares no previous_image_can_read"),
        ("-- phi_columns: none\n", "its header declares no previous_image_can_read"),
        ("-- previous_image_can_read: yes\n", "its header declares no phi_columns"),
        (GOOD.replace("yes", "maybe"), "previous_image_can_read is neither yes nor no"),
        (GOOD.replace("yes", "YES"), "previous_image_can_read is neither yes nor no"),
        (GOOD.replace("-- phi", "--phi"), "line 2 is no line of a header"),
        (GOOD + "-- a remark\n", "line 3 is no line of a header"),
        (GOOD + "-- phi_columns: none\n", "line 3 declares phi_columns again"),
        (
            "-- phi_columns: none\n-- previous_image_can_read: yes\n",
            "its header is not in the order previous_image_can_read, phi_columns, "
            "timeout_seconds, opaque",
        ),
        (GOOD.replace("none", "a"), "phi_columns is neither none nor a list of different "),
        (GOOD.replace("none", "a.b,c.d"), "phi_columns is neither none nor a list of different "),
        (GOOD.replace("none", "a.b, a.b"), "phi_columns is neither none nor a list of different "),
        (GOOD.replace("none", "none, a.b"), "phi_columns is neither none nor a list of different "),
        (GOOD + "-- timeout_seconds: 0\n", "timeout_seconds is no number from 1 to 3600"),
        (GOOD + "-- timeout_seconds: 3601\n", "timeout_seconds is no number from 1 to 3600"),
        (GOOD + "-- timeout_seconds: \u0663\n", "timeout_seconds is no number from 1 to 3600"),
        (GOOD + "\n-- phi_columns: a.b\n", "a declaration stands below the header"),
        (GOOD + "\n  --previous_image_can_read: no", "a declaration stands below the header"),
    ],
)
def test_a_header_that_is_not_strict_is_refused(head: str, what: str) -> None:
    with pytest.raises(HeaderError) as refused:
        read_header(f"{head}\n{TEXT}\n")
    assert any(said.startswith(what) for said in refused.value.whats)


def test_a_header_needs_an_end() -> None:
    with pytest.raises(HeaderError, match="does not end with an empty line"):
        read_header(GOOD + TEXT)


def test_a_file_with_a_bad_header_is_taken_for_the_worst(folder: Folder) -> None:
    folder.add("0001_a.sql", TEXT, can_read="maybe")
    found = read_folder(folder.path)
    assert found.problems
    assert found.files[0].header.previous_image_can_read is False


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}\.[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@given(
    can_read=st.booleans(),
    columns=st.lists(NAMES, unique=True, max_size=4),
    seconds=st.none() | st.integers(1, LONGEST_SECONDS),
)
def test_a_header_is_read_as_it_is_written(
    *, can_read: bool, columns: list[str], seconds: int | None
) -> None:
    more = "" if seconds is None else f"-- timeout_seconds: {seconds}\n"
    read = read_header(
        f"-- previous_image_can_read: {'yes' if can_read else 'no'}\n"
        f"-- phi_columns: {', '.join(columns) or 'none'}\n{more}\n{TEXT}"
    )
    assert read.previous_image_can_read is can_read
    assert read.phi_columns == tuple(columns)
    assert read.timeout_seconds == seconds


@given(st.text() | st.text().map(lambda text: GOOD + text))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(HeaderError):
        assert read_header(text).phi_columns == ()
