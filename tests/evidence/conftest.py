"""A bundle of the sample evidence, on the disk."""

import shutil
from pathlib import Path

import pytest

from evidence.bundle import write_bundle
from tests.evidence.samples import evidence


@pytest.fixture(scope="session")
def sample_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the whole bundle once; tests read it, and change nothing."""
    folder = tmp_path_factory.mktemp("evidence") / "acme" / "production"
    write_bundle(evidence(), folder, oscal=True)
    return folder


@pytest.fixture
def bundle(sample_bundle: Path, tmp_path: Path) -> Path:
    """Copy it, to be changed."""
    folder = tmp_path / "production"
    shutil.copytree(sample_bundle, folder)
    return folder
