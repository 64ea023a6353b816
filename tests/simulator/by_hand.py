"""One evaluation, written from the documentation alone and as slowly as it reads.

Shares nothing with ``simulator.judgement`` but the words of states; ``None`` keeps the last one.
"""

from runbook.alarms.alarm import Missing
from simulator.definitions import State


def evaluation(range_: str, breaching: int, periods: int, missing: Missing) -> State | None:
    """Judge an evaluation range, written as AWS's tables do, the newest datapoint last."""
    points = list(range_.replace(" ", ""))
    real = [point for point in points if point != "-"]
    if len(real) >= periods:
        return _counted(real[-periods:], breaching)
    if not real and missing is Missing.UNKNOWN:
        return State.INSUFFICIENT
    if not real and missing is Missing.AS_BEFORE:
        return None
    if missing in {Missing.BAD, Missing.WELL}:
        filler = "X" if missing is Missing.BAD else "0"
        return _counted([*real, *filler * (periods - len(real))], breaching)
    if "0" in real or real.count("X") >= breaching:
        return _counted(real, breaching)
    if missing is Missing.AS_BEFORE:
        return None
    since_the_oldest = len(points) - points.index("X")
    return State.ALARM if since_the_oldest >= breaching else State.INSUFFICIENT


def history(points: str, breaching: int, periods: int, missing: Missing, extra: int) -> list[State]:
    """Give the state after each datapoint; before the first one everything is missing."""
    state, found = State.INSUFFICIENT, []
    for end in range(1, len(points) + 1):
        before = "-" * (periods + extra)
        range_ = (before + points[:end])[-(periods + extra) :]
        state = evaluation(range_, breaching, periods, missing) or state
        found.append(state)
    return found


def _counted(points: list[str], breaching: int) -> State:
    return State.ALARM if points.count("X") >= breaching else State.OK
