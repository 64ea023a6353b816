"""Whenever the process or the connection ends: nothing lost, nothing doubled, again is enough."""

import signal
import time

import psycopg
import pytest

from migrations.session import LOCK
from tests.migrations.conftest import Database, Folder, Runner

pytestmark = pytest.mark.clause("ROVN-MIG-3")

SLEEPING = (
    "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
)
WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def half_way(folder: Folder) -> None:
    folder.add_many(2)
    folder.add("0003_long.sql", "CREATE TABLE passport.half (id integer); SELECT pg_sleep(600);")


def test_kill_9_in_the_middle_takes_back_the_one_and_keeps_the_others(
    runner: Runner, folder: Folder, database: Database
) -> None:
    half_way(folder)
    killed = runner.start(MIGRATION_TIMEOUT_SECONDS="600")
    database.wait_for(SLEEPING)
    killed.kill()
    killed.wait()

    folder.add("0003_long.sql", "CREATE TABLE passport.half (id integer);")
    # PostgreSQL notices that its client is gone; until then the lock is held, and it would be for
    # longer than this waits.
    started = time.monotonic()
    again = runner(MIGRATION_WAIT_SECONDS="60")
    assert time.monotonic() - started < 20

    assert again.code == 0
    assert again.line["applied"] == ["0003_long.sql"]
    assert again.line["already"] == 2
    assert database.tables() == {"t0002", "half"}


def test_kill_9_at_any_moment_again_and_again(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(1)
    for number in range(2, 41):
        table = f"CREATE TABLE passport.t{number:04} (id integer)"
        folder.add(f"{number:04}_table.sql", f"{table}; SELECT pg_sleep(0.01);")
    # However late a kill comes, there is something left to kill.
    folder.add("0041_long.sql", "SELECT pg_sleep(600);")
    for pause in (0.0, 0.03, 0.07, 0.13, 0.19):
        process = runner.start(MIGRATION_TIMEOUT_SECONDS="600")
        if database.ask("SELECT 1 FROM pg_namespace WHERE nspname = 'migrations'"):
            before = len(database.applied())
        else:
            before = 0
        database.wait_for(SLEEPING)
        time.sleep(pause)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert len(database.applied()) >= before
    folder.add("0041_long.sql", "SELECT pg_sleep(0.01);")
    last = runner()
    assert last.code == 0
    assert database.applied() == sorted(path.name for path in folder.path.iterdir())
    assert database.tables() == {f"t{number:04}" for number in range(2, 41)}


def test_sigterm_rolls_back_and_says_so(runner: Runner, folder: Folder, database: Database) -> None:
    half_way(folder)
    stopped = runner.start(MIGRATION_TIMEOUT_SECONDS="600")
    database.wait_for(SLEEPING)
    stopped.send_signal(signal.SIGTERM)
    ended = runner.end(stopped)
    assert ended.code == 4
    assert ended.whats == [("", "the task was stopped")]
    assert ended.line["applied"] == ["0001_schema.sql", "0002_table.sql"]
    assert database.tables() == {"t0002"}


def test_a_connection_that_breaks_is_told_from_a_migration_that_fails(
    runner: Runner, folder: Folder, database: Database
) -> None:
    half_way(folder)
    broken = runner.start(MIGRATION_TIMEOUT_SECONDS="600")
    database.wait_for(SLEEPING)
    database.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    ended = runner.end(broken)
    assert ended.code == 6
    assert ended.whats[0][0] == "0003_long.sql"
    assert "the connection was lost" in ended.whats[0][1]
    assert ended.line["applied"] == ["0001_schema.sql", "0002_table.sql"]
    assert database.applied() == ["0001_schema.sql", "0002_table.sql"]


def test_of_two_at_once_one_applies_and_the_other_finds_nothing_to_do(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(30)
    with database.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        both = [runner.start(), runner.start()]
        database.wait_for(f"{WAITING} HAVING count(*) = 2")
    ended = sorted((runner.end(each) for each in both), key=lambda run: len(run.line["applied"]))
    assert [run.code for run in ended] == [0, 0]
    assert [len(run.line["applied"]) for run in ended] == [0, 30]
    assert [run.line["already"] for run in ended] == [30, 0]
    assert len(database.applied()) == 30


def test_the_lock_of_another_runner_is_waited_for_in_vain(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(2)
    with database.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        ended = runner(MIGRATION_WAIT_SECONDS="1")
        # Asking takes no lock: the gate is answered at any time.
        assert runner("--pending").code == 0
    assert ended.code == 5
    assert ended.whats == [("", "another runner is still at work after 1 seconds")]
    assert ended.line["applied"] == []


def test_a_table_in_use_is_tried_for_a_short_while_and_left_alone(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(2)
    assert runner().code == 0
    folder.add("0003_column.sql", "ALTER TABLE passport.t0002 ADD COLUMN v integer;")
    folder.add("0004_after.sql")

    with database.connect() as serving, serving.transaction():
        serving.execute("SELECT * FROM passport.t0002")
        ended = runner(MIGRATION_LOCK_SECONDS="1", MIGRATION_LOCK_TRIES="2")
    assert ended.code == 5
    assert ended.whats == [("0003_column.sql", "what it changes was in use at each of 2 tries")]
    assert ended.line["applied"] == []
    assert runner().line["applied"] == ["0003_column.sql", "0004_after.sql"]


def test_a_table_that_is_let_go_meanwhile_is_migrated(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(2)
    assert runner().code == 0
    folder.add("0003_column.sql", "ALTER TABLE passport.t0002 ADD COLUMN v integer;")
    serving: psycopg.Connection
    with database.connect() as serving:
        with serving.transaction():
            serving.execute("SELECT * FROM passport.t0002")
            process = runner.start(MIGRATION_LOCK_SECONDS="1", MIGRATION_LOCK_TRIES="60")
            database.wait_for(
                "SELECT 1 FROM pg_locks WHERE relation = 'passport.t0002'::regclass AND NOT granted"
            )
        assert runner.end(process).code == 0


def test_a_migration_that_meets_a_deadlock_gives_way_and_tries_again(
    runner: Runner, folder: Folder, database: Database
) -> None:
    folder.add_many(3)
    assert runner().code == 0
    locks = "LOCK TABLE passport.t0002; SELECT pg_sleep(1); LOCK TABLE passport.t0003;"
    folder.add("0004_locks.sql", locks)
    with database.connect() as serving:
        # The one that looks first is the one that gives way.
        serving.execute("SET deadlock_timeout = '60s'")
        with serving.transaction():
            serving.execute("LOCK TABLE passport.t0003")
            process = runner.start(MIGRATION_LOCK_SECONDS="20", MIGRATION_LOCK_TRIES="2")
            database.wait_for(
                "SELECT 1 FROM pg_locks WHERE relation = 'passport.t0002'::regclass "
                "AND mode = 'AccessExclusiveLock' AND granted"
            )
            serving.execute("LOCK TABLE passport.t0002")
    assert runner.end(process).line["applied"] == ["0004_locks.sql"]
