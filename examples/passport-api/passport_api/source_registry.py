"""Adapter of the licence registry, the source that a verification relies on."""

from enum import StrEnum

import httpx2
from pydantic import BaseModel, ValidationError

from passport_api.settings import Settings


class LicenceState(StrEnum):
    """What the registry says of a licence."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    NOT_FOUND = "not_found"


class SourceAdapterError(Exception):
    """The registry gave no usable answer; `reason` is fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Answer(BaseModel):
    state: LicenceState


class SourceRegistry:
    """Asks the registry over HTTP, with a time-out and without following redirects."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.source_registry_url
        token = settings.mcp_outbound_token
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {token.get_secret_value()}"} if token else {},
            timeout=settings.source_timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        )

    async def licence_state(self, npi: str) -> LicenceState:
        """State of the licence of the holder of `npi`; raises ``SourceAdapterError``.

        The number travels in the body: URLs end up in other people's logs.
        """
        if self._url is None:
            raise SourceAdapterError("not_configured")
        try:
            response = await self._client.post(str(self._url), json={"npi": npi})
            response.raise_for_status()
            return _Answer.model_validate_json(response.content).state
        except httpx2.TimeoutException as error:
            raise SourceAdapterError("timeout") from error
        except httpx2.HTTPStatusError as error:
            raise SourceAdapterError(f"status_{error.response.status_code}") from error
        except httpx2.HTTPError as error:
            raise SourceAdapterError("unreachable") from error
        except ValidationError as error:
            raise SourceAdapterError("unreadable_answer") from error

    async def close(self) -> None:
        """Close the connections to the registry."""
        await self._client.aclose()
