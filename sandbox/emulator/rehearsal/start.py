"""Loads the rehearsal into the emulator when it is told of one."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.emulator.rehearsal.settings import VARIABLE, read_settings


def install_if_told() -> None:
    """Install a rehearsal if the variable names its settings; else nothing of it is loaded."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    from sandbox.emulator.rehearsal.balancer import serve_listeners
    from sandbox.emulator.rehearsal.calls import Rehearsal
    from sandbox.emulator.rehearsal.pipeline.calls import Pipelines
    from sandbox.emulator.rehearsal.pipeline.scans import answer_scans

    settings = read_settings(Path(path))
    Rehearsal(settings).install()
    Pipelines(settings).install()
    answer_scans()
    serve_listeners(settings)
