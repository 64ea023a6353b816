"""Adapter of the identity provider, which says who signs in."""

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from passport_api.settings import Settings

# RFC 6749, 5.2: the one error that is the code's. That the key, the client or the request is not
# taken is ours to mend, and nobody gets in meanwhile.
_BAD_REQUEST, _INVALID_GRANT = 400, "invalid_grant"


class IdentityProviderError(Exception):
    """The provider gave no usable answer; `reason` is fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CodeRefusedError(Exception):
    """The provider answered, and does not take the code: it is wrong, used or too old."""


class _Identity(BaseModel):
    model_config = ConfigDict(extra="ignore")

    organization_id: str = Field(min_length=1, max_length=64)


class _Refusal(BaseModel):
    model_config = ConfigDict(extra="ignore")

    error: str


class IdentityProvider:
    """Exchanges codes over HTTP, with a time-out and without following redirects."""

    def __init__(self, settings: Settings) -> None:
        self._url, key = settings.identity_provider_url, settings.workos_api_key
        self._secret = key.get_secret_value() if key else ""
        self._client_id = settings.identity_provider_client_id
        self._client = httpx2.AsyncClient(
            timeout=settings.source_timeout_seconds, follow_redirects=False, trust_env=False
        )

    async def organisation(self, code: str) -> str:
        """Give the organisation of whoever was given `code`.

        Raises ``CodeRefusedError``, and ``IdentityProviderError`` when the provider is down or
        refuses the service itself, as it does with a key that was revoked.
        """
        if self._url is None:
            raise IdentityProviderError("not_configured")
        asked = {
            "client_id": self._client_id,
            "client_secret": self._secret,
            "grant_type": "authorization_code",
            "code": code,
        }
        try:
            response = await self._client.post(str(self._url), json=asked)
            if _refuses_code(response):
                raise CodeRefusedError
            response.raise_for_status()
            return _Identity.model_validate_json(response.content).organization_id
        except httpx2.TimeoutException as error:
            raise IdentityProviderError("timeout") from error
        except httpx2.HTTPStatusError as error:
            raise IdentityProviderError(f"status_{error.response.status_code}") from error
        except httpx2.HTTPError as error:
            raise IdentityProviderError("unreachable") from error
        except ValidationError as error:
            raise IdentityProviderError("unreadable_answer") from error

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._client.aclose()


def _refuses_code(response: httpx2.Response) -> bool:
    if response.status_code != _BAD_REQUEST:
        return False
    try:
        return _Refusal.model_validate_json(response.content).error == _INVALID_GRANT
    except ValidationError:
        return False
