"""Migrations go forward only, and can be run again (ROVN-MIG-3); on a real PostgreSQL."""

import hashlib
import time

import pytest

from tests.migrations.conftest import IMAGE, Database, Folder, Runner

pytestmark = pytest.mark.clause("ROVN-MIG-3")


def test_everything_is_applied_once_and_kept_in_the_ledger(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(2)
    second = folder.add("0003_more.sql", can_read="no", phi="a.b, c.d")

    first_run = runner(PREVIOUS_IMAGE="prod-20260501000000")
    again = runner()

    files = ["0001_schema.sql", "0002_table.sql", "0003_more.sql"]
    assert first_run.code == again.code == 0
    assert first_run.line == {"schema": 1, "image": IMAGE, "applied": files, "already": 0}
    assert again.line == {"schema": 1, "image": IMAGE, "applied": [], "already": 3}
    assert database.tables() == {"t0002", "t0003"}
    [row] = database.ask(
        "SELECT checksum, image, previous_image, previous_image_can_read, phi_columns, "
        "applied_at <= clock_timestamp(), applied_by FROM migrations.ledger WHERE number = 3"
    )
    checksum = hashlib.sha256(second.read_bytes()).hexdigest()
    user = database.variables["DATABASE_USER"]
    assert row == (checksum, IMAGE, "prod-20260501000000", False, ["a.b", "c.d"], True, user)


def test_a_failure_half_way_takes_back_its_own_and_nothing_else(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(2)
    half = "CREATE TABLE passport.half (id integer);\n\nSELECT * FROM passport.nowhere;"
    folder.add("0003_fails.sql", half)
    folder.add("0004_after.sql")

    failed = runner()

    assert failed.code == 4
    assert failed.line["applied"] == ["0001_schema.sql", "0002_table.sql"]
    [(file, what)] = failed.whats
    assert file == "0003_fails.sql"
    assert "UndefinedTable (42P01), at line 6, relation" in what
    assert '"passport.nowhere" does not exist' in what
    assert database.tables() == {"t0002"}
    assert database.applied() == ["0001_schema.sql", "0002_table.sql"]

    # It was never applied, so it may change.
    folder.add("0003_fails.sql", "CREATE TABLE passport.half (id integer);")
    fixed = runner()
    assert fixed.line["applied"] == ["0003_fails.sql", "0004_after.sql"]
    assert fixed.line["already"] == 2
    assert database.tables() == {"t0002", "half", "t0004"}


def test_what_fails_at_commit_leaves_no_row(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(1)
    folder.add(
        "0002_deferred.sql",
        "CREATE TABLE passport.a (id integer PRIMARY KEY);"
        "CREATE TABLE passport.b (a integer REFERENCES passport.a DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO passport.b VALUES (1);",
    )
    failed = runner()
    assert failed.code == 4
    assert "ForeignKeyViolation (23503), table b, constraint b_a_fkey" in failed.whats[0][1]
    assert database.tables() == set()
    assert database.applied() == ["0001_schema.sql"]


@pytest.mark.parametrize(
    "text",
    [
        "COMMIT;",
        "BEGIN;",
        "ROLLBACK;",
        "SAVEPOINT a;",
        "CREATE INDEX CONCURRENTLY i ON passport.t0002 (id);",
        "VACUUM passport.t0002;",
        "DO $$ BEGIN COMMIT; END $$;",
        "ALTER SYSTEM SET work_mem = '1MB';",
    ],
)
def test_a_migration_cannot_leave_its_transaction(
    runner: Runner, folder: Folder, database: Database, text: str
) -> None:
    folder.add_many(2)
    folder.add("0003_escapes.sql", f"CREATE TABLE passport.left_behind (id integer); {text}")
    failed = runner()
    assert failed.code == 4
    assert failed.whats[0][0] == "0003_escapes.sql"
    assert database.tables() == {"t0002"}
    assert database.applied() == ["0001_schema.sql", "0002_table.sql"]


def test_quotes_backslashes_and_percent_signs_arrive_as_written(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(1)
    written = r"""$$it's "50 %" \n %s {} $1 é$$"""
    folder.add(
        "0002_text.sql",
        f"CREATE TABLE passport.t (v text);\nINSERT INTO passport.t VALUES ({written}), ('\\');",
    )
    assert runner().code == 0
    assert [v for (v,) in database.ask("SELECT v FROM passport.t")] == [written[2:-2], "\\"]


def test_what_one_migration_sets_does_not_reach_the_next(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(1)
    folder.add("0002_sets.sql", "SET search_path = passport; SET statement_timeout = '1ms';")
    folder.add("0003_astray.sql", "CREATE TABLE astray (id integer);")
    failed = runner()
    assert failed.code == 4
    assert failed.whats[0][0] == "0003_astray.sql", "an unqualified name has nowhere to go"
    assert database.tables() == set()


def test_a_migration_that_takes_too_long_ends(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(1)
    folder.add("0002_slow.sql", "SELECT pg_sleep(20);")
    started = time.monotonic()
    failed = runner(MIGRATION_TIMEOUT_SECONDS="1")
    assert failed.code == 4
    assert failed.whats == [("0002_slow.sql", "it took longer than 1 seconds")]
    assert time.monotonic() - started < 10
    folder.add("0002_slow.sql", "SELECT pg_sleep(1.2);", more="-- timeout_seconds: 10\n")
    assert runner(MIGRATION_TIMEOUT_SECONDS="1").code == 0


def test_nothing_is_applied_when_anything_is_refused(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(2)
    folder.add("0003_down.sql")
    folder.add("0005_gap.sql")
    refused = runner()
    assert refused.code == 3
    assert [file for file, _ in refused.whats] == ["0003_down.sql", "0005_gap.sql"]
    assert refused.line["applied"] == []
    assert database.ask("SELECT 1 FROM pg_namespace WHERE nspname = 'migrations'") == []


@pytest.mark.parametrize("arguments", [(), ("--pending",), ("--check",)])
def test_history_cannot_be_rewritten(
    runner: Runner, folder: Folder, database: Database, arguments: tuple[str, ...]
) -> None:
    folder.add_many(5)
    assert runner().code == 0
    folder.add("0002_table.sql", "CREATE TABLE passport.other (id integer);")
    (folder.path / "0003_table.sql").rename(folder.path / "0003_renamed.sql")
    database.do("DELETE FROM migrations.ledger WHERE number = 4")

    refused = runner(*arguments)

    assert refused.code == 3
    assert refused.whats == [
        ("0002_table.sql", f"it was edited after it was applied (by image {IMAGE})"),
        ("0003_table.sql", "number 0003 is applied under this name; here it is 0003_renamed.sql"),
        ("0004_table.sql", "it is not applied, and 0005, which comes after it, is"),
    ]
    assert database.tables() == {"t0002", "t0003", "t0004", "t0005"}


def test_an_applied_file_that_is_missing_is_refused(runner: Runner, folder: Folder) -> None:
    folder.add_many(3)
    assert runner().code == 0
    (folder.path / "0002_table.sql").unlink()
    refused = runner()
    assert refused.code == 3
    said = f"it is applied (by image {IMAGE}), and this image does not have it"
    assert ("0002_table.sql", said) in refused.whats


def test_two_hundred_migrations(runner: Runner, folder: Folder, database: Database) -> None:
    folder.add_many(200)
    started = time.monotonic()
    done = runner()
    seconds = time.monotonic() - started
    assert done.code == 0
    assert len(done.line["applied"]) == len(database.applied()) == 200
    assert len(database.tables()) == 199
    started = time.monotonic()
    assert runner("--check").line == {
        "schema": 1, "image": IMAGE, "ok": True, "applied": 200, "problems": []
    }  # fmt: skip
    print(f"200 files applied in {seconds:.1f} s, checked in {time.monotonic() - started:.1f} s")  # noqa: T201
