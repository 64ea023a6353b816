"""What becomes of actions: the timelines of AWS's User Guide, and what holds for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.cloudwatch.actions import ActionEvent, events
from simulator.cloudwatch.definitions import Actions, CompositeAlarm, State, Suppressor
from simulator.cloudwatch.muting import MUTED, NO_START, OPEN, UNDOCUMENTED
from simulator.cloudwatch.rules import PLACES

LETTERS = {"O": State.OK, "A": State.ALARM, "I": State.INSUFFICIENT}
CODES = {".": OPEN, "m": MUTED, "?": NO_START, "c": UNDOCUMENTED}
TOLD: dict[State, tuple[str, ...]] = {state: (f"arn:told-{state}",) for state in State}
# As in the guide's examples, one unit of which is a step here.
WAIT, EXTENSION = 2, 3


def states(text: str) -> NDArray[np.int8]:
    return np.array([PLACES[LETTERS[letter]] for letter in text], np.int8)


def gate(text: str) -> NDArray[np.int8]:
    return np.array([CODES[letter] for letter in text], np.int8)


def alarm(
    actions: Actions | None = None, wait: int | None = None, extension: int = 0
) -> CompositeAlarm:
    suppressor = None if wait is None else Suppressor("suppressor", wait, extension)
    return CompositeAlarm(
        name="composite",
        place="template.json, Composite",
        keys=("composite",),
        rule="TRUE",
        suppressor=suppressor,
        actions=actions or Actions(on=TOLD),
    )


def happened(
    text: str, muted: str = "", suppressing: str = "", actions: Actions | None = None
) -> str:
    """Play states against mutes and a suppressor, all as letters, after the first one's own."""
    found = events(
        states(text),
        alarm(actions, WAIT * 60 if suppressing else None, EXTENSION * 60),
        gate(muted or "." * len(text)),
        states(suppressing) if suppressing else None,
    )
    for event in found:
        assert event.told == (TOLD[event.state] if event.outcome == "ran" else ())
        assert bool(event.because) == (event.outcome is None)
    told = [f"{each.step} {each.state.name} {each.outcome or 'unknown'}" for each in found]
    return ", ".join(told[found[0].step == 0 :])


@pytest.mark.parametrize(
    ("composite", "suppressing", "wanted"),
    [
        # The examples of "Suppressing composite alarm actions", t0 being the first letter.
        (  # 1: actions run after the wait
            "OOAAAA",
            "OOOOOO",
            "2 ALARM suppressed, 4 ALARM ran",
        ),
        (  # 2: the suppressor rings before the wait ends
            "OOAAAAAA",
            "OOOAAAAA",
            "2 ALARM suppressed",
        ),
        (  # 3: the state changes in the wait, and another wait begins
            "OOAOOOO",
            "OOOOOOO",
            "2 ALARM suppressed, 3 OK suppressed, 5 OK ran",
        ),
        (  # 4: the suppressor rings already
            "OOAAAA",
            "OAAAAA",
            "2 ALARM suppressed",
        ),
        (  # 5: actions run after the extension
            "OOAAAAAAAAA",
            "OOOAAAOOOOO",
            "2 ALARM suppressed, 9 ALARM ran",
        ),
        (  # 6: the state changes in the extension, and a wait begins
            "OOAAAAAOOOO",
            "OOOAAAOOOOO",
            "2 ALARM suppressed, 7 OK suppressed, 9 OK ran",
        ),
        # The two that explain the periods: a change in time, of either alarm.
        ("OOAAAAA", "OOOOAAA", "2 ALARM suppressed"),
        ("OAAAAOOOO", "AAOOOOOOO", "1 ALARM suppressed, 5 OK suppressed, 7 OK ran"),
        # A suppressor without data does not suppress, and one that loses them stops suppressing.
        ("OOAAAA", "IIIIII", "2 ALARM suppressed, 4 ALARM ran"),
        ("OOAAAAAAA", "AAAAIIIII", "2 ALARM suppressed, 7 ALARM ran"),
        # What has run is not repeated when the suppressor comes and goes.
        ("OAAAAAAAAAA", "OOOOAAOOOOO", "1 ALARM suppressed, 3 ALARM ran"),
    ],
)
def test_suppression(composite: str, suppressing: str, wanted: str) -> None:
    assert happened(composite, suppressing=suppressing) == wanted


@pytest.mark.parametrize(
    ("text", "muted", "wanted"),
    [
        # The scenarios of "How alarm mute rules work"; windows are half open.
        ("OOAAAA", ".mmmm.", "2 ALARM muted, 5 ALARM ran"),
        ("OOAAAAAAAA", ".mmmmmmmm.", "2 ALARM muted, 9 ALARM ran"),
        # Back before the end: ALARM's action never runs, and of OK's AWS is silent.
        ("OOAAOO", ".mmmm.", "2 ALARM muted, 4 OK muted, 5 OK unknown"),
        ("OOAOAA", ".mmmm.", "2 ALARM muted, 3 OK muted, 4 ALARM muted, 5 ALARM ran"),
        ("OAOAAA", "..mmm.", "1 ALARM ran, 2 OK muted, 3 ALARM muted, 5 ALARM unknown"),
        ("OAAAOO", "..mm..", "1 ALARM ran, 4 OK ran"),
        ("OAAAAA", ".mmmmm", "1 ALARM muted"),
        # Without start, and where AWS is silent.
        ("OOAAOO", "??????", "2 ALARM unknown, 4 OK unknown"),
        ("OOAAAA", "..cc..", "2 ALARM unknown, 4 ALARM ran"),
        ("OOAOOO", "..cc..", "2 ALARM unknown, 3 OK unknown, 4 OK unknown"),
        # A window that is open from the beginning: before it, there were no data.
        ("IOOO", "mm..", "1 OK muted, 2 OK ran"),
        ("OOAAAA", "..mc..", "2 ALARM muted, 3 ALARM unknown, 4 ALARM ran"),
        ("OOAAAA", "..cm..", "2 ALARM unknown, 4 ALARM ran"),
    ],
)
def test_muting(text: str, muted: str, wanted: str) -> None:
    assert happened(text, muted) == wanted


@pytest.mark.parametrize(
    ("text", "suppressing", "muted", "wanted"),
    [
        ("OAAAAA", "OOOOOO", ".mmmm.", "1 ALARM suppressed, 3 ALARM muted, 5 ALARM ran"),
        ("OAAAAA", "OOOOOO", "...mm.", "1 ALARM suppressed, 3 ALARM muted, 5 ALARM ran"),
        ("OAAAAA", "OOOOAA", "...mm.", "1 ALARM suppressed, 3 ALARM muted, 4 ALARM suppressed"),
        ("OAAAAA", "AAAAAA", "??????", "1 ALARM suppressed"),
        # Back in OK within a window, which ends before the wait does: nothing of OK's was muted.
        ("OAAOOOOO", "OOOOOOOO", ".mmm....", "1 ALARM suppressed, 3 OK suppressed, 5 OK ran"),
        # Back in OK after one window, and muted by the next.
        (
            "OAOOOOO",
            "OOOOOOO",
            ".m.mmm.",
            "1 ALARM suppressed, 2 OK suppressed, 4 OK muted, 6 OK ran",
        ),
    ],
)
def test_suppressed_and_muted(text: str, suppressing: str, muted: str, wanted: str) -> None:
    assert happened(text, muted, suppressing) == wanted


def test_why_it_is_not_known() -> None:
    (entered,) = events(states("A"), alarm(), gate("?"))
    assert entered.because.endswith("give start")
    (entered,) = events(states("A"), alarm(), gate("c"))
    assert "does not document" in entered.because


def test_before_the_first_step_there_is_no_data() -> None:
    assert events(states("III"), alarm(), gate("...")) == ()
    assert events(states("OO"), alarm(), gate("..")) == (
        ActionEvent(0, State.OK, "ran", TOLD[State.OK]),
    )


@pytest.mark.parametrize("muted", ["..", "mm", "??"])
@pytest.mark.parametrize(
    "actions", [Actions(), Actions(enabled=False, on=TOLD), Actions(on={State.OK: ("arn:ok",)})]
)
def test_without_actions(actions: Actions, muted: str) -> None:
    assert happened("IA", muted, actions=actions) == "1 ALARM none"


def test_periods_count_whole_steps() -> None:
    """Ninety seconds are over at the second evaluation after; at ten seconds a step, the ninth."""
    text = "I" + "A" * 12
    for step, ran in ((60, 3), (10, 10)):
        found = events(states(text), alarm(wait=90), gate("." * 13), states("O" * 13), step)
        assert [(event.step, event.outcome) for event in found] == [(1, "suppressed"), (ran, "ran")]


@given(
    st.text("OAI", min_size=20, max_size=20),
    st.text(".m?c", min_size=20, max_size=20),
    st.none() | st.text("OAI", min_size=20, max_size=20),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_whatever_happens(
    text: str, muted: str, suppressing: str | None, wait: int, extension: int
) -> None:
    suppressor = None if suppressing is None else wait * 60
    found = events(
        states(text),
        alarm(wait=suppressor, extension=extension * 60),
        gate(muted),
        None if suppressing is None else states(suppressing),
    )
    entered = [at for at in range(20) if text[at] != ("I" + text)[at]]
    steps = [event.step for event in found]
    assert steps == sorted(set(steps))
    assert set(entered) <= set(steps)
    for event in found:
        assert LETTERS[text[event.step]] == event.state
        if event.outcome == "ran":
            assert muted[event.step] == "."
            assert suppressing is None or suppressing[event.step] != "A"
        if event.outcome == "muted":
            assert muted[event.step] == "m"
    for start, end in zip(entered, [*entered[1:], 20], strict=True):
        spell = [event for event in found if start <= event.step < end]
        assert [event.outcome for event in spell[:-1]].count("ran") == 0
        if suppressing is None and "." in muted[start:end]:
            assert spell[-1].outcome in ("ran", None)
            assert spell[-1].step == start + muted[start:end].index(".")


@given(st.text("OA", min_size=30, max_size=30), st.text("OAI", min_size=30, max_size=30),
       st.integers(0, 4), st.integers(0, 4))  # fmt: skip
def test_periods_minute_by_minute(text: str, suppressing: str, wait: int, extension: int) -> None:
    """Keep one clock by hand, as the guide tells it: a change throws it away and sets another."""
    ran, pending, ends, before, rang = [], False, None, "I", False
    for at, (state, other) in enumerate(zip(text, suppressing, strict=True)):
        rings = other == "A"
        if rang and not rings:
            ends = at + extension
        if rings:
            ends = None
        if state != before:
            pending = True
            ends = None if rings else at + wait
        if pending and not rings and ends is not None and at >= ends:
            ran.append(at)
            pending = False
        before, rang = state, rings
    found = events(
        states(text),
        alarm(wait=wait * 60, extension=extension * 60),
        gate("." * 30),
        states(suppressing),
    )
    assert [event.step for event in found if event.outcome == "ran"] == ran
