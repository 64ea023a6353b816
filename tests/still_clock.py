"""A clock that stands still: a suite may pass midnight, or run long after its waivers expired."""

from datetime import datetime, tzinfo
from typing import Self

import pytest


def stop_clock(patched: pytest.MonkeyPatch, module: str, moment: datetime) -> None:
    """Let it be ``moment`` for whatever a module of ours asks of ``datetime.now``."""

    class Still(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(moment.timestamp(), tz)

    patched.setattr(f"{module}.datetime", Still)
