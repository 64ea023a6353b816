"""Ten minutes after a rollback: alarms, Sentry, and /health from the new tasks (ROVN-RB-1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, words
from runbook.operations.waiting import REAL_TIME, Tell, Time
from runbook.operators.alarms import alarm_states
from runbook.operators.sentry import Sentry
from runbook.operators.web import Web

_POLL_SECONDS = 15.0
# As long as an image's tag. What else stands there is a stranger's text, which nobody repeats.
_VERSION = re.compile(r"[\w.-]{1,128}", re.ASCII)


@dataclass
class WatchWindow:
    """Watches and tells each change; nothing that it cannot see stops the rollback (R5.6)."""

    account: Account
    service: str
    web: Web
    sentry: Sentry
    time: Time = REAL_TIME
    # As last seen; None before the first look. ``_unseen`` says why the last look saw none.
    _alarms: dict[str, str] | None = None
    _unseen: str = ""
    _health: str = "never asked"
    _sentry: str = "never asked"
    _asks_sentry: bool = False
    healthy: bool = False

    @property
    def summary(self) -> Mapping[str, Any]:
        """Say how it stood at the end."""
        return {"health": self._health, "alarms": self._rings(), "sentry": self._sentry}

    def watch(self, tag: str, minutes: float, note: Tell) -> None:
        """Look every quarter of a minute; ``tag`` is the version that /health must say."""
        note(f"watching alarms, Sentry and /health for {minutes:g} minutes")
        for _ in self.time.looks(minutes * 60, every=_POLL_SECONDS):
            self.look(tag, note)

    def look(self, tag: str, note: Tell) -> None:
        """Look once, and tell what is another than at the look before."""
        if not self._asks_sentry:
            self.sentry.begin()
            self._asks_sentry = True
        self._look_at_health(tag, note)
        self._look_at_alarms(note)
        self._look_at_sentry(note)

    def _rings(self) -> str:
        if self._unseen:
            return self._unseen
        states = self._alarms or {}
        rings = sorted(name for name, state in states.items() if state == "ALARM")
        if rings:
            return f"{len(rings)} ring: {', '.join(rings)}"
        return f"{len(states)} watched, none rings"

    def _look_at_alarms(self, note: Tell) -> None:
        prefix = f"{self.account.environment.slug}-"
        try:
            found = alarm_states(self.account, AlarmNamePrefix=prefix)
        except (ClientError, BotoCoreError) as error:
            unseen = f"not seen: {words(error)}"
            if unseen != self._unseen:
                note(f"alarms are {unseen}")
            self._unseen = unseen
            return
        self._unseen = ""
        for name, state in found.items():
            before = (self._alarms or {}).get(name)
            if before is None and state == "ALARM":
                # Nobody saw it begin: it may be what the rollback is for.
                note(f"alarm {name}: ALARM when first looked at")
            elif before not in (None, state) and "ALARM" in (state, before):
                note(f"alarm {name}: {before} -> {state}")
        self._alarms = found

    def _look_at_sentry(self, note: Tell) -> None:
        said = self.sentry.rate()
        if said != self._sentry:
            note(f"Sentry: {said}")
            self._sentry = said

    def _look_at_health(self, tag: str, note: Tell) -> None:
        hostname = self.account.environment.services[self.service].ingress.hostname
        path = self.account.environment.services[self.service].health_path
        answer = self.web.get(f"https://{hostname}{path}")
        told = answer.content.get("version") if isinstance(answer.content, dict) else None
        version = told if isinstance(told, str) and _VERSION.fullmatch(told) else "(none said)"
        self.healthy = answer.status == 200 and version == tag
        if self.healthy:
            said = f"200 from {tag}"
        elif answer.why:
            said = f"not confirmed: {answer.why}"
        else:
            said = f"not confirmed: {answer.status} from version {version}"
        if said != self._health:
            note(f"/health: {said}")
            self._health = said
