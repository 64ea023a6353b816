"""`runbook rotate` of a secret that a function makes: at once, watched to the last new task."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from runbook.access.principals import Principals
from runbook.model.refusal import Refusal
from runbook.model.rotation import OVERLAPPING, overlap
from runbook.model.secret_ages import DUE_SOON
from runbook.operations.account import Account, is_denied
from runbook.operations.operation import (
    Begun,
    NotBegunError,
    Operation,
    OperationFailedError,
    UnwatchedError,
)
from runbook.operations.preview import Preview
from runbook.operations.waiting import REAL_TIME, Patience, Time
from runbook.operators.consumers import Consumers
from runbook.operators.exposure import (
    end_overlap,
    ends_overlap,
    let_overlap,
    locked_out,
    rotations_left,
)
from runbook.operators.rotation_wanted import Now, Wanted, changes, utc_now
from runbook.operators.secret_ages import percent
from runbook.operators.secret_reads import SecretReads
from runbook.operators.secret_state import NO_OVERLAP, SecretState, read_state

# The four steps take minutes; what takes longer failed, and Secrets Manager tries it again.
ROTATION_MINUTES = 15.0


class Rotate(Operation):
    """Let Secrets Manager rotate it, and see every consumer restarted (ROVN-SEC-3, ROVN-SEC-4)."""

    kind = "rotate"

    def __init__(
        self, account: Account, wanted: Wanted, *, time: Time = REAL_TIME, now: Now = utc_now
    ) -> None:
        self._account, self._wanted, self._time, self._now = account, wanted, time, now
        self._secret = account.environment.secrets[wanted.secret]
        self._consumers = Consumers(account, wanted.secret)
        self._state: SecretState | None = None
        self._exposed, self._left = wanted.exposed_version, 1
        self._made: list[str] = []
        name = account.environment.name
        self.title = f"rotation of {wanted.secret} in {name}"
        self.watch = f"runbook secrets {name}"
        self._name_the_way_on()

    def _name_the_way_on(self) -> None:
        """Write the command that goes on where this one stands, and what goes on by itself."""
        wanted, name = self._wanted, self._account.environment.name
        options = [
            *(["--now"] if wanted.now else []),
            *(["--suspected-exposure"] if wanted.exposed else []),
            *([f"--exposed-version {self._exposed}"] if self._exposed else []),
        ]
        self.command = " ".join([f"runbook rotate {name} --secret {wanted.secret}", *options])
        self.without_you = "The rotation and the restart after it go on without you."
        if wanted.exposed:
            self.without_you += f" The exposed value may work on; to end that: {self.command}."
            if ends_overlap(self._secret):
                self.without_you += f" Until then the label {NO_OVERLAP} stays on a version."

    def _remember(self, **told: object) -> None:
        """Keep what was done for the record, which has it however it ends."""
        self.so_far = {**self.so_far, **told}

    def preview(self) -> Preview:
        """Say how old it is, who restarts, and what of the old value still works."""
        state = read_state(self._account, self._wanted.secret)
        self._state = state
        name, days = self._account.environment.name, state.days(self._now())
        version = state.current.id if state.current else "none"
        if self._wanted.exposed:
            self._exposed = self._exposed or (state.current.id if state.current else "")
            self._left = rotations_left(self._secret, state, self._exposed)
            self._name_the_way_on()
            self._remember(exposed_version=self._exposed)
        before = {"version": version}
        if not (self._wanted.now or self._wanted.exposed or self._due(state)):
            left = f"{days:.0f} of {self._secret.rotation_days} days old" if days else "new"
            summary = f"{state.name} is {left}: it rotates by itself; --now rotates it all the same"
            return Preview(summary=summary, nothing_to_do=True, before=before, after=before)
        times = f", {self._left} times" if self._left > 1 else ""
        return Preview(
            summary=f"{self._wanted.secret} in {name}: a new value is made, tried and put to use"
            f"{times}",
            changes=changes(version, "a new version", self._consumers),
            refusals=list(self._refusals(state)),
            notes=list(self._notes(days)),
            before=before,
            after={"version": "a new one"},
        )

    def _due(self, state: SecretState) -> bool:
        return percent(self._secret, state, self._now()) >= DUE_SOON

    def _refusals(self, state: SecretState) -> Iterator[Refusal]:
        name = self._account.environment.name
        if not state.rotates:
            fix = f"make deploy ENV={name}, which turns it on"
            yield Refusal("rotation", f"rotation of {state.name} is off", fix)
        if self._wanted.exposed:
            return  # It waits for what is under way, and goes on from there.
        if state.pending:
            yield Refusal("rotation", f"{_under_way(state)}: {state.step}", self._read_the_log)
            return
        behind = self._consumers.behind(state.last_rotated) if state.last_rotated else {}
        for key, how in behind.items():
            yield Refusal(
                "restart",
                f"{key} has not restarted since the last rotation ({how.words}); the next one "
                "would lock those tasks out",
                f"wait for it, or: runbook restart {name} --service {key}",
            )
        until = self._overlap_end(state)
        if until and until > self._now():
            yield Refusal(
                "overlap",
                f"the previous value is taken until {until:%Y-%m-%d %H:%M} UTC; a rotation now "
                "locks out who holds it",
                "wait until then; --suspected-exposure does not",
            )

    def _overlap_end(self, state: SecretState) -> datetime | None:
        """Tell until when the previous value was promised to be taken."""
        hours = self._secret.overlap_hours
        overlapping = self._secret.mechanism in OVERLAPPING and state.previous and hours
        if not overlapping or state.last_rotated is None:
            return None
        return state.last_rotated.astimezone(UTC) + timedelta(hours=float(hours or 0))

    def _notes(self, days: float | None) -> Iterator[str]:
        age = "without a value" if days is None else f"{days:.0f} days old"
        plan = f"every {self._secret.rotation_days} days, {self._secret.mechanism}"
        yield f"It is {age}; plan: {plan}; owner: {self._secret.owner}."
        restarted = ", ".join(self._consumers.services) or "nobody; no task reads it"
        yield f"Who restarts: {restarted}."
        people = ", ".join(Principals(self._account.environment).break_glass)
        yield f"Who may: {people}."
        if not self._wanted.exposed:
            yield f"The old value: {overlap(self._secret).words}."
            return
        yield (
            f"Version {self._exposed} works nowhere after {_times(self._left)}, each with its "
            f"restart; then {locked_out(self._secret)}."
        )

    def execute(self, tell: Callable[[str], None]) -> None:
        """Rotate, and wait until every consumer runs with the new value; as often as needed."""
        assert self._state is not None  # noqa: S101 - the preview answers for it
        patience = Patience(tell, goes_on=self.without_you, watch=self.watch)
        self._end_overlap(tell)
        while self._left:
            state = read_state(self._account, self._wanted.secret)
            if self._wanted.exposed:
                # One that was under way may have ended meanwhile.
                self._left = min(self._left, rotations_left(self._secret, state, self._exposed))
            else:
                self._must_be_as_shown(state)
            if not self._left:
                break
            self._restarted(state, tell, patience)
            joined = state.pending is not None
            self._rotate(state, tell)
            if self._wanted.exposed and "read_by" not in self.so_far:
                self._look_up(tell, patience)
            self._promoted(tell, patience)
            # One that had begun before may have kept what is to be dropped: its labels tell.
            self._left -= 0 if joined else 1
            if self._left:
                tell(f"version {self._exposed} is still taken: {self._left} more to go")
        if self._wanted.exposed and "read_by" not in self.so_far:
            self._look_up(tell, patience)
        self._restarted(read_state(self._account, self._wanted.secret), tell, patience)
        self._let_overlap(tell)

    def _end_overlap(self, tell: Callable[[str], None]) -> None:
        """After an exposure of keys, keep none that was retired; before any rotation begins."""
        if not (self._wanted.exposed and self._left and ends_overlap(self._secret)):
            return
        with self.beginning():
            end_overlap(self._account, read_state(self._account, self._wanted.secret))
        tell(f"label {NO_OVERLAP}: rotations keep no retired key from now on")

    def _let_overlap(self, tell: Callable[[str], None]) -> None:
        """Take the label away again; also one that a run left behind which broke off."""
        state = read_state(self._account, self._wanted.secret)
        if self._wanted.exposed and state.no_overlap:
            with self.beginning():
                let_overlap(self._account, state)
            tell(f"label {NO_OVERLAP} is gone: the next rotation overlaps again")

    def _must_be_as_shown(self, state: SecretState) -> None:
        shown = self._state
        assert shown is not None  # noqa: S101 - the preview answers for it
        if (state.current, state.pending) != (shown.current, shown.pending):
            raise NotBegunError(
                "somebody else began or ended a rotation since the preview; nothing was changed",
                why=[_under_way(state) if state.pending else "the current version is another"],
                fix=f"look again: {self.watch}",
            )

    def _rotate(self, state: SecretState, tell: Callable[[str], None]) -> None:
        """Begin one, or join the one that is under way."""
        if state.pending:
            self._keep(state.pending.id)
            self.begun = Begun.YES
            tell(f"{_under_way(state)}: waiting for its end")
            return
        token = str(uuid.uuid4())
        try:
            with self.beginning():
                self._account.client("secretsmanager").rotate_secret(
                    SecretId=state.name, ClientRequestToken=token
                )
        except ClientError as error:
            # Asked a second time, after an answer that was lost, it says that one is under way.
            if is_denied(error) or not self._has(token):
                raise
            self.begun = Begun.YES
        self._keep(token)
        tell(f"Secrets Manager rotates it: version {token}")

    def _keep(self, version: str) -> None:
        self._made.append(version)
        self._remember(rotations=list(self._made))

    def _has(self, version: str) -> bool:
        state = read_state(self._account, self._wanted.secret)
        return version in {found.id for found in (state.current, state.pending) if found}

    def _promoted(self, tell: Callable[[str], None], patience: Patience) -> None:
        """Wait until the new version is the current one."""
        token, at = self._made[-1], ""
        for _ in self._time.looks(ROTATION_MINUTES * 60):
            state = patience.ask(lambda: read_state(self._account, self._wanted.secret))
            if state is None:
                continue
            if state.current and state.current.id == token and not state.pending:
                tell(f"version {token} is in use")
                return
            if state.step != at:
                at = state.step
                tell(at)
        raise UnwatchedError(
            f"version {token} is not in use after {ROTATION_MINUTES:.0f} minutes",
            why=[at or "Secrets Manager did not answer", "the value of before works on"],
            fix=self._read_the_log,
        )

    def _restarted(
        self, state: SecretState, tell: Callable[[str], None], patience: Patience
    ) -> None:
        if state.last_rotated:
            looks = self._time.looks(self._wanted.timeout_minutes * 60)
            self._consumers.wait(state.last_rotated, looks, tell, patience)

    def _look_up(self, tell: Callable[[str], None], patience: Patience) -> None:
        """Ask who read it since the exposed version was made."""
        state = self._state
        assert state is not None  # noqa: S101 - the preview answers for it
        labelled = [version for version in (state.current, state.previous) if version]
        made = next((v.created for v in labelled if v.id == self._exposed), None)
        reads = SecretReads(self._account, self._wanted.secret, state.arn, self._time)
        self._remember(**reads.told(made, self._now(), tell, patience))

    @property
    def _read_the_log(self) -> str:
        group = f"/{self._account.environment.name}/rotation/{self._wanted.secret}"
        log = f"aws logs tail {group} --since 1h"
        return f"Secrets Manager tries again by itself; its function says why: {log}"

    def verify(self) -> Mapping[str, Any]:
        """Read that the last version is in use, and nothing pending."""
        state = read_state(self._account, self._wanted.secret)
        made = self._made[-1:]
        if state.pending or (made and (state.current is None or state.current.id != made[0])):
            raise OperationFailedError(
                f"version {made[0] if made else '?'} is not the one in use",
                why=["somebody rotated or changed the secret meanwhile"],
                fix=f"look with: {self.watch}",
            )
        return {
            **{key: self.so_far[key] for key in ("read_by", "unseen") if key in self.so_far},
            "version": state.current.id if state.current else "none",
            "consumers": list(self._consumers.services) or ["none"],
        }


def _times(rotations: int) -> str:
    return f"{rotations} rotation{'s' if rotations != 1 else ''}"


def _under_way(state: SecretState) -> str:
    return f"a rotation of {state.name} is under way, or failed"
