"""AWS as `runbook verify` sees it, and an assembly to compare it with."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from runbook.verification.judgement import Judgement
from tests.operations.aws import Aws
from tests.verification.orders import assembly, deployed

Json = Any
_FOLDER = TemporaryDirectory()
ASSEMBLY = assembly(Path(_FOLDER.name) / "cdk.out")
# What whoever signs in is called stays that of the other commands.
_OURS = ("GetCallerIdentity",)


@dataclass
class VerifiedAws(Aws):
    """Everything is as its template says."""

    told: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.told = {call.partition(":")[2]: told for call, told in deployed().answers.items()}

    def answer(self, operation: str, asked: Json) -> Json:
        if operation in _OURS:
            return super().answer(operation, asked)
        here = f"{operation}@{self.region}"
        told = self.told[here if here in self.told else operation]
        return told(asked) if callable(told) else told


class InTurn:
    """Does what the pool of a verification does, one after the other, and so always the same."""

    def __init__(self, _: int) -> None:
        """Take as many workers as it says: there is one."""

    def submit(self, do: Callable[[], Json]) -> Future[Json]:
        done: Future[Json] = Future()
        try:
            done.set_result(do())
        except Exception as error:  # noqa: BLE001 - as a pool keeps it; the end of all goes through
            done.set_exception(error)
        return done

    def shutdown(self, **_: bool) -> None:
        """Have nothing left to do."""


def no_rule_breaks(*_: object) -> Judgement:
    """Judge as the rules do where nothing differs."""
    return Judgement([])
