"""Ports and folders of their own, so that no test meets a sandbox that somebody left running."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port


@pytest.fixture
def port() -> int:
    """Return a loopback port that nobody listens on."""
    return free_port()


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """Return the project, with a folder of its own to write to."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    return Workplace(ROOT, folder)
