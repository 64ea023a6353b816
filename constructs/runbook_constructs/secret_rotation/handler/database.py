"""Sessions with the database: TLS to the instance itself, and errors without their texts."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from .credentials import Credential

# What AWS publishes: the certificate authorities of RDS, which no system's own store has.
AUTHORITIES = Path(__file__).with_name("rds-authorities.pem")
_SECONDS = 10
# PostgreSQL's word for a wrong password, and for a user that is not there.
_WRONG_PASSWORD = "28P01"  # noqa: S105 - an error code


class RefusedError(Exception):
    """The database does not take this user with this password."""


class LockedOutError(Exception):
    """No version of a secret that anybody knows of logs in any more."""


class StatementError(Exception):
    """The database did not do what it was asked; the text has its error code alone."""


@dataclass(frozen=True)
class Session:
    """An open connection, until the end of ``with``.

    No error of it shows a statement, a parameter or a row.
    """

    connection: pg8000.native.Connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What is broken already the server lets go of by itself.
        with suppress(DatabaseError, InterfaceError, OSError):
            self.connection.close()

    def run(self, statement: str, **parameters: str) -> list[list[object]]:
        """Run one statement and give its rows. Raises StatementError."""
        rows = _without_text(lambda: self.connection.run(statement, **parameters))
        return rows or []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Have all of the statements within, or none."""
        self.run("BEGIN")
        yield
        # Without it the connection is closed, which rolls back.
        self.run("COMMIT")


@dataclass(frozen=True)
class Server:
    """One instance of PostgreSQL, spoken to by TLS in its own name only."""

    host: str
    port: int
    name: str
    tls: ssl.SSLContext

    def log_in(self, credential: Credential) -> Session:
        """Open a session. Raises RefusedError for a wrong password, StatementError for all else."""
        connection = _without_text(
            lambda: pg8000.native.Connection(
                credential.username,
                host=self.host,
                port=self.port,
                database=self.name,
                password=credential.password,
                ssl_context=self.tls,
                timeout=_SECONDS,
                application_name="secret-rotation",
            )
        )
        return Session(connection)

    def takes(self, credential: Credential) -> bool:
        """Say whether it lets this user in with this password."""
        try:
            with self.log_in(credential):
                return True
        except RefusedError:
            return False


def server(variables: Mapping[str, str]) -> Server:
    """Read where the database is: ``DATABASE_HOST``, ``DATABASE_PORT``, ``DATABASE_NAME``.

    ``DATABASE_CA_FILE`` names other authorities than those of RDS, for a database elsewhere. Raises
    KeyError for a variable that is not set.
    """
    authorities = variables.get("DATABASE_CA_FILE") or str(AUTHORITIES)
    return Server(
        host=variables["DATABASE_HOST"],
        port=int(variables["DATABASE_PORT"]),
        name=variables["DATABASE_NAME"],
        # Checks the host's name as well; and these authorities only, not those of the system.
        tls=ssl.create_default_context(cafile=authorities),
    )


def _without_text(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - the driver's
    """Turn each error of the driver into one that holds no more than its kind."""
    try:
        return call()
    except DatabaseError as error:
        problem = _answered(error)
    except ssl.SSLCertVerificationError as error:
        problem = StatementError(
            f"the database's certificate does not hold: {error.verify_message}"
        )
    except (InterfaceError, OSError) as error:
        problem = StatementError(
            f"the connection to the database does not work: {type(error).__name__}"
        )
    # Not within the handling: the driver's error would go along as its context.
    raise problem


def _answered(error: DatabaseError) -> Exception:
    said = error.args[0] if error.args else None
    code = said.get("C", "unknown") if isinstance(said, dict) else "unknown"
    if code == _WRONG_PASSWORD:
        return RefusedError("the database refuses this user's password")
    return StatementError(f"the database answers with the error {code}")
