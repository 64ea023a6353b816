"""The document of signing keys that Secrets Manager keeps, and its consumers read at their start.

``{"overlap_hours": 24, "keys": [...]}``; a key is ``{"role", "kid", "created", "public"}``, with
``private`` (PKCS #8, DER, base64) while it signs or will, and ``retired`` once it does no more.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from . import moments, p256

Role = Literal["current", "next", "previous"]
_MEMBERS = {
    "current": {"role", "kid", "created", "public", "private"},
    "next": {"role", "kid", "created", "public", "private"},
    "previous": {"role", "kid", "created", "public", "retired"},
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Key:
    """One key pair. ``public`` is a JSON Web Key; times are ISO 8601 in UTC."""

    role: Role
    kid: str
    created: str
    public: Mapping[str, str]
    private: str | None = None
    retired: str | None = None


def written(keys: Sequence[Key], overlap_hours: int) -> str:
    """Write the document; what a key does not have is left out."""
    members = [
        {name: value for name, value in asdict(key).items() if value is not None} for key in keys
    ]
    return json.dumps({"overlap_hours": overlap_hours, "keys": members})


def read(value: str, what: str) -> tuple[Key, ...]:
    """Read the keys of a document; none, when ``keys`` is empty, as before the first rotation.

    Raises ValueError, which says ``what`` and nothing of the value, for anything else than one
    current, one next and any number of previous keys, each with its own name, and each private
    half belonging to its public one.
    """
    try:
        document = json.loads(value)
    except ValueError:
        # Its error has the value.
        document = None
    document = document if isinstance(document, dict) else {}
    found = document.get("keys")
    if not isinstance(found, list):
        raise ValueError(f"{what} is no document of signing keys")  # noqa: TRY004 - of the value
    if not found:
        return ()
    hours = document.get("overlap_hours")
    if type(hours) is not int or hours < 1:
        raise ValueError(f"{what} does not say how many hours its keys overlap")
    keys = tuple(_key(each, what) for each in found)
    roles = [key.role for key in keys]
    if roles.count("current") != 1 or roles.count("next") != 1:
        raise ValueError(f"{what} has not one current key and one next key")
    if len({key.kid for key in keys}) != len(keys):
        raise ValueError(f"{what} has a key twice")
    return keys


def only(keys: Sequence[Key], role: Role) -> Key:
    """Take the one key that has ``role``."""
    [key] = [key for key in keys if key.role == role]
    return key


def _key(found: Any, what: str) -> Key:  # noqa: ANN401 - JSON is any value
    members = _MEMBERS.get(str(found.get("role"))) if isinstance(found, dict) else None
    if members is None or found.keys() != members:
        raise ValueError(f"{what} has a key with other members than its role wants")
    try:
        belongs = _is_whole(found)
    except (AttributeError, KeyError, TypeError, ValueError):
        belongs = False
    if not belongs:
        raise ValueError(f"{what} has a key whose parts do not belong together")
    for name in members & {"created", "retired"}:
        moments.read(found[name], f"{name} of a key of {what}")
    return Key(**found)


def _is_whole(found: Mapping[str, Any]) -> bool:
    """Whether the name is the public half's own, and the private half its other half."""
    public = found["public"]
    if not p256.is_public(public) or found["kid"] != p256.thumbprint(public):
        return False
    if "private" not in found:
        return True
    return p256.belongs_to(public, base64.b64decode(found["private"], validate=True))
