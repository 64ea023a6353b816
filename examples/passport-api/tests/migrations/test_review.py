"""The review of migrations: PHI that is not declared, and what is not fit to run (ROVN-MIG-4)."""

import subprocess
import sys

import pytest

from delivery.migration_review.__main__ import main
from delivery.migration_review.phi import ListError, read_list
from migrations.files import FOLDER, read_folder
from tests.conftest import ROOT
from tests.migrations.conftest import Database, Repository, Runner

C = "passport.credentials"


@pytest.mark.clause("ROVN-MIG-4")
def test_what_is_shipped_is_fine_and_says_who_must_look() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "delivery.migration_review"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0
    assert run.stdout.splitlines() == [
        "two engineers: 0002_credentials.sql: credentials.date_of_birth, credentials.npi, "
        "credentials.subject_name",
        "4 migrations, 1 need two engineers, 0 faults",
    ]


@pytest.mark.clause("ROVN-MIG-4")
def test_phi_that_is_touched_and_not_declared_fails_and_is_named(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.add(f"UPDATE {C} SET npi = upper(npi), outcome = 'pending';")
    assert main(repository.path) == 1
    told = capsys.readouterr().out
    assert "wrong: 0005_new.sql: it touches credentials.npi, and its header does not" in told
    assert "two engineers: 0005_new.sql: credentials.npi" in told


@pytest.mark.clause("ROVN-MIG-4")
def test_phi_that_is_declared_passes(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.add(f"UPDATE {C} SET npi = upper(npi);", phi="credentials.npi")
    assert main(repository.path) == 0
    assert "5 migrations, 2 need two engineers, 0 faults" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "phi", "said"),
    [
        ("SELEC 1;", "none", 'PostgreSQL could not read it: syntax error at or near "SELEC"'),
        ("COMMIT;", "none", "line 4: it begins or ends a transaction"),
        ("SELECT 1;\n\n-- why\nSET ROLE x;", "none", "line 7: it changes a setting or a role"),
        (f"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON {C} (id);", "none", "line 4: CONCURRENTLY"),
        ("DROP INDEX CONCURRENTLY IF EXISTS passport.i;", "none", "line 4: CONCURRENTLY"),
        (
            f"ALTER TABLE {C} DETACH PARTITION passport.queue CONCURRENTLY;",
            "none",
            "line 4: CONCURRENTLY",
        ),
        ("DELETE FROM migrations.ledger;", "none", "line 4: the ledger is the runner's"),
        ("VACUUM;", "none", "line 4: it cannot run in a transaction"),
        ("DO $$ BEGIN END $$;", "none", "line 4: the review cannot read DoStmt"),
        ("SELECT setval('passport.s', 1);", "none", "line 4: the review cannot read SelectStmt"),
        ("CREATE TABLE passport.o (v int);", "none", "line 4: it cannot run again: write IF NOT"),
        ("CREATE SCHEMA o;", "none", "line 4: it cannot run again: write IF NOT EXISTS"),
        (f"CREATE INDEX i ON {C} (id);", "none", "line 4: it cannot run again: write IF NOT"),
        ("DROP TABLE passport.o;", "none", "line 4: it cannot run again: write IF EXISTS"),
        ("CREATE VIEW passport.o AS SELECT 1;", "none", "it cannot run again: write OR REPLACE"),
        (f"ALTER TABLE {C} ADD COLUMN v int;", "none", "it cannot run again: write IF NOT EXISTS"),
        (f"ALTER TABLE {C} DROP COLUMN v;", "none", "it cannot run again: write IF EXISTS"),
        (f"ALTER TABLE {C} ADD CONSTRAINT x CHECK (true);", "none", "give the constraint a name"),
        (f"ALTER TABLE {C} ADD CHECK (true);", "none", "give the constraint a name"),
        ("INSERT INTO passport.o (v) VALUES (1);", "none", "write ON CONFLICT"),
        (f"ALTER TABLE {C} RENAME COLUMN id TO key;", "none", "a rename cannot run again"),
        ("CREATE TABLE IF NOT EXISTS passport.o AS SELECT 1;", "none", "that it does not name"),
        (f"CREATE TABLE IF NOT EXISTS passport.o (LIKE {C});", "none", "that it does not name"),
        (
            "CREATE TABLE IF NOT EXISTS passport.o (ssn text);",
            "none",
            "the new column o.ssn sounds",
        ),
        (f"UPDATE {C} SET id = id;", "credentials.nip", "declares credentials.nip, which"),
    ],
)
def test_what_is_not_fit_is_refused(
    repository: Repository, capsys: pytest.CaptureFixture[str], text: str, phi: str, said: str
) -> None:
    repository.add(text, phi=phi)
    assert main(repository.path) == 1
    assert said in capsys.readouterr().out


@pytest.mark.clause("ROVN-MIG-4")
def test_what_cannot_be_read_is_declared_and_needs_two(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.add("DO $$ BEGIN END $$;", more="-- opaque: it looks before it creates\n")
    assert main(repository.path) == 0
    assert "two engineers: 0005_new.sql: statements that are opaque" in capsys.readouterr().out


def test_a_constraint_that_is_dropped_first_can_be_added_again(repository: Repository) -> None:
    repository.add(
        f"ALTER TABLE {C} DROP CONSTRAINT IF EXISTS x;\n"
        f"ALTER TABLE {C} ADD CONSTRAINT x CHECK (created_at IS NOT NULL);",
        phi="credentials.date_of_birth, credentials.npi, credentials.subject_name",
    )
    assert main(repository.path) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "other tables than phi and not_phi"),
        ("[phi", "cannot be read: TOMLDecodeError"),
        ("[phi]\ncredentials = 'npi'", "no list of columns"),
        ("[phi]\na = ['b']\n[not_phi]\na = ['b']", "has a.b in both tables"),
        ("[phi]\n[phy]\n", "other tables"),
    ],
)
def test_a_list_that_is_not_one_is_refused(
    repository: Repository, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (repository.path / "migrations/phi_columns.toml").write_text(text)
    assert main(repository.path) == 1
    assert said in capsys.readouterr().out
    with pytest.raises(ListError):
        read_list(repository.path / "migrations/phi_columns.toml")


@pytest.mark.clause("ROVN-MIG-4")
@pytest.mark.parametrize("column", ["npi", "subject_name", "date_of_birth"])
def test_a_column_taken_off_the_list_is_missed(
    repository: Repository, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    path = repository.path / "migrations/phi_columns.toml"
    path.write_text(path.read_text().replace(f'"{column}"', '"gone"'))
    assert main(repository.path) == 1
    told = capsys.readouterr().out
    assert f"the new column credentials.{column} sounds like PHI" in told
    assert "credentials.gone, and no migration makes it" in told


@pytest.mark.clause("ROVN-MIG-3")
def test_the_shipped_migrations_leave_a_sound_database_and_can_be_run_again(
    runner: Runner, database: Database
) -> None:
    runner.folder = FOLDER
    assert runner().code == 0
    assert runner("--check").code == 0
    query = "SELECT table_name, column_name, data_type FROM information_schema.columns"
    before = database.ask(f"{query} WHERE table_schema = 'passport' ORDER BY 1, 2")
    for file in read_folder(FOLDER).files:
        database.do(file.text)
    assert database.ask(f"{query} WHERE table_schema = 'passport' ORDER BY 1, 2") == before
    made = {f"{table}.{column}" for table, column, _ in before}
    assert read_list(FOLDER.parent / "phi_columns.toml").columns <= made
    assert runner("--check").code == 0
