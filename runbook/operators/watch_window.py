"""Ten minutes after a rollback: alarms, Sentry, and /health from the new tasks (ROVN-RB-1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    _alarms: dict[str, str] = field(default_factory=dict)
    _health: str = "never asked"
    _sentry: str = "never asked"
    healthy: bool = False

    @property
    def summary(self) -> Mapping[str, Any]:
        """Say how it stood at the end."""
        rings = sorted(name for name, state in self._alarms.items() if state == "ALARM")
        return {
            "health": self._health,
            "alarms": f"{len(rings)} ring: {', '.join(rings)}" if rings else self._quiet(),
            "sentry": self._sentry,
        }

    def watch(self, tag: str, minutes: float, note: Tell) -> None:
        """Look every quarter of a minute; ``tag`` is the version that /health must say."""
        note(f"watching alarms, Sentry and /health for {minutes:g} minutes")
        self.sentry.begin()
        for _ in self.time.looks(minutes * 60, every=_POLL_SECONDS):
            self._look_at_alarms(note)
            self._look_at_sentry(note)
            self._look_at_health(tag, note)

    def _quiet(self) -> str:
        if "" in self._alarms:
            return self._alarms[""]
        return f"{len(self._alarms)} watched, none rings"

    def _look_at_alarms(self, note: Tell) -> None:
        prefix = f"{self.account.environment.slug}-"
        try:
            found = alarm_states(self.account, AlarmNamePrefix=prefix)
        except (ClientError, BotoCoreError) as error:
            found = {"": f"not seen: {words(error)}"}
        for name, state in found.items():
            before = self._alarms.get(name, "OK")
            if state != before and (name == "" or "ALARM" in (state, before)):
                note(f"alarm {name}: {before} -> {state}" if name else f"alarms are {state}")
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
