"""Time that passes only while somebody sleeps."""

from runbook.operations.waiting import Time


class PassingTime(Time):
    """Begins at nought; ``now`` may be set."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
