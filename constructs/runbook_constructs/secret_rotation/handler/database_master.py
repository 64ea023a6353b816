"""The database's master: one user, who changes its own password (ROVN-SEC-3)."""

from dataclasses import dataclass

from pg8000.native import identifier, literal

from .credentials import Client, Credential, credential, new_password, replaced, verifier
from .database import LockedOutError, RefusedError, Server
from .steps import CURRENT, PENDING, PREVIOUS, Values


@dataclass(frozen=True)
class DatabaseMaster:
    """Single user: RDS knows no second master, so the new password is the only one at once.

    Between ``set`` and the last step the pending version is the one that logs in, which is stored
    before it is set. Whoever needs the master meanwhile tries both.
    """

    secrets: Client
    server: Server

    def end_overlap(self) -> None:
        """Do nothing: it has no overlap."""

    def create(self, current: str) -> str:
        """Make the same user with another password."""
        user = credential(current).username
        return replaced(current, username=user, password=new_password(self.secrets))

    def set(self, values: Values) -> None:
        """Set the pending password, unless an earlier try has done so already.

        Raises LockedOutError when no version logs in, ValueError for a pending value of another
        user.
        """
        pending = credential(values.pending)
        if pending.username != credential(values.current).username:
            raise ValueError(f"{PENDING} is of another user than {CURRENT}")
        if self.server.takes(pending):
            return
        for known in (values.current, values.previous):
            if known is not None and self._changed(credential(known), pending):
                return
        raise LockedOutError(
            f"the database takes neither {PENDING} nor {CURRENT} nor {PREVIOUS} of its master: "
            f"set {CURRENT}'s password with rds:ModifyDBInstance, then rotate again"
        )

    def test(self, values: Values) -> None:
        """Log in with the pending password. Raises RefusedError."""
        with self.server.log_in(credential(values.pending)) as session:
            session.run("SELECT 1")

    def _changed(self, known: Credential, pending: Credential) -> bool:
        """Log in with a password and set the other; False when this one is not taken."""
        # Of a previous version that somebody made for another user, nothing is touched.
        if known.username != pending.username:
            return False
        try:
            with self.server.log_in(known) as session:
                password = literal(verifier(pending.password))
                session.run(f"ALTER ROLE {identifier(pending.username)} PASSWORD {password}")
        except RefusedError:
            return False
        return True
