"""Signing keys of one's own; in an account KMS makes them and a rotation rolls them."""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def first_document(now: datetime, *, overlap_hours: int = 24) -> str:
    """Make a document as the first rotation makes it: a key that signs, and the next one."""
    keys = [key("current", now), key("next", now)]
    return json.dumps({"overlap_hours": overlap_hours, "keys": keys})


def key(role: str, now: datetime) -> dict[str, Any]:
    """Make one key of a document, its private half included."""
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_numbers()
    public = {
        "crv": "P-256",
        "kty": "EC",
        "x": _base64url(point.x.to_bytes(32, "big")),
        "y": _base64url(point.y.to_bytes(32, "big")),
    }
    # In this order and without blanks it is what RFC 7638 names a key by.
    spelled = json.dumps(public, separators=(",", ":")).encode()
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "role": role,
        "kid": _base64url(hashlib.sha256(spelled).digest()),
        "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "public": public,
        "private": base64.b64encode(der).decode(),
    }


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
