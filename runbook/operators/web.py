"""The one door to what is not AWS: GET over HTTPS, short, and never in the way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

_TIMEOUT = urllib3.Timeout(connect=3, read=5)
_LONGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the JSON if it was any; ``why`` when nothing came."""

    status: int = 0
    content: Any = None
    why: str = ""


class Web:
    """Asks, once each time: who watches asks again anyway. Redirections are not followed."""

    def __init__(self, ca_certificates: str | None = None) -> None:
        self._pool = urllib3.PoolManager(ca_certs=ca_certificates, timeout=_TIMEOUT)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask; an error becomes ``why``, which repeats no header."""
        try:
            with self._pool.request(
                "GET",
                url,
                headers=dict(headers or {}),
                retries=False,
                redirect=False,
                preload_content=False,
            ) as answer:
                content = answer.read(_LONGEST_BYTES)
                status = int(answer.status)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return Answer(why=f"{type(error).__name__}: {error}")
        try:
            return Answer(status, json.loads(content))
        except ValueError:
            return Answer(status)
