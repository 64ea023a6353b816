"""A task that is taken out: nobody comes to it any more, and who is there is answered first."""

from __future__ import annotations

import threading

import pytest

from sandbox.emulator.rehearsal.draining import Draining
from tests.sandbox.patience import SECONDS


def test_who_is_under_way_is_waited_for_and_nobody_comes_after() -> None:
    draining, there = Draining(), [1, 2]
    answered, done = threading.Event(), list[str]()

    def take_out() -> None:
        draining.out(1, lambda: there.remove(1))
        done.append("out")

    taken = threading.Thread(target=take_out)
    with draining.to(lambda: there[0]) as port:
        assert port == 1
        taken.start()
        while there == [1, 2]:
            answered.wait(0.01)
        with draining.to(lambda: there[0]) as other:
            assert other == 2, "the next one goes elsewhere at once"
        taken.join(0.2)
        assert done == [], "it is not out before what it has is answered"
    taken.join(SECONDS)
    assert done == ["out"]


def test_a_port_that_nobody_asks_is_out_at_once_and_no_choice_is_no_request() -> None:
    draining = Draining()
    with pytest.raises(LookupError), draining.to(lambda: [][0]):
        pass
    done: list[int] = []
    draining.out(1, lambda: done.append(1))
    assert done == [1]


def test_who_never_is_answered_holds_nothing_up_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.emulator.rehearsal.draining.PATIENCE_SECONDS", 0.05)
    draining, done = Draining(), list[int]()
    with draining.to(lambda: 1):
        draining.out(1, lambda: done.append(1))
    assert done == [1]
