"""What a secret of a database user holds, and how its password is shown to PostgreSQL."""

import base64
import hashlib
import hmac
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

# boto3's own client for Secrets Manager: the functions run without its stubs.
Client = Any
# RDS refuses / @ " and space in a master password; connection strings want these quoted, too.
UNQUOTED = " %+~`#$&*()|[]{}:;<>?!'/@\"\\"
PASSWORD_LENGTH = 32
# The users that take turns, after the name of their owner role.
TURNS = ("_a", "_b")
# As PostgreSQL itself counts, unless scram_iterations says otherwise.
_ITERATIONS = 4096


@dataclass(frozen=True, repr=False)
class Credential:
    """One log-in: who, and the password, which no text of this object shows."""

    username: str
    password: str


def credential(value: str) -> Credential:
    """Read a secret's value: JSON with ``username`` and ``password``.

    Raises ValueError, which says what is missing and shows nothing of the value.
    """
    document = _document(value)
    username, password = document.get("username"), document.get("password")
    for key, found in (("username", username), ("password", password)):
        if not isinstance(found, str) or not found:
            raise ValueError(f"the secret's value has no {key}")
    return Credential(str(username), str(password))


def replaced(value: str, *, username: str, password: str) -> str:
    """Write a value anew with another log-in; what else it has stays."""
    return json.dumps({**_document(value), "username": username, "password": password})


def new_password(secrets: Client) -> str:
    """Let Secrets Manager make one that no connection string has to quote."""
    made = secrets.get_random_password(
        PasswordLength=PASSWORD_LENGTH, ExcludeCharacters=UNQUOTED, RequireEachIncludedType=True
    )
    return str(made["RandomPassword"])


def verifier(password: str, salt: bytes | None = None) -> str:
    """Make what PostgreSQL stores of a password (SCRAM-SHA-256, RFC 5803).

    Only this is sent: a statement that ends in the server's log has no password in it. Raises
    ValueError for a password that SASLprep (RFC 4013) would change, which ours never are.
    """
    if not password.isascii() or not password.isprintable():
        raise ValueError("the password is not of printable ASCII characters alone")
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    first, second, third = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{first}${second}:{third}"


def _document(value: str) -> dict[str, Any]:
    document = None
    # Python's own error holds the whole text: ours must not even come of it.
    with suppress(ValueError):
        document = json.loads(value)
    if not isinstance(document, dict):
        raise ValueError("the secret's value is not a JSON object")  # noqa: TRY004 - a value
    return document
