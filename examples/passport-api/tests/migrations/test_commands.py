"""What the release gate reads: `--pending`, `--check`, exit codes, one JSON line at the end."""

import json
from typing import Any

import psycopg
import pytest

from migrations.__main__ import main
from migrations.session import session
from migrations.settings import Settings
from tests.migrations.conftest import IMAGE, Database, Folder, Runner

COMMANDS = [(), ("--pending",), ("--check",)]
OLD, NEW = "prod-20260501000000", "prod-20260601000000"


def everything(database: Database) -> list[tuple[Any, ...]]:
    """Name all that is in the catalogue, with the transaction that made it."""
    return database.ask(
        "SELECT 'c', relname, xmin::text FROM pg_class "
        "UNION ALL SELECT 'n', nspname, xmin::text FROM pg_namespace "
        "UNION ALL SELECT 'd', defaclrole::text, xmin::text FROM pg_default_acl ORDER BY 1, 2"
    )


@pytest.mark.clause("ROVN-MIG-1")
def test_pending_tells_what_the_previous_image_can_read_and_which_phi_is_touched(
    runner: Runner, folder: Folder
) -> None:
    folder.add_many(1)
    assert runner().code == 0
    folder.add("0002_yes.sql", phi="credentials.npi, credentials.subject_name")
    folder.add("0003_no.sql", can_read="no", more="-- timeout_seconds: 900\n")
    asked = runner("--pending")
    assert asked.code == 0
    assert asked.line == {
        "schema": 1,
        "image": IMAGE,
        "pending": [
            {
                "file": "0002_yes.sql",
                "previous_image_can_read": True,
                "timeout_seconds": None,
                "phi_columns": ["credentials.npi", "credentials.subject_name"],
            },
            {
                "file": "0003_no.sql",
                "previous_image_can_read": False,
                "timeout_seconds": 900,
                "phi_columns": [],
            },
        ],
        "ahead": [],
        "beside": [],
        "problems": [],
    }


@pytest.mark.parametrize("command", ["--pending", "--check"])
def test_asking_a_fresh_database_writes_nothing(
    runner: Runner, folder: Folder, database: Database, command: str
) -> None:
    folder.add_many(2)
    before = everything(database)
    asked = runner(command)
    assert everything(database) == before
    if command == "--pending":
        assert asked.code == 0
        assert [entry["file"] for entry in asked.line["pending"]] == [
            "0001_schema.sql",
            "0002_table.sql",
        ]
    else:
        assert asked.code == 3
        assert asked.line["ok"] is False
        assert asked.whats == [
            ("0001_schema.sql", "it is not applied"),
            ("0002_table.sql", "it is not applied"),
        ]


@pytest.mark.parametrize("command", ["--pending", "--check"])
def test_asking_a_migrated_database_writes_nothing(
    runner: Runner, folder: Folder, database: Database, command: str
) -> None:
    folder.add_many(2)
    assert runner().code == 0
    folder.add("0003_pending.sql")
    before = everything(database), database.ask("SELECT *, xmin FROM migrations.ledger")
    runner(command)
    assert (everything(database), database.ask("SELECT *, xmin FROM migrations.ledger")) == before


def test_a_session_that_asks_cannot_write(runner: Runner, database: Database) -> None:
    values = {name.lower(): value for name, value in runner.variables.items()}
    with session(Settings.model_validate(values), read_only=True) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE public.t ()")
        connection.rollback()


@pytest.mark.clause("ROVN-MIG-1")
def test_an_older_image_is_told_what_is_ahead_of_it(runner: Runner, folder: Folder) -> None:
    folder.add_many(2)
    assert runner(APP_VERSION=OLD).code == 0
    paths = [folder.add("0003_new.sql"), folder.add("0004_new.sql", can_read="no")]
    assert runner(APP_VERSION=NEW, PREVIOUS_IMAGE=OLD).code == 0
    for path in paths:
        path.unlink()

    asked = runner("--pending", APP_VERSION=OLD)
    assert asked.code == 0
    by = {"image": NEW, "previous_image": OLD}
    assert asked.line == {
        "schema": 1,
        "image": OLD,
        "pending": [],
        "ahead": [
            {"file": "0003_new.sql", **by, "previous_image_can_read": True},
            {"file": "0004_new.sql", **by, "previous_image_can_read": False},
        ],
        "beside": [],
        "problems": [],
    }
    applied = runner(APP_VERSION=OLD)
    assert applied.line == {"schema": 1, "image": OLD, "applied": [], "already": 2}


def test_an_older_image_with_a_file_of_its_own_does_not_slip_it_in(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(3)
    assert runner(APP_VERSION=NEW).code == 0
    (folder.path / "0003_table.sql").unlink()
    folder.add("0003_other_branch.sql")
    refused = runner(APP_VERSION=OLD)
    assert refused.code == 3
    assert refused.whats[0][0] == "0003_table.sql"
    assert database.tables() == {"t0002", "t0003"}


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_database_that_is_not_there(
    runner: Runner, folder: Folder, arguments: tuple[str, ...]
) -> None:
    folder.add_many(1)
    gone = runner(*arguments, DATABASE_HOST="127.0.0.1", DATABASE_PORT="9")
    assert gone.code == 6
    assert gone.whats[0][1].startswith("the database 127.0.0.1:9/")
    assert gone.whats[0][1].endswith(": nothing listens there")
    assert runner(*arguments, DATABASE_NAME="nowhere").code == 6


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_ledger_that_cannot_be_read_is_not_an_empty_one(
    runner: Runner, folder: Folder, database: Database, arguments: tuple[str, ...]
) -> None:
    folder.add_many(1)
    database.do("CREATE SCHEMA migrations; CREATE TABLE migrations.ledger (number integer)")
    refused = runner(*arguments)
    assert refused.code == 3
    assert "the ledger cannot be read: UndefinedColumn (42703)" in refused.whats[0][1]
    assert refused.line.get("pending", []) == []


def test_a_hole_in_the_ledger_is_seen(runner: Runner, folder: Folder, database: Database) -> None:
    folder.add_many(4)
    assert runner().code == 0
    for number in (3, 4):
        (folder.path / f"{number:04}_table.sql").unlink()
    database.do("DELETE FROM migrations.ledger WHERE number = 3")
    asked = runner("--pending")
    assert asked.code == 3
    assert asked.whats == [("", "the ledger has no number 0003, and has 0004")]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_an_image_without_migrations_is_refused(runner: Runner, arguments: tuple[str, ...]) -> None:
    refused = runner(*arguments)
    assert refused.code == 3
    assert ("", "there is no migration in the image") in refused.whats


def test_unusable_settings_are_named_without_their_values(runner: Runner, folder: Folder) -> None:
    folder.add_many(1)
    runner.variables.pop("DATABASE_HOST")
    bad = runner(
        DATABASE_PORT="canary",
        DATABASE_SSLMODE="verify-full",
        DATABASE_OWNER_ROLE='canary"; DROP',
        MIGRATION_TIMEOUT_SECONDS="0",
    )
    assert bad.code == 2
    assert "canary" not in bad.output
    told = {what.partition(":")[0] for _, what in bad.whats}
    assert told == {
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_OWNER_ROLE",
        "MIGRATION_TIMEOUT_SECONDS",
    }


def test_a_defect_is_told_in_a_line_and_without_a_traceback(
    runner: Runner, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("migrations.__main__.read_folder", breaks)
    ended = runner("--check")
    assert ended.code == 1
    assert ended.whats == [("", "unexpected: RuntimeError")]
    assert "canary" not in ended.output


def test_the_options_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--pending", "--check"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_each_problem_says_what_to_do(runner: Runner, folder: Folder) -> None:
    folder.add("0001_down.sql", "-- DOWN\n")
    problems = json.loads(runner("--pending").output)["problems"]
    assert len(problems) == 2
    assert all(set(problem) == {"file", "what", "do"} and problem["do"] for problem in problems)


INVALID_INDEX = """
    CREATE TABLE passport.a (v integer); INSERT INTO passport.a VALUES (1), (1);
    CREATE INDEX broken ON passport.a (v);
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'passport.broken'::regclass;
"""


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (INVALID_INDEX, "the index broken is not valid"),
        (
            "ALTER TABLE passport.t0002 ADD CONSTRAINT early CHECK (id > 0) NOT VALID",
            "the constraint t0002.early was never validated",
        ),
        ("ALTER TABLE passport.t0002 OWNER TO pg_monitor", "the relation t0002 belongs to another"),
        (
            "GRANT DELETE ON migrations.ledger TO pg_monitor",
            "the ledger can be changed by pg_monit",
        ),
        ("GRANT INSERT ON migrations.ledger TO PUBLIC", "the ledger can be changed by everybody"),
    ],
)
def test_the_check_sees_what_a_migration_may_leave_behind(
    runner: Runner, folder: Folder, database: Database, change: str, what: str
) -> None:
    folder.add_many(2)
    assert runner().code == 0
    assert runner("--check").line == {
        "schema": 1,
        "image": IMAGE,
        "ok": True,
        "applied": 2,
        "problems": [],
    }
    database.do(change)
    checked = runner("--check")
    assert checked.code == 3
    assert checked.line["ok"] is False
    assert [told[: len(what)] for _, told in checked.whats] == [what]
