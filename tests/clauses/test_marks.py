"""Marks are read from the text of tests, wherever pytest takes one."""

from pathlib import Path

import pytest

from policies.marks import Mark, marks

FILE = "tests/stacks/test_data.py"


def read(root: Path, text: str, file: str = FILE) -> list[Mark]:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("import pytest\n" + text, "utf-8")
    return marks(root)


@pytest.mark.parametrize(
    ("text", "test", "line"),
    [
        ('@pytest.mark.clause("ALL-1")\ndef test_one() -> None: ...\n', "test_one", 2),
        ('@pytest.mark.clause("ALL-1")\nasync def test_one() -> None: ...\n', "test_one", 2),
        (
            'class TestAll:\n  @pytest.mark.clause("ALL-1")\n  def test_one(self): ...\n',
            "TestAll::test_one",
            3,
        ),
        ('@pytest.mark.clause("ALL-1")\nclass TestAll: ...\n', "TestAll", 2),
        ('pytestmark = [pytest.mark.clause("ALL-1")]\n', "", 2),
        # What ends a line of a text, and none of a source; a mark of several lines.
        (
            'TEXT = "a\x0cb\x1cc"\n\x0c\n@pytest.mark.clause(\n    "ALL-1"\n)\n@other\n'
            "def test_one() -> None: ...\n",
            "test_one",
            4,
        ),
        (
            '@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.clause("ALL-1"))])\n'
            "def test_one(n: int) -> None: ...\n",
            "test_one",
            2,
        ),
    ],
)
def test_a_mark_is_found_wherever_it_stands(
    tmp_path: Path, text: str, test: str, line: int
) -> None:
    assert read(tmp_path, text) == [Mark("ALL-1", FILE, test, line)]


def test_services_beside_us_are_read_but_not_what_they_installed(tmp_path: Path) -> None:
    text = '@pytest.mark.clause("ALL-1")\ndef test_one() -> None: ...\n'
    assert read(tmp_path, text, "examples/api/.venv/tests/test_it.py") == []
    assert [m.path for m in read(tmp_path, text, "examples/api/tests/test_it.py")] == [
        "examples/api/tests/test_it.py"
    ]


@pytest.mark.parametrize("mark", ["clause", "clause()", "clause(ID)", 'clause("ALL-1", "ALL-2")'])
def test_a_mark_names_one_clause_as_text(tmp_path: Path, mark: str) -> None:
    (found,) = read(tmp_path, f"@pytest.mark.{mark}\ndef test_one() -> None: ...\n")
    assert (found.clause, found.fault) == ("", "it names no clause as one text")


@pytest.mark.parametrize(
    "text",
    [
        '@pytest.mark.skip\n@pytest.mark.clause("ALL-1")\ndef test_one() -> None: ...\n',
        '@pytest.mark.clause("ALL-1")\n@pytest.mark.skipif(True)\ndef test_one() -> None: ...\n',
        '@pytest.mark.xfail\nclass TestAll:\n  @pytest.mark.clause("ALL-1")\n'
        "  def test_one(self): ...\n",
        'pytestmark = pytest.mark.skip\n@pytest.mark.clause("ALL-1")\ndef test_one(): ...\n',
    ],
)
def test_a_test_that_may_be_passed_over_proves_nothing(tmp_path: Path, text: str) -> None:
    (found,) = read(tmp_path, text)
    assert found.fault == "pytest may pass this test over"


def test_only_what_pytest_runs_proves_something(tmp_path: Path) -> None:
    text = '@pytest.mark.clause("ALL-1")\ndef one() -> None: ...\n'
    assert [m.fault for m in read(tmp_path, text)] == ["pytest runs nothing of this name"]
    (tmp_path / FILE).unlink()
    (found,) = read(tmp_path, text.replace("one", "test_one"), "tests/stacks/answers.py")
    assert found.fault == "pytest collects no test of this file"
