"""The commands of a compiled page, as a shell would hand them to a program."""

import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass

from runbook.playbooks.compiled import Playbook

PROGRAMS = ("aws", "curl", "dig", "make", "openssl", "runbook")
FENCED = re.compile(r"^```(\S*)\n(.*?)^```$", re.M | re.S)
ASSIGNED = re.compile(r"([A-Z]+)=\$\((.+)\)(?:\s+#.*)?")
_INLINE = re.compile(r"`((?:aws|make|runbook) [^`]+)`")
_DATE = re.compile(r"\$\(date (?:-u )?\+(\S+?)\)")
_SUM = re.compile(r"\$\(\(([0-9]+)-([0-9]+)\)\)")
_USED = re.compile(r"\$([A-Z]+)\b")
# When the tests' shell thinks it is, and what a command before has found.
_NOW = 1_779_000_000
_FOUND = "found-by-the-command-before"


class NoCommandError(ValueError):
    """A line of a page is nothing that its shell could run."""


@dataclass(frozen=True)
class Typed:
    """One command: the page it stands on, the line, and the words that its program is given."""

    page: str
    line: str
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        return self.words[0]

    def option(self, name: str) -> tuple[str, ...]:
        """Every value of an option: words up to the next option."""
        if name not in self.words:
            return ()
        rest = self.words[self.words.index(name) + 1 :]
        ends = [n for n, word in enumerate(rest) if word.startswith("--")]
        return rest[: ends[0]] if ends else rest


def commands_of(playbook: Playbook) -> Iterator[Typed]:
    """Read every line of every fenced block, in the order of the page."""
    assigned: set[str] = set()
    for language, block in FENCED.findall(playbook.markdown):
        if language != "sh":
            raise NoCommandError(f"{playbook.page.id}: a block of {language or 'nothing'}")
        for line in block.splitlines():
            command = line.strip()
            assignment = ASSIGNED.fullmatch(command)
            inner = assignment[2] if assignment else command
            unknown = set(_USED.findall(inner)) - assigned
            if unknown:
                raise NoCommandError(f"{playbook.page.id}: {unknown} is not set before {line}")
            yield typed(playbook.page.id, inner)
            if assignment:
                assigned.add(assignment[1])


def inline_of(playbook: Playbook) -> Iterator[Typed]:
    """Read the commands that stand within a sentence."""
    prose = FENCED.sub("", playbook.markdown)
    for line in _INLINE.findall(prose):
        yield typed(playbook.page.id, line)


def typed(page: str, line: str) -> Typed:
    """Expand what a shell expands, and split the rest as it does."""
    expanded = _SUM.sub(lambda sum_: str(int(sum_[1]) - int(sum_[2])), _DATE.sub(_date, line))
    if "$(" in expanded or "`" in _unquoted(expanded):
        raise NoCommandError(f"{page}: {line} needs a shell that the tests do not have")
    words = tuple(shlex.split(_USED.sub(_FOUND, expanded), comments=True))
    if not words or words[0] not in PROGRAMS:
        raise NoCommandError(f"{page}: {line!r} is none of {', '.join(PROGRAMS)}")
    return Typed(page, line, words)


def _date(found: re.Match[str]) -> str:
    form = found[1].replace("%s", str(_NOW))
    return time.strftime(form, time.gmtime(_NOW))


def _unquoted(line: str) -> str:
    return re.sub(r"'[^']*'", "", line)
