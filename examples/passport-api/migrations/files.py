"""The migrations of this image, read from their folder; everything wrong with them is listed."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from migrations.header import Header, HeaderError, read_header
from migrations.problem import Problem

FOLDER = Path(__file__).parent / "sql"
_NAME = re.compile(r"(?P<number>[0-9]{4})_(?P<words>[a-z0-9]+(?:_[a-z0-9]+)*)\.sql")
_LONGEST_NAME = 100
_BACKWARDS = ("down", "downgrade", "rollback", "undo")
# `-- DOWN`, `-- migrate:down`, `-- +goose Down`, `/* rollback: ... */`, `--//@UNDO`
_HEADING = re.compile(
    rf"^[ \t]*(?:--|/\*|#)[-+/*@#=\s]*(?:\w+[: ])?(?:{'|'.join(_BACKWARDS)})\b"
    r"[ \t]*(?:section|migration|script)?[ \t]*(?:[-=*/# \t]*$|:)",
    re.IGNORECASE | re.MULTILINE,
)
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One migration; `checksum` is the SHA-256 of its bytes in hexadecimal."""

    name: str
    number: int
    checksum: str
    text: str
    header: Header


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a folder: the migrations in their order, and all that is wrong with them."""

    files: tuple[MigrationFile, ...]
    problems: tuple[Problem, ...]


def read_folder(folder: Path = FOLDER) -> Found:
    """Read every file; one with a problem is among `files` all the same, with a careful header."""
    files: list[MigrationFile] = []
    problems: list[Problem] = []
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if not entries:
        said = "there is no migration in the image"
        problems.append(Problem("", said, "Build the image with the folder migrations/sql."))
    for path in entries:
        number = _number(path)
        if number is None:
            said = "its name is not like 0001_what_it_does.sql, or it is no plain file"
            problems.append(Problem(path.name, said, "Rename it, or take it out of the folder."))
            continue
        content = path.read_bytes()
        text = content.decode(errors="replace")
        header = Header()
        try:
            header = read_header(text)
        except HeaderError as error:
            do = "Write the header as README says."
            problems += [Problem(path.name, what, do) for what in error.whats]
        problems += _of_text(path.name, content, text)
        checksum = hashlib.sha256(content).hexdigest()
        files.append(MigrationFile(path.name, number, checksum, text, header))
    return Found(tuple(files), (*problems, *_of_numbers(files)))


def _number(path: Path) -> int | None:
    named = _NAME.fullmatch(path.name)
    if named is None or len(path.name) > _LONGEST_NAME or path.is_symlink() or not path.is_file():
        return None
    return int(named["number"])


def _of_text(name: str, content: bytes, text: str) -> Iterator[Problem]:
    try:
        content.decode()
    except UnicodeDecodeError:
        yield Problem(name, "it is not UTF-8", "Save it as UTF-8.")
    if b"\0" in content or b"\r" in content or content.startswith(b"\xef\xbb\xbf"):
        said = "it has a zero byte, a carriage return or a byte order mark"
        yield Problem(name, said, "Save it as plain UTF-8 with line feeds.")
    if not _COMMENTS.sub("", text).strip(" \t\n;"):
        yield Problem(name, "it holds no statement", "Write one, or take the file away.")
    words = name.removesuffix(".sql").split("_")
    if _HEADING.search(text) or not set(_BACKWARDS).isdisjoint(words):
        do = "Take it out: what takes a change back is a new migration with the next number."
        yield Problem(name, "it goes backwards: a name or a heading of a downgrade", do)


def _of_numbers(files: Iterable[MigrationFile]) -> Iterator[Problem]:
    """Numbers run from 1 without a gap, each once."""
    counted = Counter(file.number for file in files)
    expected = 1
    for file in sorted(files, key=lambda file: file.number):
        if counted[file.number] > 1:
            said = f"the number {file.number:04} is there {counted[file.number]} times"
            yield Problem(file.name, said, "Give the one that is not applied the next free number.")
        if file.number > expected or file.number == 0:
            said = f"the number before it is not {file.number - 1:04}"
            do = "Bring the missing file back, or give this one the next free number."
            yield Problem(file.name, said, do)
        expected = max(expected, file.number + 1)
