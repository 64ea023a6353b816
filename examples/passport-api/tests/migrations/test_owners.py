"""Two teams own every migration, by CODEOWNERS (ROVN-MIG-4)."""

from pathlib import Path

import pytest

from delivery.migration_review.__main__ import main
from delivery.migration_review.owners import FILE, read_owners, unguarded
from tests.migrations.conftest import Repository

TWO = "@org/platform @org/privacy"


@pytest.mark.clause("ROVN-MIG-4")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "# /migrations/ @org/a @org/b",
        "/migrations/ @org/platform",
        "/migrations/ @org/platform @org/platform",
        "/migrations/ @org/platform @somebody",
        "/migrations/ a@example.com b@example.com",
        f"/migrations/ {TWO}\n*.sql @org/platform",
        f"/migrations/ {TWO}\n/migrations/sql/",
        f"/migrations/sql/0001* {TWO}",
        f"/migration/ {TWO}",
        f"/migrations/ @org/one # {TWO}",
    ],
)
def test_owners_that_let_one_team_decide_fail(
    repository: Repository, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (repository.path / FILE).write_text(text)
    assert main(repository.path) == 1
    assert f"{FILE} does not name two teams for migrations/" in capsys.readouterr().out


def test_a_missing_file_of_owners_fails(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.path / FILE).unlink()
    assert main(repository.path) == 1
    assert f"{FILE} cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("pattern", ["*", "/migrations/", "migrations/", "/migrations/**", "*.sql"])
def test_owners_by_any_pattern_that_reaches_them_pass(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "owners").write_text(f"{pattern} {TWO}")
    paths = ["migrations/sql/0001_a.sql"]
    assert list(unguarded(paths, read_owners(tmp_path / "owners"))) == []
