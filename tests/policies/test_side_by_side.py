"""Jobs in processes of their own: nothing is lost, whatever becomes of a process."""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial

import pytest

from policies import side_by_side as module
from policies.engine import check
from policies.rules import all_rules
from policies.side_by_side import Job, side_by_side
from policies.templates.assembly import read
from tests.assembly import Assembly

HERE = os.getpid()


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_processors", lambda: 2)


def _elsewhere(wrong: Callable[[], object], right: str) -> object:
    """Do something else in a process of its own than here."""
    return right if os.getpid() == HERE else wrong()


def test_results_are_in_the_order_of_the_jobs() -> None:
    found = side_by_side([os.getpid, lambda: HERE, os.getpid])
    assert found[:2] == [HERE, HERE]
    assert found[2] != HERE


def test_one_job_needs_no_process() -> None:
    assert side_by_side([os.getpid]) == [HERE]


def test_one_processor_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_processors", lambda: 1)
    assert side_by_side([os.getpid, os.getpid]) == [HERE, HERE]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: os._exit(0),
        lambda: sys.exit(0),
        lambda: lambda: "which cannot be sent",
        lambda: 1 // 0,
    ],
    ids=["killed", "gone", "ended", "cannot be sent", "raised"],
)
def test_what_a_process_does_not_bring_back_is_done_here(
    wrong: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    second = partial(_elsewhere, wrong, "done here")
    jobs: list[Job[object]] = [lambda: "first", second, lambda: "last"]
    assert side_by_side(jobs) == ["first", "done here", "last"]
    assert capfd.readouterr() == ("", "")


def test_a_job_that_raises_raises_here() -> None:
    def broken() -> None:
        raise LookupError("what is wrong")

    with pytest.raises(LookupError, match="what is wrong"):
        side_by_side([lambda: None, broken])


def test_environments_judged_at_the_same_time_are_judged_alike(assembly: Assembly) -> None:
    reading = read(assembly.directory)
    assert len({template.label for template in reading.templates}) > 1
    in_turn = check(reading, all_rules())
    assert check(reading, all_rules(), in_processes=True) == in_turn
