"""docs/alarm-tests.md: its examples are what the commands take, and come out as it says."""

import re
from pathlib import Path

from simulator.recorded.recorded_csv import read_csv
from simulator.testing.notation import values
from simulator.testing.running import run
from simulator.testing.test_file import load
from tests.assembly import ROOT, Assembly
from tests.simulator.shipped import source

PAGE = (ROOT / "docs" / "alarm-tests.md").read_text("utf-8")


def example(language: str) -> str:
    """Take the page's first block of a language."""
    return str(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0])


def test_the_file_of_tests_passes(tmp_path: Path, assembly: Assembly) -> None:
    path = tmp_path / "tests.yaml"
    path.write_text(example("yaml"), "utf-8")
    file = load(path)
    assert file.tests.environment
    (played,) = run(file, source(assembly.directory, file.tests.environment))
    assert [verdict.passed for verdict in played.verdicts] == [True] * 4


def test_the_recording_is_read() -> None:
    recording = read_csv("page.csv", example("csv"))
    (series,) = recording.series.values()
    assert series.period == 60


def test_the_notation() -> None:
    rows = re.findall(r"^\| `([\dx+-]+)` \| ((?:-?\d+ ?)+)(?::|\|)", PAGE, re.MULTILINE)
    assert len(rows) == 4
    for notation, said in rows:
        assert values(notation).tolist() == [float(each) for each in said.split()]
