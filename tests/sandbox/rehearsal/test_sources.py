"""Sources as ZIPs: what a drill drops into the source bucket."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from sandbox.rehearsal.source import SourceStore


@pytest.fixture
def store(tmp_path: Path) -> SourceStore:
    (tmp_path / "migrations" / "sql").mkdir(parents=True)
    (tmp_path / "migrations" / "sql" / "0007_old.sql").write_text("old", "utf-8")
    (tmp_path / "app.py").write_text("one\ntwo\n", "utf-8")
    program = tmp_path / "build.sh"
    program.write_text("echo", "utf-8")
    program.chmod(0o755)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "secret").write_text("x", "utf-8")
    return SourceStore(tmp_path)


def content(packed: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_source_is_the_folder_without_what_was_installed(store: SourceStore) -> None:
    packed = store.packed()
    assert content(packed) == {
        "app.py": "one\ntwo\n",
        "build.sh": "echo",
        "migrations/sql/0007_old.sql": "old",
    }
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        mode = archive.getinfo("build.sh").external_attr >> 16
    assert mode & stat.S_IXUSR


def test_a_migration_stays_for_later_sources_unless_its_release_failed(store: SourceStore) -> None:
    assert store.next_migration("a") == "0008_a.sql"
    store.packed(migrations={"0008_a.sql": "a"})
    failed = content(store.packed(migrations={"0009_b.sql": "b"}, keep=False))
    assert failed["migrations/sql/0009_b.sql"] == "b"
    following = content(store.packed())
    assert following["migrations/sql/0008_a.sql"] == "a"
    assert "migrations/sql/0009_b.sql" not in following
    assert store.next_migration("c") == "0009_c.sql"


def test_a_drill_changes_a_file_of_the_source_alone(store: SourceStore) -> None:
    files = store.edited("app.py", ("two", "three"))
    assert content(store.packed(files=files))["app.py"] == "one\nthree\n"
    assert (store.source / "app.py").read_text("utf-8") == "one\ntwo\n"


def test_a_change_that_would_change_nothing_is_an_error(store: SourceStore) -> None:
    with pytest.raises(ValueError, match="'four' is there 0 times"):
        store.edited("app.py", ("four", "five"))
