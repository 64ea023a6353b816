"""What must be so after a release's migrations; read, never repaired.

Files and ledger agree, nothing is pending, and the owner's schemas hold no index that is invalid,
no constraint that was never validated, and nothing that somebody else owns: the next migration
could not change it. Nobody but the owner can write to the ledger.
"""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import Connection, sql

from migrations.files import Found
from migrations.plan import Plan
from migrations.problem import Problem
from migrations.runner import plan_in
from migrations.session import session
from migrations.settings import Settings

_OURS = """
    WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user),
    ours AS (
        SELECT n.oid FROM pg_namespace n JOIN me ON n.nspowner = me.oid
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    )
"""
_FAULTS: tuple[tuple[LiteralString, str, str], ...] = (
    (
        """
        SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE NOT (i.indisvalid AND i.indisready) AND c.relnamespace IN (SELECT oid FROM ours)
        """,
        "the index {} is not valid",
        "Write a migration that drops it and creates it again.",
    ),
    (
        """
        SELECT t.relname || '.' || k.conname
        FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
        WHERE NOT k.convalidated AND t.relnamespace IN (SELECT oid FROM ours)
        """,
        "the constraint {} was never validated",
        "Write a migration that validates it; the same release may hold both.",
    ),
    (
        """
        SELECT relname FROM pg_class
        WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
          AND relowner NOT IN (SELECT oid FROM me) AND relnamespace IN (SELECT oid FROM ours)
        """,
        "the relation {} belongs to another role",
        "Let its owner hand it over: ALTER TABLE ... OWNER TO the owner role.",
    ),
    (
        """
        SELECT DISTINCT coalesce(r.rolname, 'everybody')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE n.nspname = 'migrations' AND c.relname = 'ledger'
          AND a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
        """,
        "the ledger can be changed by {}",
        "Revoke it: only the owner writes to migrations.ledger.",
    ),
)


def check(found: Found, settings: Settings) -> tuple[Plan, tuple[Problem, ...]]:
    """Look at files, ledger and schema in one moment; returns all that is wrong."""
    with session(settings, read_only=True) as connection:
        plan = plan_in(connection, found, settings)
        return plan, (*plan.problems, *_pending(plan), *_faults(connection))


def _pending(plan: Plan) -> Iterator[Problem]:
    for file in plan.pending:
        yield Problem(file.name, "it is not applied", "Run the migrations.")


def _faults(connection: Connection) -> Iterator[Problem]:
    for query, what, do in _FAULTS:
        for (name,) in connection.execute(sql.SQL(_OURS) + sql.SQL(query)).fetchall():
            yield Problem("", what.format(name), do)
