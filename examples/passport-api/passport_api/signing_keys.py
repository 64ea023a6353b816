"""Signs and verifies JSON Web Tokens with keys that roll (ES256).

The document comes from Secrets Manager, where a rotation moves every key on by one role: `next` is
published and signs nothing yet, `current` signs, `previous` is taken until its overlap has ended.
Tasks with neighbouring documents therefore take each other's tokens, whichever was started first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

_ALGORITHM = "ES256"


class UnusableKeysError(ValueError):
    """The document has no keys to work with; says why without any value of it."""


class InvalidTokenError(Exception):
    """Not signed by one of the keys, not of the wanted type, or not valid any more."""


class _Jwk(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str


class _Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    role: Literal["previous", "current", "next"]
    kid: Annotated[str, Field(min_length=1)]
    created: AwareDatetime
    retired: AwareDatetime | None = None
    public: _Jwk
    private: Annotated[Base64Bytes | None, Field(repr=False)] = None


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    overlap_hours: Annotated[int, Field(ge=1, strict=True)] = 1
    keys: tuple[_Key, ...]


@dataclass(frozen=True, kw_only=True)
class _Verifier:
    """A public key, and until when it is taken, if that is known."""

    public: EllipticCurvePublicKey
    jwk: Mapping[str, str]
    until: datetime | None

    def is_taken(self, now: datetime) -> bool:
        return self.until is None or now < self.until


class SigningKeys:
    """The keys of one document; `overlap` is how long what a key signed is taken after it."""

    def __init__(self, document: str) -> None:
        """Read the document; raises ``UnusableKeysError``."""
        read = _read(document)
        self.overlap = timedelta(hours=read.overlap_hours)
        self._verifiers = {key.kid: self._verifier(key) for key in read.keys}
        [current] = [key for key in read.keys if key.role == "current"]
        self._kid, self._private = current.kid, _private(current)
        if self._private.public_key() != self._verifiers[self._kid].public:
            raise UnusableKeysError("the halves of the current signing key do not belong together")

    def sign(self, claims: Mapping[str, Any], *, kind: str, life: timedelta, now: datetime) -> str:
        """Make a token of the type `kind`, valid for `life` and for half the overlap at most.

        The other half is for the restart after a rotation, in which old tasks still sign.
        """
        times = {"iat": int(now.timestamp())}
        times["exp"] = times["iat"] + int(min(life, self.overlap / 2).total_seconds())
        headers = {"kid": self._kid, "typ": kind}
        return jwt.encode({**claims, **times}, self._private, _ALGORITHM, headers=headers)

    def verify(self, token: str, *, kind: str, now: datetime) -> dict[str, Any]:
        """Give the claims of a token of the type `kind`; raises ``InvalidTokenError``."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._verifiers[header["kid"]]
            # Expiry is judged below, by the clock that judges the keys, too.
            claims: dict[str, Any] = jwt.decode(
                token,
                key.public,
                algorithms=[_ALGORITHM],
                options={"require": ["exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
            expires = datetime.fromtimestamp(claims["exp"], UTC)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidTokenError from error
        if header.get("typ") != kind or not key.is_taken(now) or now >= expires:
            raise InvalidTokenError
        return claims

    def published(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """Give the JSON Web Key Set of all that may have signed, or will (RFC 7517)."""
        taken = {kid: key for kid, key in self._verifiers.items() if key.is_taken(now)}
        return {
            "keys": [
                {**key.jwk, "kid": kid, "use": "sig", "alg": _ALGORITHM}
                for kid, key in taken.items()
            ]
        }

    def _verifier(self, key: _Key) -> _Verifier:
        jwk = key.public.model_dump()
        try:
            public = jwt.PyJWK({**jwk, "alg": _ALGORITHM}).key
        except (jwt.PyJWTError, ValueError):
            raise UnusableKeysError("a public signing key is no point of P-256") from None
        until = key.retired + self.overlap if key.role == "previous" and key.retired else None
        return _Verifier(public=public, jwk=jwk, until=until)


def _read(document: str) -> _Document:
    try:
        read = _Document.model_validate_json(document)
    except ValidationError:
        raise UnusableKeysError("is no document of signing keys") from None
    if not read.keys:
        raise UnusableKeysError("has no keys yet: the first rotation of the secret makes them")
    roles = [key.role for key in read.keys]
    if roles.count("current") != 1 or len({key.kid for key in read.keys}) != len(read.keys):
        raise UnusableKeysError("has not exactly one current key, or a key twice")
    if any((key.role == "previous") is (key.retired is None) for key in read.keys):
        raise UnusableKeysError("has a previous key that does not say when it was retired")
    return read


def _private(key: _Key) -> EllipticCurvePrivateKey:
    try:
        private = load_der_private_key(key.private or b"", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, EllipticCurvePrivateKey) or private.curve.name != SECP256R1.name:
        raise UnusableKeysError("the current signing key has no private half of P-256")
    return private
