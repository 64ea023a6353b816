"""Who hears alarms in a rehearsal: a server on loopback that plays the pager and Slack's channels.

What a deployed topic sends the pager's host is posted there under the path of the pager's address;
what it sends Amazon Q Developer in chat applications, under `/slack/` and the channel's id, once
for each channel that is configured for the topic. The server is the rehearsal's
(`sandbox/rehearsal/subscribers.py`). So is the clock by which alarms are muted: a file with a time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.emulator.services import chatbot
from sandbox.emulator.services.cloudwatch_mutes import MUTES
from sandbox.emulator.services.sns_subscriptions import HEARERS
from sandbox.supplied import HOST

PATIENCE_SECONDS = 10


def install(settings: RehearsalSettings) -> None:
    """Hand on what is sent to subscribers, if somebody plays them, and take the time from them."""
    if settings.subscribers:
        HEARERS.append(_Hearer(settings.subscribers).hear)
    if settings.clock:
        MUTES.now = _Clock(Path(settings.clock)).now


class _Hearer:
    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def hear(self, endpoint: str, payload: str) -> bool:
        """Post it to the server; raises what the network raises, as where nobody answers."""
        where = urlsplit(endpoint)
        if where.hostname == HOST:
            paths = [where.path]
        elif endpoint == chatbot.ENDPOINT:
            channels = chatbot.listening(chatbot.topic_of(payload))
            paths = [f"/slack/{channel}" for channel in channels]
        else:
            return False
        for path in paths:
            request = Request(f"{self.base}{path}", payload.encode(), method="POST")  # noqa: S310 - loopback
            urlopen(request, timeout=PATIENCE_SECONDS).close()  # noqa: S310 - loopback
        return True


class _Clock:
    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> datetime:
        """Return the time that the file says, else this machine's."""
        try:
            return datetime.fromisoformat(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            return datetime.now(UTC)
