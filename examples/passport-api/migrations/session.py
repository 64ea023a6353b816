"""Connections to the database, and the lock that lets one runner at a time change it."""

import contextlib
from collections.abc import Iterator

import psycopg
from psycopg import Connection, IsolationLevel

from migrations.access import become_owner, role_problems
from migrations.problem import Exit, Problem, StoppedError
from migrations.settings import Settings
from migrations.wording import is_lost, why_unreachable

# Any number will do that no other program takes in this database.
LOCK = 0x6D69_6772_6174_6573
_CHECK = "Check the address, the security groups, the secret, and that the database runs."


@contextlib.contextmanager
def session(settings: Settings, *, read_only: bool) -> Iterator[Connection]:
    """Connect as the owner role; raises ``StoppedError`` when there is, or remains, no database.

    A session that is `read_only` sees one moment and can write nothing.
    """
    try:
        with psycopg.connect(settings.database_conninfo(), autocommit=not read_only) as connection:
            if read_only:
                connection.read_only = True
                connection.isolation_level = IsolationLevel.REPEATABLE_READ
            problems = tuple(role_problems(connection, settings))
            if problems:
                raise StoppedError(Exit.REFUSED, *problems)
            become_owner(connection, settings)
            yield connection
    except psycopg.Error as error:
        if not is_lost(error):
            raise
        where = f"{settings.database_host}:{settings.database_port}/{settings.database_name}"
        said = f"the database {where} is not reached: {why_unreachable(error)}"
        raise StoppedError(Exit.UNREACHABLE, Problem("", said, _CHECK)) from error


def take_turn(connection: Connection, seconds: int) -> None:
    """Wait until no other runner is at work; raises ``StoppedError`` when that takes too long.

    The lock belongs to the session: however it ends, PostgreSQL gives the lock back.
    """
    connection.execute("SET statement_timeout = 0")
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{seconds}s",))
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    except psycopg.errors.LockNotAvailable as error:
        said = f"another runner is still at work after {seconds} seconds"
        do = "Look at its task; run this one again when it has ended."
        raise StoppedError(Exit.LOCK_NOT_OBTAINED, Problem("", said, do)) from error
    connection.execute("RESET lock_timeout")
    connection.execute("RESET statement_timeout")
