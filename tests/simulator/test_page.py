"""docs/alarm-tests.md: its examples are what the commands take, and come out as it says."""

import re
from pathlib import Path

from simulator.notation import values
from simulator.recorded_csv import read_csv
from simulator.test_file import load
from simulator.testing import run
from tests.assembly import ROOT, Assembly
from tests.simulator.shipped import source

PAGE = (ROOT / "docs" / "alarm-tests.md").read_text("utf-8")


def example(language: str) -> str:
    """Take the page's only block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


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
    assert values("1x3").tolist() == [1, 1, 1, 1]
    assert values("2+1x4").tolist() == [2, 3, 4, 5, 6]
    assert values("9-2x2").tolist() == [9, 7, 5]
    for said in ("`1x3` is 1 and three more", "`2+1x4` is 2 3 4 5 6", "`9-2x2` is 9 7 5"):
        assert said in PAGE
