"""Why an environment is refused: the file, the key, the reason and the fix, never a traceback."""

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.model.printable import printable

WHOLE_FILE = "(the whole file)"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing wrong with an environment.

    ``key`` is the dotted path of the TOML key, such as ``network.subnets.private``.
    """

    key: str
    reason: str
    fix: str


class RefusedError(Exception):
    """The input cannot be used; ``str()`` is the message an engineer reads.

    ``source`` names where the input came from: a file, or ``-c environment=...``.
    """

    def __init__(self, source: str, refusals: Sequence[Refusal]) -> None:
        self.source = source
        self.refusals = tuple(refusals)
        super().__init__(self._message())

    @property
    def brief(self) -> str:
        """Say it in one line where there is one reason, for commands that programs call."""
        if len(self.refusals) != 1:
            return str(self)
        (refusal,) = self.refusals
        key = "" if refusal.key == WHOLE_FILE else f"{refusal.key}: "
        said = f"{self.source} is refused: {key}{refusal.reason}; {refusal.fix}"
        return printable(" ".join(said.split()))

    @property
    def answer(self) -> dict[str, object]:
        """Say it for machines: the object that a command prints with ``--json``."""
        return {
            "schema": 1,
            "outcome": "refused",
            "source": self.source,
            "refusals": [{"key": r.key, "why": r.reason, "fix": r.fix} for r in self.refusals],
        }

    def _message(self) -> str:
        lines = [f"{self.source} is refused:"]
        for refusal in self.refusals:
            lines += [
                "",
                f"  {refusal.key}",
                f"    why: {refusal.reason}",
                f"    fix: {refusal.fix}",
            ]
        # Names and reasons may be other people's words, which must not steer a terminal.
        return printable("\n".join(lines), kept="\n\t")
