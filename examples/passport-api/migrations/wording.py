"""Errors of PostgreSQL in words that carry no data of a row and no password.

PostgreSQL quotes values in its messages ("invalid input syntax for type date: ..."), and details
hold whole keys. So an error is told by its kind and place; its own words only where they are about
the migration's text, and then without what the text does not say itself.
"""

import re

import psycopg

from passport_api.scrubbing import REDACTED, Scrubber

# Syntax, missing objects and rights; not supported; transaction state; object not ready.
_ABOUT_THE_TEXT = ("42", "0A", "25", "55", "2B", "3F")
# How PostgreSQL's context names each block that was at work; in another language it has none.
_IN_A_BLOCK = "PL/pgSQL function"
_QUOTED = re.compile(r'"([^"]*)"')
_CONNECT_REASONS = (
    ("password authentication failed", "the password or the user is refused"),
    ("no password supplied", "no password is given"),
    ("pg_hba.conf", "no entry lets this user in from here, or not without TLS"),
    ("could not translate host name", "the host name is not known"),
    ("Connection refused", "nothing listens there"),
    ("No such file or directory", "nothing listens there"),
    ("timeout", "no answer in time"),
    ("timed out", "no answer in time"),
    ("too many clients", "it has no connection left"),
    ("remaining connection slots", "it has no connection left"),
    ("starting up", "it starts up"),
    ("shutting down", "it shuts down"),
    ("certificate", "its certificate is refused"),
    ("SSL", "TLS cannot be agreed on"),
    ("does not exist", "the database or the user does not exist"),
)


def kind(error: psycopg.Error) -> str:
    """Name the kind of an error, as `UniqueViolation (23505)`."""
    return f"{type(error).__name__} ({error.sqlstate or 'no code'})"


def why_unreachable(error: psycopg.Error) -> str:
    """Say in fixed words why there is no connection: libpq's own name hosts and parameters."""
    text = str(error)
    return next((said for sign, said in _CONNECT_REASONS if sign in text), "no reason is known")


def is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, rather than a statement refused."""
    code = error.sqlstate
    if not isinstance(error, psycopg.OperationalError):
        return False
    return code is None or code.startswith("08") or code in ("25P03", "57P01", "57P02", "57P03")


def describe(error: psycopg.Error, text: str) -> str:
    """Tell kind, place and objects of what a migration with this text met."""
    said = [kind(error)]
    line = _line(error, text)
    if line:
        said.append(f"at line {line}")
    diagnosis = error.diag
    named = (
        ("table", diagnosis.table_name),
        ("column", diagnosis.column_name),
        ("constraint", diagnosis.constraint_name),
    )
    said += [f"{what} {name}" for what, name in named if name]
    message = diagnosis.message_primary
    if message and _is_about_the_text(error):
        said.append(_without_data(message, text))
    return ", ".join(said)


def _is_about_the_text(error: psycopg.Error) -> bool:
    """Whether the message can only speak of the migration's own words.

    A block or function of it may make statements of rows, whose names PostgreSQL does not always
    quote ("function Jane Doe() does not exist"), and RAISE puts any text under any code. Then more
    than one block was at work: the runner's own is the one.
    """
    blocks = (error.diag.context or "").count(_IN_A_BLOCK)
    return blocks == 1 and (error.sqlstate or "").startswith(_ABOUT_THE_TEXT)


def _line(error: psycopg.Error, text: str) -> int | None:
    """Find the line; the text runs inside EXECUTE, so its position is the internal one."""
    position = error.diag.internal_position
    if position is None or error.diag.internal_query != text:
        return None
    return text.count("\n", 0, int(position) - 1) + 1


def _without_data(message: str, text: str) -> str:
    def keep(found: re.Match[str]) -> str:
        return found[0] if found[1] in text else f'"{REDACTED}"'

    return Scrubber().text(_QUOTED.sub(keep, message))
