"""Asks a language model, by two routes: Anthropic first, Bedrock where that fails (playbook 5.3).

A prompt is made of words of the service's own, so no PHI goes out; answers are not logged.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import boto3
import httpx2
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from passport_api.events import Event, log_event
from passport_api.settings import Settings

_VERSION_OF_ANTHROPIC = "2023-06-01"
_MOST_TOKENS = 300
PRIMARY, FALLBACK = "primary", "fallback"


class AiUnavailableError(Exception):
    """No route gave an answer; the caller asks again later."""


class _RouteError(Exception):
    """One route gave none; `reason` is fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """What the model said, and the tokens that its provider counts, question included."""

    text: str
    tokens: int


class _Text(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")

    content: list[_Text] = Field(min_length=1)
    usage: _Usage


class AiGateway:
    """Both routes, each asked once a call: a model that is slow twice is slow for nobody's good."""

    def __init__(self, settings: Settings) -> None:
        key = settings.anthropic_api_key
        self._url, self._model = str(settings.anthropic_url), settings.ai_model
        self._is_open = key is not None
        self._anthropic = httpx2.AsyncClient(
            headers={"x-api-key": key.get_secret_value()} if key else {},
            timeout=settings.ai_timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        )
        self._fallback_model = settings.ai_fallback_model
        self._bedrock = _bedrock(settings) if settings.ai_fallback_model else None

    async def ask(self, prompt: str) -> Answer:
        """Give the answer of the first route that has one; raises ``AiUnavailableError``."""
        log_event(Event.AI_EXECUTOR_CALLED, "a model is asked")
        try:
            return _counted(await self._by_anthropic(prompt), PRIMARY)
        except _RouteError as error:
            _log_failure(PRIMARY, error)
        try:
            answer = await self._by_bedrock(prompt)
        except _RouteError as error:
            _log_failure(FALLBACK, error)
            log_event(Event.AI_EXECUTOR_FAILED, "no route to a model", level=logging.ERROR)
            raise AiUnavailableError from error
        log_event(Event.AI_FALLBACK_USED, "the fallback answered", level=logging.WARNING)
        return _counted(answer, FALLBACK)

    async def _by_anthropic(self, prompt: str) -> Answer:
        if not self._is_open:
            raise _RouteError("not_configured")
        try:
            response = await self._anthropic.post(
                self._url,
                headers={"anthropic-version": _VERSION_OF_ANTHROPIC},
                json={
                    "model": self._model,
                    "max_tokens": _MOST_TOKENS,
                    "messages": [{"role": "user", "content": prompt}],
                },
            )
            response.raise_for_status()
            said = _Said.model_validate_json(response.content)
        except httpx2.TimeoutException as error:
            raise _RouteError("timeout") from error
        except httpx2.HTTPStatusError as error:
            raise _RouteError(f"status_{error.response.status_code}") from error
        except httpx2.HTTPError as error:
            raise _RouteError("unreachable") from error
        except ValidationError as error:
            raise _RouteError("unreadable_answer") from error
        return Answer(said.content[0].text, said.usage.input_tokens + said.usage.output_tokens)

    async def _by_bedrock(self, prompt: str) -> Answer:
        if self._bedrock is None:
            raise _RouteError("not_configured")
        try:
            said = await asyncio.to_thread(
                self._bedrock.converse,
                modelId=self._fallback_model,
                messages=[{"role": "user", "content": [{"text": prompt}]}],
                inferenceConfig={"maxTokens": _MOST_TOKENS},
            )
            text = str(said["output"]["message"]["content"][0]["text"])
            return Answer(text, int(said["usage"]["totalTokens"]))
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            raise _RouteError(f"status_{status}") from error
        except BotoCoreError as error:
            raise _RouteError(type(error).__name__) from error
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise _RouteError("unreadable_answer") from error

    async def close(self) -> None:
        """Close the connections of both routes."""
        await self._anthropic.aclose()
        if self._bedrock is not None:
            self._bedrock.close()


def _bedrock(settings: Settings) -> Any:  # noqa: ANN401 - the client is made from AWS's model
    """Make a client that acts as the task's role, by the endpoint in the network."""
    seconds = settings.ai_timeout_seconds
    once = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    url = settings.ai_fallback_url
    return boto3.client(
        "bedrock-runtime",
        region_name=settings.ai_fallback_region,
        endpoint_url=str(url) if url else None,
        config=once,
    )


def _counted(answer: Answer, route: str) -> Answer:
    """Write the event that tokens are counted by, for the tenant of the request."""
    log_event(Event.AI_TOKENS, "a model answered", tokens=answer.tokens, route=route)
    return answer


def _log_failure(route: str, error: _RouteError) -> None:
    log_event(
        Event.AI_ROUTE_FAILED,
        "a route to a model gave no answer",
        level=logging.WARNING,
        route=route,
        reason=error.reason,
    )
