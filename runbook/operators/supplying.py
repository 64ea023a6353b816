"""`runbook rotate --value-stdin`: a vendor's new key is tried, stored, put to use (ROVN-SEC-3)."""

import hmac
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from runbook.access.principals import Principals
from runbook.model.refusal import Refusal
from runbook.operations.account import Account, is_denied
from runbook.operations.operation import Begun, NotBegunError, Operation, OperationFailedError
from runbook.operations.preview import Preview
from runbook.operations.waiting import REAL_TIME, Patience, Time
from runbook.operators.consumers import Consumers
from runbook.operators.key_trial import tried
from runbook.operators.pager_address import is_pager, malformed, put_to_use
from runbook.operators.rotation_wanted import Now, Wanted, changes, utc_now
from runbook.operators.secret_reads import SecretReads
from runbook.operators.secret_state import (
    CURRENT,
    PENDING,
    SecretState,
    Version,
    read_state,
)
from runbook.operators.supplied_value import Supplied
from runbook.operators.web import Web

# Who runs the same command again within a day goes on; later it is no new key.
_A_DAY = timedelta(days=1)


class Supply(Operation):
    """Put a value that a person brings in the place of the current one, which stays the previous.

    Run again with the same value after a crash, it goes on where it stands.
    """

    kind = "rotate"

    def __init__(
        self,
        account: Account,
        wanted: Wanted,
        value: Supplied,
        web: Web,
        *,
        time: Time = REAL_TIME,
        now: Now = utc_now,
    ) -> None:
        self._account, self._wanted, self._value, self._web = account, wanted, value, web
        self._time, self._now = time, now
        self._secret = account.environment.secrets[wanted.secret]
        self._consumers = Consumers(account, wanted.secret)
        self._state: SecretState | None = None
        # The version that has the value; one of before where a run broke off after storing it.
        self._version = str(uuid.uuid4())
        self._stored = False
        name = account.environment.name
        exposed = " --suspected-exposure" if wanted.exposed else ""
        self.title = f"rotation of {wanted.secret} in {name}"
        self.command = f"runbook rotate {name} --secret {wanted.secret} --value-stdin{exposed}"
        self.watch = f"runbook secrets {name}"
        self.without_you = (
            "A value that is stored and not in use yet changes nothing; one in use restarts its "
            f"consumers by itself. The same command with the same value goes on: {self.command}."
        )

    def preview(self) -> Preview:
        """Try the value, and say what it replaces; before it works nothing is written."""
        self._state = state = read_state(self._account, self._wanted.secret)
        name = self._account.environment.name
        version = state.current.id if state.current else "none"
        if state.current and self._is(CURRENT, state.current):
            return self._in_use_already(state, state.current)
        if state.pending and self._is(PENDING, state.pending):
            self._version, self._stored = state.pending.id, True
        verification = self._secret.verification
        refusal = tried(verification, self._value.text, self._web) if verification else None
        key, environment = self._wanted.secret, self._account.environment
        refusal = refusal or malformed(environment, key, self._value.text)
        first = f"{self._before_all}: {self._revoke}\n" if self._wanted.exposed else ""
        return Preview(
            summary=f"{first}{self._wanted.secret} in {name}: the supplied value is put to use",
            changes=changes(version, f"version {self._version}", self._consumers),
            refusals=[refusal] if refusal else [],
            notes=list(self._notes(state)),
            before={"version": version},
            after={"version": self._version},
        )

    def _is(self, stage: str, version: Version) -> bool:
        """Tell whether a version has the supplied value; neither is ever shown."""
        if version.created is None:
            return False
        with self._account.letting_read(self._wanted.secret) as name:
            told = self._account.client("secretsmanager").get_secret_value(
                SecretId=name, VersionId=version.id, VersionStage=stage
            )
        stored = str(told.get("SecretString") or "")
        return hmac.compare_digest(stored.encode(), self._value.text.encode())

    def _in_use_already(self, state: SecretState, current: Version) -> Preview:
        """Go on after a crash; an old value is no new one."""
        self._version, self._stored = current.id, True
        same = {"version": current.id}
        if current.created and self._now() - current.created > _A_DAY:
            why = f"it is the value in use, of {current.created:%Y-%m-%d}"
            refusal = Refusal("value", why, "make a new key at the vendor, and supply that")
            return Preview(summary=self.title, refusals=[refusal], before=same, after=same)
        follows = current.created if state.previous else None
        behind = self._consumers.behind(follows) if follows else {}
        done = not behind and not state.labelled_twice and not self._wanted.exposed
        return Preview(
            summary=f"{state.name} has the supplied value since today"
            + ("; nothing is left to do here" if done else ": the rest is seen to its end"),
            nothing_to_do=done,
            notes=[f"{key}: {how.words}" for key, how in behind.items()] + [self._revoke],
            before=same,
            after=same,
        )

    def _notes(self, state: SecretState) -> Iterator[str]:
        secret = self._secret
        if secret.verification:
            yield f"The value was tried: {secret.verification.url} takes it."
        else:
            yield f"Nobody can try the value beforehand: {secret.unverifiable}."
        days = state.days(self._now())
        age = (
            "There is no value yet" if days is None else f"The value in use is {days:.0f} days old"
        )
        yield f"{age}; plan: every {secret.rotation_days} days; owner: {secret.owner}."
        if state.pending:
            yield (
                "A run that broke off stored this value already: it goes on."
                if self._stored
                else "A value that was stored and never put to use is left behind."
            )
        yield f"Who restarts: {', '.join(self._consumers.services) or 'nobody'}."
        yield f"Who may: {', '.join(Principals(self._account.environment).break_glass)}."

    @property
    def _before_all(self) -> str:
        pager = is_pager(self._account.environment, self._wanted.secret)
        return "As soon as it is stored" if pager else "NOW, before anything here"

    @property
    def _revoke(self) -> str:
        environment = self._account.environment
        if is_pager(environment, self._wanted.secret):
            # Who removed the old one first would be woken by nothing until the new one is in use.
            state = self._state
            return put_to_use(environment, first=not (state and (state.previous or state.current)))
        verification = self._secret.verification
        where = f" at {urlsplit(verification.url).hostname}" if verification else " at the vendor"
        return f"{self._secret.owner} revokes the old key{where}: until then it works."

    def execute(self, tell: Callable[[str], None]) -> None:
        """Store it, make it the current one, take away the label, see consumers restarted."""
        shown = self._state
        assert shown is not None  # noqa: S101 - the preview answers for it
        state = read_state(self._account, self._wanted.secret)
        if (state.current, state.pending) != (shown.current, shown.pending):
            raise NotBegunError(
                "somebody else changed the secret since the preview; nothing was changed",
                why=["the current or the pending version is another"],
                fix=f"look again: {self.watch}",
            )
        self.so_far = {"version": self._version}
        if not self._stored:
            self._store()
            tell(f"stored as version {self._version}; not in use yet")
        in_use = self._in_use(state)
        state = self._promote(tell)
        # A run that broke off may have stored it long ago; tasks from before this have the old one.
        since = state.since if in_use and not state.labelled_twice else state.last_changed
        self._take_label_away(state)
        patience = Patience(tell, goes_on=self.without_you, watch=self.watch)
        if self._wanted.exposed:
            self._look_up(tell, patience)
        # Nobody runs with a value from before the first one, and nothing restarts for it.
        if since and state.previous:
            looks = self._time.looks(self._wanted.timeout_minutes * 60)
            self._consumers.wait(since, looks, tell, patience)

    def _store(self) -> None:
        with self.beginning():
            self._account.client("secretsmanager").put_secret_value(
                SecretId=f"{self._account.environment.name}/{self._wanted.secret}",
                ClientRequestToken=self._version,
                SecretString=self._value.text,
                VersionStages=[PENDING],
            )

    def _promote(self, tell: Callable[[str], None]) -> SecretState:
        """Make it the current version, unless it is; AWS lets the one before be the previous."""
        state = read_state(self._account, self._wanted.secret)
        if self._in_use(state):
            # AWS makes a secret's first version the current one by itself.
            self.begun = Begun.YES
            return state
        leaving = {"RemoveFromVersionId": state.current.id} if state.current else {}
        try:
            with self.beginning():
                self._account.client("secretsmanager").update_secret_version_stage(
                    SecretId=state.name,
                    VersionStage=CURRENT,
                    MoveToVersionId=self._version,
                    **leaving,
                )
        except ClientError as error:
            # Asked a second time, after an answer that was lost, there is nothing to remove.
            if is_denied(error):
                raise
            state = read_state(self._account, self._wanted.secret)
            if not self._in_use(state):
                raise
            self.begun = Begun.YES
        tell(f"version {self._version} is in use; the one before stays as the previous one")
        return read_state(self._account, self._wanted.secret)

    def _take_label_away(self, state: SecretState) -> None:
        if not state.labelled_twice:
            return
        try:
            self._account.client("secretsmanager").update_secret_version_stage(
                SecretId=state.name, VersionStage=PENDING, RemoveFromVersionId=self._version
            )
        except ClientError as error:
            after = read_state(self._account, self._wanted.secret)
            if is_denied(error) or after.labelled_twice:
                raise

    def _look_up(self, tell: Callable[[str], None], patience: Patience) -> None:
        """Ask who read it since the value of before was made."""
        state = self._state
        assert state is not None  # noqa: S101 - the preview answers for it
        exposed = state.previous if self._in_use(state) else state.current
        reads = SecretReads(self._account, self._wanted.secret, state.arn, self._time)
        made = exposed.created if exposed else None
        self.so_far = {**self.so_far, **reads.told(made, self._now(), tell, patience)}

    def _in_use(self, state: SecretState) -> bool:
        return state.current is not None and state.current.id == self._version

    def verify(self) -> Mapping[str, Any]:
        """Read that it is the current version, and nothing pending."""
        state = read_state(self._account, self._wanted.secret)
        if not self._in_use(state) or state.pending:
            raise OperationFailedError(
                f"version {self._version} is not the one in use",
                why=["somebody changed the secret meanwhile"],
                fix=f"look with: {self.watch}",
            )
        return {
            **{key: self.so_far[key] for key in ("read_by", "unseen") if key in self.so_far},
            "version": self._version,
            "consumers": list(self._consumers.services) or ["none"],
            "left to do": self._revoke,
        }
