"""CODEOWNERS must send every change of a migration to two teams (ROVN-MIG-4).

GitHub asks for one of the owners of a line. That both look is the branch's protection, which
README tells how to set; this sees to it that there are two to ask.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

FILE = ".github/CODEOWNERS"
TEAMS = 2
_TEAM = re.compile(r"@[\w.-]+/[\w.-]+")
Lines = list[tuple[GitIgnoreSpec, frozenset[str]]]


def read_owners(path: Path) -> Lines:
    """Read the lines of a CODEOWNERS file: a pattern, and the teams that own what it matches."""
    lines: Lines = []
    for line in path.read_text("utf-8").splitlines():
        pattern, *owners = line.partition("#")[0].split() or [""]
        if pattern:
            teams = frozenset(owner.lower() for owner in owners if _TEAM.fullmatch(owner))
            lines.append((GitIgnoreSpec.from_lines([pattern]), teams))
    return lines


def unguarded(paths: Iterable[str], lines: Lines) -> Iterator[str]:
    """Find the paths that fewer than two teams own; the last line that matches is the one."""
    for path in paths:
        teams: frozenset[str] = frozenset()
        for pattern, owners in lines:
            if pattern.match_file(path):
                teams = owners
        if len(teams) < TEAMS:
            yield path
