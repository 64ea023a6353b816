"""Jobs at the same time, each in a process of its own that is forked from this one."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

Done = TypeVar("Done")
Job = Callable[[], Done]


def side_by_side(jobs: Sequence[Job[Done]]) -> list[Done]:
    """Do the jobs and give what they return, in their order; it must be picklable.

    The first is done here. What a process of its own does not bring back, because it raised or was
    killed, is done here once more, so nothing is missing and an error is raised where it is seen.
    Where nothing is won, or processes cannot be forked safely, they are done one after another.
    """
    if len(jobs) < 2 or _processors() < 2:
        return [job() for job in jobs]
    forks = get_context("fork")
    begun = []
    for job in jobs[1:]:
        ours, theirs = forks.Pipe(duplex=False)
        process = forks.Process(target=_bring, args=(job, theirs), daemon=True)
        process.start()
        theirs.close()
        begun.append((job, ours, process))
    done = [jobs[0]()]
    for job, ours, process in begun:
        try:
            done.append(ours.recv())
        except (EOFError, OSError):
            done.append(job())
        process.join()
    return done


def _processors() -> int:
    """Count those that this process may use, where forking is safe: on macOS it is not."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _bring(job: Job[Done], to: Connection) -> None:
    # Who forked it does the job again then, and says what is wrong.
    with suppress(BaseException):
        to.send(job())
