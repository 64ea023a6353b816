"""The database of a rehearsal, as functions find it: by its name, over TLS, with passwords."""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pg8000.exceptions
import pg8000.native
import pytest

from sandbox.emulator.rehearsal.certificates import CERTIFICATE, KEY, write_certificates
from sandbox.emulator.rehearsal.database_door import open_door
from sandbox.emulator.rehearsal.settings import AUTHORITY, RehearsalSettings, database_names
from sandbox.rehearsal.database import Database
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port

EXAMPLE = ROOT / "examples" / "passport-api" / ".venv" / "bin" / "python"
NAME = "db.sandbox.us-east-2.rds.amazonaws.com"
# As it is called in our environments, and as PostgreSQL calls its own first user.
MASTER = ("postgres", "some-password")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that is not pytest's: as root, the server runs as another user.

    pytest closes its own to others whenever another session begins.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as made:
        yield Path(made)


@pytest.fixture
def door(folder: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Return the port of a database's door, and the authority to trust there."""
    database = Database(EXAMPLE, folder, "some", {})
    try:
        database.make_master(*MASTER)
        settings = RehearsalSettings(
            images="",
            python="",
            account="",
            region="us-east-2",
            variables=database.variables,
            database_door=free_port(),
        )
        write_certificates(tmp_path, [database_names("us-east-2")])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / CERTIFICATE, tmp_path / KEY)
        open_door(settings, context)
        yield settings.database_door, tmp_path / AUTHORITY
    finally:
        database.stop()


def log_in(
    door: tuple[int, Path], monkeypatch: pytest.MonkeyPatch, user: str, password: str
) -> pg8000.native.Connection:
    """Log in as functions do: by the database's name, which is led here."""
    port, authority = door
    found = socket.getaddrinfo

    def here(host: str, _port: int, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as is
        assert host == NAME
        return found("127.0.0.1", port, *rest, **named)

    tls = ssl.create_default_context(cafile=str(authority))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(socket, "getaddrinfo", here)
        return pg8000.native.Connection(
            user, host=NAME, port=15432, database="some", password=password, ssl_context=tls
        )


def test_functions_make_users_as_the_master_over_tls(
    door: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with log_in(door, monkeypatch, *MASTER) as master:
        assert master.run("SELECT rolsuper FROM pg_roles WHERE rolname = 'postgres'") == [[False]]
        master.run("CREATE ROLE owner NOLOGIN")
        master.run('GRANT CREATE ON DATABASE "some" TO owner')
        master.run("CREATE ROLE owner_a LOGIN PASSWORD 'other'")
        master.run("GRANT owner TO owner_a")
    with log_in(door, monkeypatch, "owner_a", "other") as user:
        user.run("SET ROLE owner")
        user.run("CREATE SCHEMA s CREATE TABLE t (id int)")
        with pytest.raises(pg8000.exceptions.DatabaseError, match="42501"):
            user.run("CREATE ROLE another")
    for user, password in (("owner_a", "some-password"), ("nobody", "other")):
        with pytest.raises(pg8000.exceptions.DatabaseError, match="28P01"):
            log_in(door, monkeypatch, user, password)


def test_the_door_serves_nobody_without_tls(door: tuple[int, Path]) -> None:
    with socket.create_connection(("127.0.0.1", door[0]), timeout=30) as plain:
        # A first message of protocol 3.0, which asks for no TLS.
        plain.sendall((8).to_bytes(4) + (196608).to_bytes(4))
        assert plain.recv(1) == b""
