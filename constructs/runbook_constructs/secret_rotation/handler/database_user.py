"""Users of the database that take turns under one owner role (ROVN-SEC-3)."""

import time
from contextlib import suppress
from dataclasses import dataclass

from pg8000.native import identifier, literal

from .credentials import (
    TURNS,
    Client,
    Credential,
    credential,
    new_password,
    replaced,
    verifier,
)
from .database import LockedOutError, RefusedError, Server, Session, StatementError
from .steps import CURRENT, PENDING, PREVIOUS, Values, value_of

# The master may be rotating at the same moment: its versions move between two looks.
_ROUNDS, _PAUSE_SECONDS = 4, 0.5


@dataclass(frozen=True)
class DatabaseUser:
    """Two log-in users, members of ``owner``, which owns and may what they need and has no log-in.

    A rotation gives the other user a new password: the current one's is never touched, so who
    holds it goes on until the next rotation. ``master`` is the ARN of the master's secret;
    ``makes_schemas`` says whether the owner may make schemas in the database, as migrations do.
    """

    secrets: Client
    server: Server
    master: str
    owner: str
    makes_schemas: bool

    def end_overlap(self) -> None:
        """Do nothing: the password of the user who is current is replaced by the next rotation."""

    def create(self, current: str) -> str:
        """Make the other user's value. Raises ValueError for a user that is none of the two."""
        other = self._other(credential(current))
        return replaced(current, username=other, password=new_password(self.secrets))

    def set(self, values: Values) -> None:
        """Let the pending user log in; make what is missing, in one transaction or not at all.

        Raises LockedOutError when no version of the master's secret logs in.
        """
        current, pending = credential(values.current), credential(values.pending)
        if pending.username != self._other(current):
            raise ValueError(f"{PENDING} is not of the user whose turn it is")
        with as_master(self.secrets, self.server, self.master) as session, session.transaction():
            self._make_owner(session)
            # At the first rotation it has a password in the secret, and nothing in the database.
            if not _exists(session, current.username):
                _make_user(session, current)
            if not _exists(session, pending.username):
                _make_user(session, pending)
            else:
                _set_password(session, pending)
            for user in (current, pending):
                grant = f"GRANT {identifier(self.owner)} TO {identifier(user.username)}"
                session.run(grant)

    def test(self, values: Values) -> None:
        """Log in as the pending user, and act as the owner role as its consumers do."""
        with self.server.log_in(credential(values.pending)) as session:
            session.run(f"SET ROLE {identifier(self.owner)}")
            if session.run("SELECT current_user") != [[self.owner]]:
                raise StatementError("the pending user does not become its owner role")

    def _other(self, user: Credential) -> str:
        first, second = (f"{self.owner}{turn}" for turn in TURNS)
        if user.username not in (first, second):
            raise ValueError(f"the user of this version is neither {first} nor {second}")
        return second if user.username == first else first

    def _make_owner(self, session: Session) -> None:
        role = identifier(self.owner)
        if not _exists(session, self.owner):
            session.run(f"CREATE ROLE {role} NOLOGIN")
        if self.makes_schemas:
            session.run(f"GRANT CREATE ON DATABASE {identifier(self.server.name)} TO {role}")


def as_master(secrets: Client, server: Server, arn: str) -> Session:
    """Log in with whichever version of the master's secret the database takes now.

    Raises LockedOutError when it takes none of them, however often one looks.
    """
    for number in range(_ROUNDS):
        if number:
            time.sleep(_PAUSE_SECONDS)
        # A later stage is read only when the others were refused: it may have moved meanwhile.
        for stage in (CURRENT, PENDING, PREVIOUS):
            value = value_of(secrets, arn, stage)
            with suppress(RefusedError):
                if value is not None:
                    return server.log_in(credential(value))
    raise LockedOutError(
        f"the database takes neither {CURRENT} nor {PENDING} nor {PREVIOUS} of its master: "
        "rotate the master first"
    )


def _exists(session: Session, role: str) -> bool:
    return bool(session.run("SELECT 1 FROM pg_roles WHERE rolname = :role", role=role))


def _make_user(session: Session, user: Credential) -> None:
    password = literal(verifier(user.password))
    session.run(f"CREATE ROLE {identifier(user.username)} LOGIN PASSWORD {password}")


def _set_password(session: Session, user: Credential) -> None:
    password = literal(verifier(user.password))
    session.run(f"ALTER ROLE {identifier(user.username)} LOGIN PASSWORD {password}")
