"""Applies what is pending, one transaction a file, together with the file's row in the ledger."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import psycopg
from psycopg import Connection, sql

from migrations import ledger
from migrations.access import become_owner, grant_to_application, right_problems
from migrations.files import Found, MigrationFile
from migrations.plan import Plan, compare
from migrations.problem import Exit, Problem, StoppedError
from migrations.session import session, take_turn
from migrations.settings import Settings
from migrations.wording import describe, is_lost, why_unreachable

_PAUSE_SECONDS = 1.0
_TIME_OUTS = (
    "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
)
Tell = Callable[[str, float], None]
"""Takes the name of a file that was applied, and the seconds it took."""


@dataclass(frozen=True, slots=True)
class Applications:
    """What a run did: `applied` now, in this order, after `already` before it."""

    applied: tuple[str, ...]
    already: int


def look(found: Found, settings: Settings) -> Plan:
    """Compare the image's files with the database, without changing anything."""
    with session(settings, read_only=True) as connection:
        return plan_in(connection, found, settings)


def apply(found: Found, settings: Settings, tell: Tell) -> Applications:
    """Apply everything pending, or raise ``StoppedError`` and say what was applied before."""
    applied: list[str] = []
    already = 0
    try:
        with session(settings, read_only=False) as connection:
            take_turn(connection, settings.migration_wait_seconds)
            # Under the lock: the runner that was here before may have done it all.
            plan = plan_in(connection, found, settings)
            already = plan.applied
            for file, seconds in _applications(connection, plan, settings):
                applied.append(file)
                tell(file, seconds)
    except StoppedError as stopped:
        stopped.applied, stopped.already = tuple(applied), already
        raise
    except KeyboardInterrupt as error:
        stop = StoppedError(Exit.FAILED, Problem("", "the task was stopped", "Run it again."))
        stop.applied, stop.already = tuple(applied), already
        raise stop from error
    return Applications(tuple(applied), already)


def _applications(
    connection: Connection, plan: Plan, settings: Settings
) -> Iterator[tuple[str, float]]:
    if plan.problems:
        raise StoppedError(Exit.REFUSED, *plan.problems)
    if plan.pending:
        _prepare(connection, settings)
    for file in plan.pending:
        started = time.monotonic()
        _apply_patiently(connection, file, settings)
        yield file.name, time.monotonic() - started


def plan_in(connection: Connection, found: Found, settings: Settings) -> Plan:
    plan = compare(found.files, ledger.read(connection), settings.previous_image)
    rights = tuple(right_problems(connection, settings)) if plan.pending else ()
    return replace(plan, problems=(*found.problems, *plan.problems, *rights))


def _prepare(connection: Connection, settings: Settings) -> None:
    if not ledger.exists(connection):
        ledger.create(connection)
    grant_to_application(connection, settings)


def _apply_patiently(connection: Connection, file: MigrationFile, settings: Settings) -> None:
    """Apply one file; a table that is in use gets several short tries instead of a long one."""
    for attempt in range(settings.migration_lock_tries):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        try:
            _apply_once(connection, file, settings)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            last = error
        except psycopg.Error as error:
            raise _failure(error, file, settings) from error
        else:
            return
    said = f"what it changes was in use at each of {settings.migration_lock_tries} tries"
    do = "Find the long transaction that holds it, then run this again."
    raise StoppedError(Exit.LOCK_NOT_OBTAINED, Problem(file.name, said, do)) from last


def _apply_once(connection: Connection, file: MigrationFile, settings: Settings) -> None:
    # What the migration before has set for its session ends here.
    connection.execute("RESET ALL")
    become_owner(connection, settings)
    with connection.transaction():
        time_outs = (f"{settings.migration_lock_seconds}s", f"{_seconds(file, settings)}s")
        connection.execute(_TIME_OUTS, time_outs)
        connection.execute(in_one(file.text))
        ledger.write(connection, file, settings)


def in_one(text: str) -> sql.Composed:
    """Make one statement of a text.

    Inside EXECUTE, PostgreSQL itself refuses whatever would end the transaction or cannot run in
    one (COMMIT, CREATE INDEX CONCURRENTLY, VACUUM), and one time-out covers the whole.
    """
    block = sql.SQL("BEGIN EXECUTE {}; END").format(sql.Literal(text))
    return sql.SQL("DO {}").format(sql.Literal(block.as_string()))


def _seconds(file: MigrationFile, settings: Settings) -> int:
    return file.header.timeout_seconds or settings.migration_timeout_seconds


def _failure(error: psycopg.Error, file: MigrationFile, settings: Settings) -> StoppedError:
    if is_lost(error):
        said = f"the connection was lost: {why_unreachable(error)}"
        do = "Run it again: the ledger knows whether the last commit arrived."
        return StoppedError(Exit.UNREACHABLE, Problem(file.name, said, do))
    if isinstance(error, psycopg.errors.QueryCanceled):
        said = f"it took longer than {_seconds(file, settings)} seconds"
        do = "Do it in smaller steps, or declare timeout_seconds in its header."
    else:
        said = f"it failed, and nothing of it remains: {describe(error, file.text)}"
        do = "Correct it (it was never applied, so it may change), or the data it met."
    return StoppedError(Exit.FAILED, Problem(file.name, said, do))
