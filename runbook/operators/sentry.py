"""Sentry's error rate: told where it can be, and never in the way of a rollback (R5.6)."""

import math
import time
from collections.abc import Callable
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, code_of
from runbook.operators.web import Answer, Web

_BACK_SECONDS = 600
# Sentry counts in steps, told by their begin; a watch begins with the step that it falls into.
_STEP_SECONDS = 10


class Sentry:
    """Events received by the service's project, a minute; the token is one secret's value."""

    def __init__(
        self, account: Account, service: str, web: Web, now: Callable[[], float] = time.time
    ) -> None:
        self._account, self._web, self._now = account, web, now
        self._settings = account.environment.services[service].sentry
        self._token, self._why = "", ""
        self._begun = 0.0

    def begin(self) -> None:
        """Fetch the token, once; without it the reason is told each time."""
        self._begun = self._now() // _STEP_SECONDS * _STEP_SECONDS
        if self._settings is None:
            self._why = "not configured"
            return
        try:
            with self._account.letting_read(self._settings.token_secret) as name:
                told = self._account.client("secretsmanager").get_secret_value(SecretId=name)
        except (ClientError, BotoCoreError) as error:
            # Never the error's own words: the answer to this call would be a secret.
            self._why = f"its token cannot be read: {code_of(error) or type(error).__name__}"
            return
        # Whoever stored it with an editor stored the end of the line, too.
        self._token = str(told.get("SecretString", "")).strip()
        if not (self._token.isascii() and self._token.isprintable() and self._token):
            self._why, self._token = (
                "its token cannot be used: the secret holds no line of text",
                "",
            )

    def rate(self) -> str:
        """Say events a minute since the watch began, and in the ten minutes before."""
        if self._why or self._settings is None:
            return self._why
        settings, until = self._settings, self._now()
        answer = self._web.get(
            f"{settings.url}/api/0/projects/{quote(settings.organisation)}/"
            f"{quote(settings.project)}/stats/?stat=received&resolution={_STEP_SECONDS}s"
            f"&since={self._begun - _BACK_SECONDS:.0f}&until={until:.0f}",
            {"Authorization": f"Bearer {self._token}"},
        )
        points = _points(answer)
        if points is None:
            return f"cannot be asked: {answer.why or f'it answers {answer.status}'}"
        before = sum(count for moment, count in points if moment < self._begun)
        after = sum(count for moment, count in points if moment >= self._begun)
        minutes = max(until - self._begun, _STEP_SECONDS) / 60
        return f"{after / minutes:.1f} events a minute, {before / (_BACK_SECONDS / 60):.1f} before"


def _points(answer: Answer) -> list[tuple[float, float]] | None:
    if answer.status != 200 or not isinstance(answer.content, list):
        return None
    try:
        points = [(float(moment), float(count)) for moment, count in answer.content]
    except (OverflowError, TypeError, ValueError):
        return None
    return points if all(math.isfinite(count) for _, count in points) else None
