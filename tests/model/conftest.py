"""A directory of environments to spoil, one file at a time."""

from pathlib import Path

import pytest
import tomli_w

from tests.model.spoiling import Directory, Refuse, spoiled


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


@pytest.fixture
def refuse(directory: Directory) -> Refuse:
    """Get the message for the happy file with one key spoiled."""

    def message(path: str, value: object) -> str:
        return directory.refusal(tomli_w.dumps(spoiled(path, value)).encode())

    return message
