"""Who owns what the migrations make, and who may use it.

Secrets rotate between two users, so neither may own a table: both become one owner role without a
log-in. The application's users are members of one role, too, and get their rights through it.
"""

from collections.abc import Iterator

from psycopg import Connection, sql

from migrations import ledger
from migrations.problem import Problem
from migrations.settings import Settings

_ROLE = "SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s"
# For objects that this role will make, in every schema. The ledger's schema is closed to it.
_GRANTS = (
    "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {}",
)


def become_owner(connection: Connection, settings: Settings) -> None:
    """Act as the owner role from here on, if there is one."""
    if settings.database_owner_role:
        role = sql.Identifier(settings.database_owner_role)
        connection.execute(sql.SQL("SET ROLE {}").format(role))


def grant_to_application(connection: Connection, settings: Settings) -> None:
    """Let the application's role use whatever is made from here on; again and again is fine."""
    if settings.database_application_role:
        role = sql.Identifier(settings.database_application_role)
        with connection.transaction():
            for grant in _GRANTS:
                connection.execute(sql.SQL(grant).format(role))


def role_problems(connection: Connection, settings: Settings) -> Iterator[Problem]:
    """Tell which of the roles in the settings cannot be used."""
    owner, application = settings.database_owner_role, settings.database_application_role
    if owner:
        row = connection.execute(_ROLE, (owner,)).fetchone()
        if row is None or not row[0]:
            said = f"DATABASE_OWNER_ROLE {owner} is no role that this user may become"
            yield Problem("", said, f"Create it, and grant it to {settings.database_user}.")
    if application and connection.execute(_ROLE, (application,)).fetchone() is None:
        said = f"DATABASE_APPLICATION_ROLE {application} is no role of this database"
        yield Problem("", said, "Create it, or correct the setting.")


def right_problems(connection: Connection, settings: Settings) -> Iterator[Problem]:
    """Tell what the acting role may not do and must; asks before anything is changed."""
    if ledger.exists(connection):
        right, query = (
            "INSERT on migrations.ledger",
            (
                "SELECT has_table_privilege(c.oid, 'INSERT') FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'migrations' AND c.relname = 'ledger'"
            ),
        )
    else:
        right, query = (
            "CREATE on the database",
            ("SELECT has_database_privilege(current_database(), 'CREATE')"),
        )
    row = connection.execute(query).fetchone()
    if row is None or not row[0]:
        role = settings.database_owner_role or settings.database_user
        yield Problem("", f"{role} has no right to migrate: {right}", f"Grant it to {role}.")
