"""What a benchmark says: a value, and the bound it should keep."""

import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One result, in ``unit``; ``bound`` is the most it should be, ``at_least`` the least."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    at_least: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the bounds hold."""
        low_enough = self.bound is None or self.value <= self.bound
        return low_enough and (self.at_least is None or self.value >= self.at_least)

    def line(self) -> str:
        """Say it in one line."""
        said = f"{self.name:<58} {self.value:8.2f} {self.unit}"
        if self.bound is not None:
            return f"{said:<76} {'ok' if self.kept else 'OVER'}, at most {self.bound:g}"
        if self.at_least is not None:
            return f"{said:<76} {'ok' if self.kept else 'UNDER'}, at least {self.at_least:g}"
        return said


def seconds(command: Sequence[str], *, environment: dict[str, str] | None = None) -> float:
    """Run a command that must succeed and time it; exits with what it said if it does not."""
    start = time.perf_counter()
    run = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if run.returncode:
        sys.exit(f"{shlex.join(command)} failed with {run.returncode}:\n{run.stderr}")
    return time.perf_counter() - start


def interleaved(runs: int, *timed: Callable[[], float]) -> list[float]:
    """Take the median of each timing; runs alternate, so that load hits all alike."""
    taken: list[list[float]] = [[] for _ in timed]
    for _ in range(runs):
        for results, time_one in zip(taken, timed, strict=True):
            results.append(time_one())
    return [statistics.median(results) for results in taken]
