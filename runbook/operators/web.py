"""The one door to what is not AWS: GET over HTTPS, short, and never in the way."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any

import urllib3

_TIMEOUT = urllib3.Timeout(connect=3, read=5)
# Of one question, names and all: a server that drips a byte a second would hold up for hours.
_PATIENCE_SECONDS = 10.0
_LONGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the JSON if it was any; ``why`` when nothing came."""

    status: int = 0
    content: Any = None
    why: str = ""


class Web:
    """Asks, once each time: who watches asks again anyway. Redirections are not followed."""

    def __init__(
        self, ca_certificates: str | None = None, patience_seconds: float = _PATIENCE_SECONDS
    ) -> None:
        self._pool = urllib3.PoolManager(ca_certs=ca_certificates, timeout=_TIMEOUT)
        self._patience = patience_seconds

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask; an error becomes ``why``, which repeats no header and has nothing of the moment."""
        return _in_time(lambda: self._asked(url, dict(headers or {})), self._patience)

    def status(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask for the status alone: the body is not read."""
        asked = partial(self._asked, url, dict(headers), body=False)
        return _in_time(asked, self._patience)

    def _asked(self, url: str, headers: dict[str, str], *, body: bool = True) -> Answer:
        try:
            with self._pool.request(
                "GET",
                url,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            ) as answer:
                content = answer.read(_LONGEST_BYTES + 1) if body else b""
                status = int(answer.status)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            # What comes before names an object by its address in memory, another each time.
            return Answer(why=f"{type(error).__name__}: {str(error).rpartition('>: ')[2]}")
        except ValueError as error:
            # Python repeats a header that it cannot send: that is the token.
            return Answer(why=f"{type(error).__name__}: the question cannot be sent as it is")
        return _answer(status, content)


def _answer(status: int, content: bytes) -> Answer:
    if len(content) > _LONGEST_BYTES:
        return Answer(status)
    try:
        return Answer(status, json.loads(content))
    except (ValueError, RecursionError):
        return Answer(status)


def _in_time(ask: Callable[[], Answer], seconds: float) -> Answer:
    """Ask on a thread of its own, which nobody waits for after that time."""
    found: list[Answer] = []
    thread = Thread(target=lambda: found.append(ask()), daemon=True)
    thread.start()
    thread.join(seconds)
    return next(iter(found), Answer(why=f"no whole answer in {seconds:g} s"))
