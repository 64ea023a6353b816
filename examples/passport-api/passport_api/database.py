"""PostgreSQL through a bounded pool; no call waits longer than the configured time-out."""

import asyncio
import logging
from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from passport_api.events import Event, log_event
from passport_api.settings import Settings


class DatabaseUnavailableError(Exception):
    """The database did not answer in time, or refused; carries no detail for a client."""


@dataclass(frozen=True, kw_only=True)
class DatabaseSession:
    """What the service may do in its database, told by the database itself."""

    user: str
    tls: bool
    may_create: bool
    """True would mean rights that belong to migrations alone."""


class Database:
    """The pool and the few questions that the service asks."""

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.database_timeout_seconds
        self._name = settings.database_name
        self._pool = AsyncConnectionPool(
            settings.database_conninfo(),
            min_size=1,
            max_size=settings.database_pool_size,
            timeout=self._timeout,
            open=False,
        )
        self._ping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start connecting in the background: a task without database starts, and says so."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close the connections, for as long as the time-out at most."""
        if self._ping is not None:
            self._ping.cancel()
        await self._pool.close(timeout=self._timeout)

    async def is_up(self) -> bool:
        """Whether `SELECT 1` is answered within the time-out.

        One ping at a time, and never awaited past the time-out: cancelling a query on a silent
        network takes seconds of its own, and health checks must not pile up meanwhile.
        """
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self._select_one())
        # Another asker may begin the next ping before this one is told of the end of its own.
        ping = self._ping
        done, _ = await asyncio.wait({ping}, timeout=self._timeout)
        if not done:
            ping.cancel()
            log_event(
                Event.DATABASE_UNREACHABLE,
                "no answer within the time-out",
                level=logging.WARNING,
                timeout_seconds=self._timeout,
            )
            return False
        if ping.cancelled():
            return False
        error = ping.exception()
        if error is not None:
            log_event(
                Event.DATABASE_UNREACHABLE,
                "the database cannot be reached",
                level=logging.WARNING,
                error=error,
            )
        return error is None

    async def session(self) -> DatabaseSession:
        """Describe the session; raises ``DatabaseUnavailableError``."""
        query = """
            SELECT current_user AS user,
                   coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
                       AS tls,
                   has_database_privilege(current_user, %(database)s, 'CREATE') AS may_create
        """
        try:
            async with asyncio.timeout(self._timeout), self._pool.connection() as connection:
                cursor = connection.cursor(row_factory=class_row(DatabaseSession))
                await cursor.execute(query, {"database": self._name})
                row = await cursor.fetchone()
        except (psycopg.Error, PoolTimeout, TimeoutError) as error:
            log_event(
                Event.DATABASE_UNREACHABLE,
                "the database did not describe its session",
                level=logging.WARNING,
                error=error,
            )
            raise DatabaseUnavailableError from error
        if row is None:
            raise DatabaseUnavailableError
        return row

    async def _select_one(self) -> None:
        connection: AsyncConnection
        async with self._pool.connection() as connection:
            await connection.execute("SELECT 1")
