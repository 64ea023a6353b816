"""Sheets on a terminal: every word whole and nothing lost, however narrow it is."""

import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

from runbook.alarms import sheets
from runbook.alarms.layout import PIPE, Column, Sheet, lines
from runbook.alarms.matrix import Matrix
from runbook.model.loader import load_environment

NAME = "rovn/production"
RUNBOOK = Path(sys.executable).with_name("runbook")
WIDTHS = [80, 100, 120, 160]
LONGER = Column("words", least=12)


def shown() -> Iterator[Sheet]:
    """Give what the commands show of every environment."""
    for name in (NAME, "rovn/staging"):
        environment = load_environment(name)
        for level, alarms in sheets.by_severity(environment, None):
            yield sheets.sheet(environment, level, alarms)
        yield sheets.totals(Matrix(environment, 2027))


def read_table(text: list[str], sheet: Sheet) -> list[tuple[str, ...]]:
    """Read the cells back, column by column, from what stands below the line of dashes."""
    rule = next(n for n, line in enumerate(text) if line and set(line) == {"-"})
    titles, body = text[:rule], text[rule + 1 :]
    starts = [0]
    for at in range(2, len(text[rule])):
        cut = [line[at - 2 : at + 1].ljust(3) for line in (*titles, *body) if line]
        if all(each[:2] == "  " for each in cut) and any(each[2] != " " for each in cut):
            starts.append(at)
    assert len(starts) == len(sheet.columns)
    ends = [*starts[1:], None]
    rows: list[list[str]] = []
    for line in filter(None, body):
        cells = [line[a:b].strip() for a, b in zip(starts, ends, strict=True)]
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells, strict=True)]
    return [tuple(row) for row in rows]


def read_blocks(text: list[str], sheet: Sheet) -> list[tuple[str, ...]]:
    """Read the rows back from blocks."""
    labels = [column.title for column in sheet.columns[1:]]
    margin = max(map(len, labels)) + 4
    rows: list[list[str]] = []
    for line in filter(None, text):
        if not line.startswith(" "):
            rows.append([line])
        elif label := line[:margin].strip():
            assert label == labels[len(rows[-1]) - 1]
            rows[-1].append(line[margin:])
        else:
            rows[-1][-1] += f" {line.strip()}"
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("wide", WIDTHS)
def test_nothing_is_lost_and_no_word_is_broken(wide: int) -> None:
    for sheet in shown():
        untitled = Sheet(sheet.columns, sheet.rows)
        text = list(lines([untitled], wide))
        assert max(map(len, text)) <= wide
        table = any(line and set(line) == {"-"} for line in text)
        read = read_table if table else read_blocks
        assert read(text, sheet) == list(sheet.rows)


@pytest.mark.parametrize("wide", WIDTHS)
def test_a_column_of_sentences_is_as_wide_as_reads_well(wide: int) -> None:
    """Below that there is no column at all, but a block for each row."""
    sheet = Sheet((Column("id"), LONGER), (("a-longer-id", "one two three four"),))
    assert next(lines([sheet], 11 + 2 + 12)) == "id           words"
    assert next(lines([sheet], 11 + 2 + 11)) == "a-longer-id"
    of_list = [each for each in shown() if each.columns[0].title == "alarm"]
    assert any(set(line) == {"-"} for line in lines(of_list, wide) if line) == (wide == PIPE)


def test_sheets_stand_below_each_other_in_one_form() -> None:
    short = Sheet((Column("id"), LONGER), (("a", "one"),), "Short")
    long = Sheet((Column("id"), LONGER), (("b" * 30, "two"),), "Long")
    assert list(lines([short], 20)) == ["Short", "", "id  words", "---------", "a   one", ""]
    assert list(lines([short, long], 20)) == [
        *("Short", "", "a", "  words  one", ""),
        *("Long", "", "b" * 30, "  words  two", ""),
    ]


def test_numbers_stand_below_each_other() -> None:
    sheet = Sheet((Column("id"), Column("hours", number=True)), (("a", "1"), ("b", "10")))
    assert list(lines([sheet], 80)) == ["id  hours", "---------", "a       1", "b      10", ""]


def on_a_terminal(columns: int, *words: str) -> list[str]:
    """Run a command on a terminal so wide, and give its lines."""
    ours, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen([RUNBOOK, *words], stdout=its, stderr=its, env=environment) as running:
        os.close(its)
        said = b""
        try:
            while read := os.read(ours, 65536):
                said += read
        except OSError:  # Linux ends a terminal that nobody writes to any more with EIO.
            pass
    os.close(ours)
    assert running.returncode == 0, said
    return said.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("words", [("list", NAME), ("matrix", NAME, "--year", "2027")])
def test_a_terminal_says_its_own_width_and_a_pipe_has_one(words: tuple[str, ...]) -> None:
    narrow = on_a_terminal(80, "alarms", *words)
    assert max(map(len, narrow)) <= 80
    assert "  playbook       api-5xx-rate" in narrow or "  muted         6,672 h" in narrow
    piped = subprocess.run(
        [RUNBOOK, "alarms", *words], capture_output=True, encoding="utf-8", check=True
    )
    assert piped.stdout.splitlines() == on_a_terminal(PIPE, "alarms", *words)
