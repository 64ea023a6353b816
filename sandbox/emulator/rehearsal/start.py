"""Loads the rehearsal into the emulator when it is told of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sandbox.emulator.moto_fallback import Application
from sandbox.emulator.rehearsal.settings import VARIABLE, read_settings


def install_if_told() -> Callable[[Application], Application]:
    """Install a rehearsal if the variable names its settings; else nothing of it is loaded.

    Returns what to wrap the emulator's application in.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return lambda application: application
    from sandbox.emulator.rehearsal import functions, machines  # noqa: F401 - patch as loaded
    from sandbox.emulator.rehearsal.balancer import serve_listeners
    from sandbox.emulator.rehearsal.calls import Rehearsal
    from sandbox.emulator.rehearsal.history import HISTORY
    from sandbox.emulator.rehearsal.pipeline.calls import Pipelines
    from sandbox.emulator.rehearsal.pipeline.scans import answer_scans
    from sandbox.emulator.rehearsal.rotations import tell_of_rotations
    from sandbox.emulator.rehearsal.snapshots import install as install_snapshots
    from sandbox.emulator.rehearsal.subscribers import install as install_subscribers
    from sandbox.emulator.rehearsal.trail import with_trail

    settings = read_settings(Path(path))
    Rehearsal(settings).install()
    Pipelines(settings).install()
    answer_scans()
    HISTORY.install()
    tell_of_rotations()
    install_snapshots()
    install_subscribers(settings)
    serve_listeners(settings)
    return with_trail
