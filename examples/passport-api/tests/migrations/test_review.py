"""Two engineers for PHI columns (ROVN-MIG-4): what a migration's text touches, whatever it says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from delivery.migration_review.__main__ import main
from delivery.migration_review.owners import FILE, read_owners, unguarded
from delivery.migration_review.parsed import parse
from delivery.migration_review.phi import ListError, PhiList, Schema, read_list
from migrations.files import FOLDER, read_folder
from tests.conftest import ROOT
from tests.migrations.conftest import Database, Runner

C, Q = "passport.credentials", "passport.queue"
PHI = PhiList(
    frozenset({"credentials.npi", "credentials.subject_name", "queue.npi"}),
    frozenset({"plans.plan_name"}),
)
NPI, NAME, QUEUE = "credentials.npi", "credentials.subject_name", "queue.npi"
BOTH = (NPI, NAME)
NOTHING: tuple[str, ...] = ()


def touched(text: str) -> tuple[str, ...]:
    schema = Schema(PHI)
    return tuple(sorted({c for each in parse(text) for c in schema.touched(each)}))


@pytest.mark.clause("ROVN-MIG-4")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"ALTER TABLE {C} ADD COLUMN IF NOT EXISTS expires date", NOTHING),
        (f"ALTER TABLE {C} ADD COLUMN npi text", (NPI,)),
        (f"ALTER TABLE {C} DROP COLUMN npi", (NPI,)),
        (f"ALTER TABLE {C} DROP COLUMN other CASCADE", (NPI, NAME, QUEUE)),
        (f"ALTER TABLE {C} ALTER COLUMN npi TYPE bigint USING npi::bigint", (NPI,)),
        (f"ALTER TABLE {C} ALTER COLUMN npi SET DEFAULT ''", (NPI,)),
        (f"ALTER TABLE {C} ALTER COLUMN id TYPE text USING id || subject_name", (NAME,)),
        (f"ALTER TABLE {C} ADD CONSTRAINT x CHECK (npi <> '')", (NPI,)),
        (f"ALTER TABLE {C} ADD CONSTRAINT x UNIQUE (id)", NOTHING),
        (f"ALTER TABLE {C} DROP CONSTRAINT x", BOTH),
        (f"ALTER TABLE {C} RENAME COLUMN npi TO number", BOTH),
        (f"ALTER TABLE {C} RENAME TO people", BOTH),
        (f"ALTER TABLE {C} SET SCHEMA public", BOTH),
        (f"ALTER TABLE {C} OWNER TO x", BOTH),
        (f"ALTER TABLE {C} ENABLE ROW LEVEL SECURITY", BOTH),
        ('ALTER TABLE ONLY "passport"."credentials" DROP COLUMN "npi"', (NPI,)),
        ("alter table CREDENTIALS drop column NPI", (NPI,)),
        (f"CREATE TABLE {C} (id uuid, npi text, subject_name text)", BOTH),
        (f"CREATE TABLE passport.o (id uuid REFERENCES {C} (id))", NOTHING),
        (f"CREATE TABLE passport.o (id text REFERENCES {C} (npi))", (NPI,)),
        (f"CREATE TABLE passport.o () INHERITS ({C})", BOTH),
        (f"CREATE TABLE passport.o AS SELECT id FROM {C}", BOTH),
        (f"CREATE TABLE passport.o (LIKE {C})", NOTHING),
        (f"CREATE INDEX i ON {C} (npi)", (NPI,)),
        (f"CREATE INDEX i ON {C} (lower(npi), id)", (NPI,)),
        (f"CREATE INDEX i ON {C} (id) INCLUDE (subject_name)", (NAME,)),
        (f"CREATE INDEX i ON {C} (id) WHERE npi > '5'", (NPI,)),
        (f"CREATE INDEX i ON {C} (id)", NOTHING),
        (f"CREATE INDEX i ON {C} (npi); DROP INDEX passport.i", (NPI,)),
        (f"UPDATE {C} SET npi = '0'", (NPI,)),
        (f"UPDATE {C} SET id = id WHERE subject_name = 'x'", (NAME,)),
        (f"UPDATE {C} SET id = id", NOTHING),
        (f"UPDATE passport.o SET v = c.npi FROM {C} c", (NPI,)),
        (f"UPDATE passport.o SET v = c::text FROM {C} c", BOTH),
        (f"UPDATE passport.o SET v = credentials::text FROM {C}", BOTH),
        (f"INSERT INTO {C} (npi) VALUES ('0')", (NPI,)),
        (f"INSERT INTO {C} VALUES ('0')", BOTH),
        (f"INSERT INTO passport.o (v) SELECT npi FROM {C}", (NPI,)),
        (f"INSERT INTO passport.o (v) SELECT to_json(c) FROM {C} AS c", BOTH),
        (f"INSERT INTO passport.o (v) SELECT c.* FROM {C} AS c", BOTH),
        (f"INSERT INTO passport.o (v) TABLE {C}", BOTH),
        (f"INSERT INTO passport.o (v) SELECT 1 FROM {C} JOIN {Q} USING (npi)", (NPI, QUEUE)),
        (f"INSERT INTO passport.o (v) SELECT 1 FROM {C} NATURAL JOIN {Q}", (NPI, NAME, QUEUE)),
        (f"INSERT INTO o (v) WITH w AS (SELECT npi AS a FROM {C}) SELECT a FROM w", (NPI,)),
        (f"DELETE FROM {C}", BOTH),
        (f"DELETE FROM passport.o USING {C} c WHERE c.id = o.id", BOTH),
        (f"TRUNCATE {C}", BOTH),
        ("TRUNCATE passport.o CASCADE", (NPI, NAME, QUEUE)),
        (f"DROP TABLE IF EXISTS {C}", BOTH),
        (f"DROP TABLE passport.o, {Q}", (QUEUE,)),
        ("DROP TABLE passport.o CASCADE", (NPI, NAME, QUEUE)),
        ("DROP SCHEMA passport", (NPI, NAME, QUEUE)),
        (f"GRANT SELECT ON {C} TO x", BOTH),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA passport TO x", (NPI, NAME, QUEUE)),
        (f"COMMENT ON COLUMN {C}.npi IS 'x'", (NPI,)),
        (f"CREATE VIEW passport.v AS SELECT npi AS a FROM {C}", (NPI,)),
        (f"CREATE VIEW passport.v AS SELECT npi AS a FROM {C};"
         "INSERT INTO passport.o (v) SELECT a FROM passport.v", (NPI,)),
        (f"CREATE TRIGGER t BEFORE UPDATE OF id ON {C} FOR EACH ROW EXECUTE FUNCTION f()", BOTH),
        (f"DO $$ BEGIN UPDATE {C} SET npi = ''; END $$", BOTH),
        ("DO $$ BEGIN EXECUTE 'UPDATE passport.credentials SET id = id'; END $$", BOTH),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM queue'", (QUEUE,)),
        (f"LOCK TABLE {C}", BOTH),
        (f"COPY {C} TO STDOUT", BOTH),
        (f"SELECT npi FROM {C}", BOTH),
        ("CREATE SCHEMA x; CREATE TABLE x.y (z int); UPDATE x.y SET z = 1", NOTHING),
    ],
)  # fmt: skip
def test_each_statement_names_the_phi_it_touches(text: str, expected: tuple[str, ...]) -> None:
    assert touched(text) == expected


@pytest.mark.parametrize(
    ("text", "unlisted"),
    [
        ("CREATE TABLE passport.contacts (id uuid, email text)", ["contacts.email"]),
        (f"ALTER TABLE {C} ADD COLUMN IF NOT EXISTS patient_ssn text", ["credentials.patient_ssn"]),
        ("CREATE TABLE passport.plans (plan_name text, price int)", []),
        (f"ALTER TABLE {C} ADD COLUMN IF NOT EXISTS npi text", []),
    ],
)
def test_a_new_column_that_sounds_like_phi_must_be_on_a_list(
    text: str, unlisted: list[str]
) -> None:
    assert [c for each in parse(text) for c in Schema(PHI).unlisted(each)] == unlisted


class Repository:
    """A copy of what the review reads, to spoil."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(ROOT / "migrations", path / "migrations")
        (path / ".github").mkdir()
        shutil.copy(ROOT / FILE, path / FILE)

    def add(self, text: str, phi: str = "none", more: str = "") -> None:
        header = f"-- previous_image_can_read: yes\n-- phi_columns: {phi}\n{more}\n"
        number = len(list((self.path / "migrations/sql").iterdir())) + 1
        (self.path / f"migrations/sql/{number:04}_new.sql").write_text(f"{header}{text}\n")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Copy the repository."""
    return Repository(tmp_path)


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
        (f"ALTER TABLE {C} DETACH PARTITION {Q} CONCURRENTLY;", "none", "line 4: CONCURRENTLY"),
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
