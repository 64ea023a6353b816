"""What docs/ says of test files and of the command's answers is what they are."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from simulator.testing import test_file
from simulator.testing.completeness import SHIPPED
from simulator.testing.sources import Sources
from simulator.testing.test_report import Run, machine_readable
from simulator.testing.test_run import run_files
from tests.assembly import ROOT

PAGES = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("alarm-tests*.md"))
TEMPLATE, TEST = "orders.yaml", "orders-late.yaml"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Write the page's two files, and give the test's."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGES, re.MULTILINE | re.DOTALL)
    (template,) = (block for block in blocks if block.startswith("AWSTemplateFormatVersion"))
    (test,) = (block for block in blocks if block.startswith(f"template: [{TEMPLATE}]"))
    (tmp_path / TEMPLATE).write_text(template, "utf-8")
    (tmp_path / TEST).write_text(test, "utf-8")
    return tmp_path / TEST


def test_the_example_holds_and_could_fail(example: Path, tmp_path: Path) -> None:
    for value, holds in (("600", True), ("659", True), ("599", False), ("660", False)):
        sources = Sources(tmp_path, parameters={"Oldest": value})
        assert Run(run_files([example], sources), strict=True).failed != holds, value


@pytest.mark.parametrize(
    ("model", "before"),
    [
        (test_file.Tests, ""),
        (test_file.Case, "tests[]."),
        (test_file.Series, "series[]."),
        (test_file.Expectation, "expect[]."),
    ],
)
def test_every_key_of_a_file_is_told(model: type[BaseModel], before: str) -> None:
    keys = {f"{before}{info.alias or name}" for name, info in model.model_fields.items()}
    rows = re.findall(r"^\| `(\S+)` \|", _table("key", "says"), re.MULTILINE)
    told = {row for row in rows if row.startswith(before) and row.count(".") == before.count(".")}
    assert told == keys


def test_every_key_of_a_metric_is_told() -> None:
    row = next(line for line in _table("key", "says").splitlines() if "`series[].metric`" in line)
    assert set(re.findall(r"`([a-z]+)`", row)) == set(test_file.Metric.model_fields)


def test_every_key_of_the_answer_is_told(example: Path, tmp_path: Path) -> None:
    played = run_files([example], Sources(tmp_path, parameters={"Oldest": "600"}))
    found = machine_readable(Run(played))
    table = _table("key", "holds")
    assert set(found) == {"schema", "summary", "tests", "gaps", "left_out"}
    for place, keys in (
        ("summary", found["summary"]),
        ("tests[]", found["tests"][0]),
        ("tests[].expectations[]", found["tests"][0]["expectations"][0]),
    ):
        row = next(line for line in table.splitlines() if line.startswith(f"| `{place}` |"))
        assert set(keys) <= set(re.findall(r"`([a-z_]+)`", row)), place


def test_shipped_files_stand_where_the_page_says() -> None:
    assert f"[{SHIPPED.relative_to(ROOT)}/](../{SHIPPED.relative_to(ROOT)}/)" in PAGES


def _table(first: str, second: str) -> str:
    """Find a table by the heads of its first columns."""
    (found,) = re.findall(rf"^\| {first} \| {second} \|.*\n(?:\|.*\n)+", PAGES, re.MULTILINE)
    return str(found)
