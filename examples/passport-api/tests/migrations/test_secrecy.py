"""No PHI of a row and no password in anything that the runner writes (ROVN-LOG-1)."""

import pytest

from tests.migrations.conftest import Database, Folder, Runner

PASSWORD = "canary-password-of-the-database"  # noqa: S105  # opens nothing
SSN, NAME, BORN = "123-45-6789", "Zelda Quux", "1980-02-29"
PHI = (SSN, "123456789", NAME, "Zelda", "Quux", BORN, "canary")
ROWS = (
    "CREATE TABLE IF NOT EXISTS passport.people (ssn text, name text, born text, n numeric);"
    f"INSERT INTO passport.people VALUES ('{SSN}', '{NAME}', '{BORN}', 123456789);"
)
BREAK = {
    "unique": "INSERT INTO passport.people SELECT * FROM passport.people;"
    "ALTER TABLE passport.people ADD UNIQUE (ssn);",
    "check": "ALTER TABLE passport.people ADD CHECK (name = '');",
    "not-null": "INSERT INTO passport.people (ssn) SELECT ssn FROM passport.people;"
    "ALTER TABLE passport.people ALTER COLUMN name SET NOT NULL;",
    "cast-date": "ALTER TABLE passport.people ALTER COLUMN name TYPE date USING name::date;",
    "cast-integer": "ALTER TABLE passport.people ALTER COLUMN ssn TYPE integer USING ssn::integer;",
    "overflow": "ALTER TABLE passport.people ALTER COLUMN n TYPE smallint;",
    "missing-table": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " PERFORM v::regclass; END $$;",
    "missing-role": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " EXECUTE format('SET ROLE %I', v); END $$;",
    "missing-column": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " EXECUTE format('SELECT %I FROM passport.people', v); END $$;",
    "syntax": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " EXECUTE v; END $$;",
    "unfinished-quote": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " EXECUTE 'SELECT \"' || v; END $$;",
    "qualified-column": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " EXECUTE format('SELECT p.%I FROM passport.people p', v); END $$;",
    "missing-function": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " EXECUTE format('SELECT %I()', v); END $$;",
    "raise": "DO $$ DECLARE v text; BEGIN SELECT ssn INTO v FROM passport.people;"
    " RAISE EXCEPTION 'row %', v; END $$;",
    "raise-as-syntax-error": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " RAISE EXCEPTION USING ERRCODE = '42601', MESSAGE = 'near ' || v; END $$;",
    "notice": "DO $$ DECLARE v text; BEGIN SELECT name INTO v FROM passport.people;"
    " RAISE WARNING 'row %', v; RAISE EXCEPTION 'canary'; END $$;",
}


@pytest.mark.clause("ROVN-LOG-1")
@pytest.mark.parametrize("text", BREAK.values(), ids=BREAK)
def test_no_row_is_quoted(runner: Runner, folder: Folder, database: Database, text: str) -> None:
    folder.add_many(1)
    assert runner().code == 0
    database.do(ROWS)
    folder.add("0002_breaks.sql", text)
    failed = runner(DATABASE_PASSWORD=PASSWORD)
    assert failed.code == 4
    assert failed.whats[0][0] == "0002_breaks.sql"
    for planted in (*PHI, PASSWORD):
        assert planted not in failed.output
    written = runner.end(runner.start(DATABASE_PASSWORD=PASSWORD)).output
    for planted in (*PHI, PASSWORD):
        assert planted not in written


@pytest.mark.clause("ROVN-LOG-1")
@pytest.mark.parametrize("arguments", [(), ("--pending",), ("--check",)])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "9"},
        {"DATABASE_HOST": "no.such.host.invalid"},
        {"DATABASE_PORT": "no port"},
        {"DATABASE_USER": "nobody"},
        {"DATABASE_SSLMODE": "require"},
        {"DATABASE_SSLMODE": "verify-full", "DATABASE_SSLROOTCERT": "/nowhere"},
        {"DATABASE_OWNER_ROLE": "nobody"},
        {"APP_VERSION": ""},
    ],
    ids=lambda variables: "-".join(variables) or "fine",
)
def test_no_password_is_written(
    runner: Runner, folder: Folder, variables: dict[str, str], arguments: tuple[str, ...]
) -> None:
    folder.add_many(1)
    told = runner(*arguments, DATABASE_PASSWORD=PASSWORD, **variables)
    assert "canary" not in told.output
