"""What the reader sees while a sandbox command works: phases with their seconds, and progress."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.status import Status


@dataclass
class Phase:
    """A phase at work; `seconds` may say what it took where the clock beside it would mislead."""

    seconds: float | None = None


class Screen:
    """Prints progress; a spinner and colour only on a terminal."""

    def __init__(self, console: Console) -> None:
        """Print to `console`."""
        self.console = console
        self.seconds: dict[str, float] = {}
        self._status: Status | None = None
        self._phase = ""

    @contextlib.contextmanager
    def phase(self, name: str, what: str) -> Iterator[Phase]:
        """Announce a phase, and keep its seconds under `name`, also if it fails."""
        self.console.print(f"[bold]{escape(name):<10}[/] {escape(what)}")
        self._phase = name
        begun, phase = time.monotonic(), Phase()
        try:
            if self.console.is_terminal:
                with self.console.status(escape(what)) as self._status:
                    yield phase
            else:
                yield phase
        finally:
            self._status = None
            taken = time.monotonic() - begun if phase.seconds is None else phase.seconds
            self.seconds[name] = self.seconds.get(name, 0) + taken
        self.console.print(f"{'':<10} [dim]{self.seconds[name]:.1f} s[/]")

    def progress(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(f"{'':<10} {escape(text)}")

    def detail(self, text: str) -> None:
        """Show something passing: on a terminal beside the spinner, elsewhere not at all."""
        if self._status is not None and text:
            self._status.update(escape(f"{self._phase}  {text}"))
