"""Whose the tables are, and who may use them: by role names from the settings alone."""

from collections.abc import Callable, Mapping
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from migrations.files import FOLDER
from tests.migrations.conftest import Database, Folder, Runner

Roles = Mapping[str, str]
DATA = """
    INSERT INTO passport.t0002 VALUES (1);
    UPDATE passport.t0002 SET id = 2;
    SELECT * FROM passport.t0002;
    DELETE FROM passport.t0002;
"""
GRANTS: tuple[LiteralString, ...] = (
    "ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT USAGE ON SCHEMAS TO {}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT ALL ON TABLES TO {}",
)
DENIED = (
    "CREATE TABLE passport.x ()",
    "DROP TABLE passport.t0002",
    "SELECT * FROM migrations.ledger",
    "CREATE SCHEMA x",
)


@pytest.fixture
def roles(database: Database, role: Callable[..., str]) -> Roles:
    """Create users that take turns, as a rotation of secrets makes them, and their roles."""
    owner, application = role("owner"), role("application")
    made = {"owner": owner, "application": application}
    for user, group in (("m1", owner), ("m2", owner), ("a1", application), ("a2", application)):
        made[user] = role(user, login=True)
        database.server_do("GRANT {} TO {}", group, made[user])
    database.server_do("GRANT CREATE ON DATABASE {} TO {}", database.name, owner)
    return made


def as_user(database: Database, user: str, statement: str) -> None:
    host = database.variables["DATABASE_HOST"]
    with psycopg.connect(host=host, user=user, dbname=database.name) as connection:
        connection.execute(statement.encode())


def settings(roles: Roles, user: str) -> dict[str, str]:
    return {
        "DATABASE_USER": roles[user],
        "DATABASE_OWNER_ROLE": roles["owner"],
        "DATABASE_APPLICATION_ROLE": roles["application"],
    }


def test_users_that_take_turns_migrate_the_same_tables(
    runner: Runner, folder: Folder, database: Database, roles: Roles
) -> None:
    folder.add_many(2)
    assert runner(**settings(roles, "m1")).code == 0
    folder.add("0003_column.sql", "ALTER TABLE passport.t0002 ADD COLUMN IF NOT EXISTS v text;")
    assert runner("--pending", **settings(roles, "m2")).code == 0
    assert runner(**settings(roles, "m2")).code == 0
    assert runner("--check", **settings(roles, "m1")).code == 0
    applied_by = database.ask("SELECT applied_by FROM migrations.ledger ORDER BY number")
    assert [user for (user,) in applied_by] == [roles["m1"], roles["m1"], roles["m2"]]


@pytest.mark.parametrize("user", ["a1", "a2"])
def test_the_application_uses_the_tables_and_changes_no_schema(
    runner: Runner, folder: Folder, database: Database, roles: Roles, user: str
) -> None:
    folder.add_many(2)
    assert runner(**settings(roles, "m1")).code == 0
    as_user(database, roles[user], DATA)
    for statement in DENIED:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_user(database, roles[user], statement)


def test_default_privileges_from_elsewhere_do_not_open_the_ledger(
    runner: Runner, folder: Folder, database: Database, roles: Roles
) -> None:
    folder.add_many(2)
    names = (roles["owner"], roles["application"])
    with database.connect() as connection:
        for grant in GRANTS:
            connection.execute(sql.SQL(grant).format(*map(sql.Identifier, names)))
    variables = {"DATABASE_USER": roles["m1"], "DATABASE_OWNER_ROLE": roles["owner"]}
    assert runner(**variables).code == 0
    assert runner("--check", **variables).code == 0
    as_user(database, roles["a1"], DATA)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_user(database, roles["a1"], "SELECT * FROM migrations.ledger")


def test_without_a_role_named_nobody_is_granted_anything(
    runner: Runner, folder: Folder, database: Database, roles: Roles
) -> None:
    folder.add_many(2)
    assert runner(DATABASE_OWNER_ROLE=roles["owner"]).code == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_user(database, roles["a1"], "SELECT * FROM passport.t0002")


def test_the_shipped_schema_serves_the_application(
    runner: Runner, database: Database, roles: Roles
) -> None:
    runner.folder = FOLDER
    assert runner(**settings(roles, "m1")).code == 0
    as_user(
        database,
        roles["a1"],
        "INSERT INTO passport.credentials (tenant, subject_name, date_of_birth, npi) "
        "VALUES ('t', 'x', '2000-01-01', '1234567893');"
        "INSERT INTO passport.reverify_queue (credential_id) SELECT id FROM passport.credentials",
    )


@pytest.mark.parametrize("arguments", [(), ("--pending",)])
def test_a_user_without_the_rights_is_refused_before_anything_happens(
    runner: Runner, folder: Folder, database: Database, roles: Roles, arguments: tuple[str, ...]
) -> None:
    folder.add_many(2)
    user = roles["a1"]
    refused = runner(*arguments, DATABASE_USER=user)
    assert refused.code == 3
    assert refused.whats == [("", f"{user} has no right to migrate: CREATE on the database")]
    assert database.ask("SELECT 1 FROM pg_namespace WHERE nspname = 'migrations'") == []


@pytest.mark.parametrize("arguments", [(), ("--pending",), ("--check",)])
def test_a_ledger_of_somebody_else_is_not_an_empty_one(
    runner: Runner, folder: Folder, roles: Roles, arguments: tuple[str, ...]
) -> None:
    folder.add_many(2)
    assert runner(**settings(roles, "m1")).code == 0
    refused = runner(*arguments, DATABASE_USER=roles["a1"])
    assert refused.code == 3
    assert refused.whats == [("", "the ledger cannot be read: InsufficientPrivilege (42501)")]


def test_a_right_that_is_missing_in_the_middle_fails_that_migration(
    runner: Runner, folder: Folder, database: Database, roles: Roles
) -> None:
    folder.add_many(2)
    assert runner(**settings(roles, "m1")).code == 0
    with database.connect() as connection:
        connection.execute("ALTER TABLE passport.t0002 OWNER TO CURRENT_USER")
    folder.add("0003_column.sql", "ALTER TABLE passport.t0002 ADD COLUMN v text;")
    failed = runner(**settings(roles, "m1"))
    assert failed.code == 4
    assert "InsufficientPrivilege (42501)" in failed.whats[0][1]
    assert "must be owner of table t0002" in failed.whats[0][1]


@pytest.mark.parametrize("arguments", [(), ("--pending",), ("--check",)])
def test_roles_that_cannot_be_used_are_named(
    runner: Runner, folder: Folder, roles: Roles, arguments: tuple[str, ...]
) -> None:
    folder.add_many(1)
    refused = runner(
        *arguments,
        DATABASE_USER=roles["a1"],
        DATABASE_OWNER_ROLE=roles["owner"],
        DATABASE_APPLICATION_ROLE="nobody_here",
    )
    assert refused.code == 3
    assert [what for _, what in refused.whats] == [
        f"DATABASE_OWNER_ROLE {roles['owner']} is no role that this user may become",
        "DATABASE_APPLICATION_ROLE nobody_here is no role of this database",
    ]


def test_the_service_sees_that_it_may_not_create(
    runner: Runner, folder: Folder, database: Database, roles: Roles
) -> None:
    folder.add_many(1)
    assert runner(**settings(roles, "m1")).code == 0
    with database.connect() as connection:
        query = sql.SQL("SELECT has_database_privilege({}, {}, 'CREATE')")
        names = (sql.Literal(roles["a1"]), sql.Literal(database.name))
        assert connection.execute(query.format(*names)).fetchone() == (False,)
