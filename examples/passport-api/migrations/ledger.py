"""The ledger: which migrations a database has had, by which image, next to which other.

It lies in a schema of its own, where the application's user has no business.
"""

import psycopg
from psycopg import Connection, sql
from psycopg.rows import class_row

from migrations.files import MigrationFile
from migrations.plan import Applied
from migrations.problem import Exit, Problem, StoppedError
from migrations.settings import Settings
from migrations.wording import is_lost, kind

_IS_THERE = """
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'migrations' AND c.relname = 'ledger'
"""
_CREATE = """
    CREATE SCHEMA IF NOT EXISTS migrations;
    CREATE TABLE IF NOT EXISTS migrations.ledger (
        number integer PRIMARY KEY CHECK (number > 0),
        file text NOT NULL UNIQUE,
        checksum text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        applied_by text NOT NULL DEFAULT session_user,
        image text NOT NULL CHECK (image <> ''),
        previous_image text NOT NULL,
        previous_image_can_read boolean NOT NULL,
        phi_columns text[] NOT NULL
    );
"""
# Default privileges, this runner's own among them, may have let others in at once.
_LET_IN = """
    SELECT r.rolname FROM pg_namespace n
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'ledger'
    CROSS JOIN LATERAL aclexplode(n.nspacl || c.relacl) a
    JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = 'migrations' AND r.oid NOT IN (n.nspowner, c.relowner)
    GROUP BY r.rolname
"""
_READ = """
    SELECT number, file, checksum, image, previous_image, previous_image_can_read, phi_columns
    FROM migrations.ledger ORDER BY number
"""
_WRITE = """
    INSERT INTO migrations.ledger
        (number, file, checksum, image, previous_image, previous_image_can_read, phi_columns)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def exists(connection: Connection) -> bool:
    """Whether there is a ledger, readable or not: the catalogue is everybody's to read."""
    return connection.execute(_IS_THERE).fetchone() is not None


def create(connection: Connection) -> None:
    """Create the ledger, all of it or nothing, for its owner alone."""
    with connection.transaction():
        connection.execute(_CREATE)
        roles = [sql.Identifier(name) for (name,) in connection.execute(_LET_IN).fetchall()]
        for role in (sql.SQL("PUBLIC"), *roles):
            for what in ("SCHEMA migrations", "migrations.ledger"):
                revoke = sql.SQL("REVOKE ALL ON {} FROM {}")
                connection.execute(revoke.format(sql.SQL(what), role))


def read(connection: Connection) -> tuple[Applied, ...]:
    """Read the rows by number; none without a ledger.

    A ledger that cannot be read is not an empty one: raises ``StoppedError``.
    """
    if not exists(connection):
        return ()
    try:
        rows = connection.cursor(row_factory=class_row(Applied)).execute(_READ).fetchall()
    except psycopg.Error as error:
        if is_lost(error):
            raise
        said = f"the ledger cannot be read: {kind(error)}"
        do = "Give this user, or the owner role, its rights on migrations.ledger back."
        raise StoppedError(Exit.REFUSED, Problem("", said, do)) from error
    return tuple(rows)


def write(connection: Connection, file: MigrationFile, settings: Settings) -> None:
    """Write the row of a migration; belongs into the transaction that applied it."""
    row = (
        *(file.number, file.name, file.checksum, settings.app_version, settings.previous_image),
        *(file.header.previous_image_can_read, list(file.header.phi_columns)),
    )
    connection.execute(_WRITE, row)
