"""What git keeps of a repository: each version of each file once, and each commit's message.

Plumbing alone, so that no setting of a user changes what is read. Raises ``RefusedError`` where
git cannot tell everything: no repository, a clone without all of its history or objects.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from policies.secret_scan.texts import Content
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

# Objects that git replaces are read as they were; what a partial clone lacks is not fetched.
_ENVIRONMENT = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
_SUBMODULE = "160000"
_OBJECT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# A command line holds so many objects with ease.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """The commit that first brought a version of a file, and under which path."""

    commit: str
    path: str


class Repository:
    """A repository on disk; ``root`` is the folder of its work tree."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def refuse_a_part(self) -> None:
        """Raise ``RefusedError`` for a clone that holds no more than the newest commits."""
        shallow = self._lines("rev-parse", "--is-shallow-repository")
        if shallow != [b"false"]:
            reason = "the clone is shallow: older commits are not here, so nobody can read them"
            raise _refused(reason, "run: git fetch --unshallow; in CI, clone with all history")

    def history(self) -> list[str]:
        """List the commits that HEAD reaches, and every version of a file in them."""
        listed = self._lines("rev-list", "--objects", "--no-object-names", "HEAD")
        described = self._run("cat-file", "--batch-check", given=b"\n".join(listed) + b"\n")
        kept = []
        for line in described.splitlines():
            name, kind, *_ = line.decode().split()
            if kind not in ("blob", "commit", "tree"):
                raise _refused(f"object {name} is {kind}", "run: git fsck; clone it anew")
            if kind != "tree":
                kept.append(name)
        return kept

    def tracked(self, paths: Sequence[str] = ()) -> dict[str, list[str]]:
        """Tell the objects of the index, each with its paths; of some ``paths`` or of all."""
        entries = self._fields("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *paths)
        objects: dict[str, list[str]] = {}
        for entry in entries:
            about, _, path = entry.partition(b"\t")
            mode, name, _stage = about.decode().split()
            if mode != _SUBMODULE:
                objects.setdefault(name, []).append(os.fsdecode(path))
        return objects

    def changed(self) -> Iterator[Content]:
        """Read tracked files that differ from the index, named by their paths."""
        for field in self._fields("diff-files", "-z", "--name-only"):
            path = self.root / os.fsdecode(field)
            if path.is_symlink():
                yield Content(os.fsdecode(field), os.fsencode(path.readlink()))
            elif path.is_file():
                yield Content(os.fsdecode(field), path.read_bytes())

    def read(self, objects: Iterable[str]) -> Iterator[Content]:
        """Read objects one after the other, named by themselves; of a commit its message."""
        wanted = list(objects)
        with TemporaryFile() as names:
            names.write("".join(f"{name}\n" for name in wanted).encode())
            names.seek(0)
            process = self._start("cat-file", "--batch", "--buffer", stdin=names)
            with process:
                output = process.stdout
                if output is None:
                    raise _refused("git gives no output", "")
                for name in wanted:
                    yield Content(name, _next(output, name))
        if process.returncode:
            raise _refused(f"git cat-file ended with code {process.returncode}", "run: git fsck")

    def origins(self, objects: Iterable[str]) -> dict[str, Origin]:
        """Tell which commit first brought each version of a file; merges count as commits."""
        wanted = list(objects)
        origins: dict[str, Origin] = {}
        commits = self._run("rev-list", "--reverse", "--topo-order", "HEAD")
        for begin in range(0, len(wanted), _AT_ONCE):
            looked = [f"--find-object={name}" for name in wanted[begin : begin + _AT_ONCE]]
            told = self._run(
                "diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z",
                "--no-renames", "--no-abbrev", *looked, given=commits,
            )  # fmt: skip
            for name, origin in _brought(told):
                origins.setdefault(name, origin)
        return origins

    def _lines(self, *arguments: str) -> list[bytes]:
        return self._run(*arguments).splitlines()

    def _fields(self, *arguments: str) -> list[bytes]:
        return [field for field in self._run(*arguments).split(b"\0") if field]

    def _run(self, *arguments: str, given: bytes = b"") -> bytes:
        with TemporaryFile() as stdin:
            stdin.write(given)
            stdin.seek(0)
            process = self._start(*arguments, stdin=stdin, errors=subprocess.PIPE)
            output, errors = process.communicate()
        if process.returncode:
            told = errors.decode("utf-8", "replace").strip().splitlines()[:1]
            raise _refused(f"git {arguments[0]} fails: {' '.join(told)}", "correct what git says")
        return bytes(output)

    def _start(
        self, *arguments: str, stdin: IO[bytes], errors: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - our own command
                ["git", "-C", str(self.root), *arguments],  # noqa: S607 - the one in the PATH
                env={**os.environ, **_ENVIRONMENT},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except OSError as error:
            raise _refused(f"git cannot be started: {error.strerror}", "install git") from None


def _next(output: IO[bytes], name: str) -> bytes:
    """Read the next object of ``git cat-file --batch``; of a commit what follows its headers."""
    header = output.readline().split()
    if len(header) != 3 or header[0].decode() != name:
        raise _refused(f"git does not give object {name}", "run: git fsck; clone it anew")
    size = int(header[2])
    data = output.read(size + 1)
    if len(data) != size + 1:
        raise _refused(f"git gives a part of object {name}", "run: git fsck; clone it anew")
    return data[:-1].partition(b"\n\n")[2] if header[1] == b"commit" else data[:-1]


def _brought(told: bytes) -> Iterator[tuple[str, Origin]]:
    """Read what ``git diff-tree`` says: a commit, then what changed in it, then its path."""
    commit, name = "", None
    for field in told.split(b"\0"):
        if name is not None:
            yield name, Origin(commit, os.fsdecode(field))
            name = None
        elif field.startswith(b":"):
            name = field.split()[3].decode()
        elif _OBJECT.fullmatch(field):
            commit = field.decode()


def _refused(reason: str, fix: str) -> RefusedError:
    fix = fix or "correct it; until then nothing is known about secrets"
    return RefusedError("the git repository", [Refusal(WHOLE_FILE, reason, fix)])
