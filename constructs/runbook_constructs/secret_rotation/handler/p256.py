"""Key pairs on the curve P-256 as KMS hands them out, in the standard library alone.

No signature is made here: a signature under a private key verifies under a public one exactly when
the public point is the private number times the curve's generator, and that is what is compared.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache

Point = tuple[int, int]

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_BYTES = 32
# SubjectPublicKeyInfo of an uncompressed point: all but its 64 bytes. Inside is the algorithm.
_BEFORE_POINT = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_ALGORITHM = _BEFORE_POINT[4:23]
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


def jwk_of(public_key: bytes) -> dict[str, str]:
    """Write a DER SubjectPublicKeyInfo as a JSON Web Key (RFC 7518, 6.2.1).

    Raises ValueError when it is none of P-256.
    """
    if len(public_key) != len(_BEFORE_POINT) + 2 * _BYTES or public_key[:27] != _BEFORE_POINT:
        raise ValueError("the public key is none of P-256")
    x, y = public_key[-2 * _BYTES : -_BYTES], public_key[-_BYTES:]
    return {"kty": "EC", "crv": "P-256", "x": _base64url(x), "y": _base64url(y)}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Name a public key after itself (RFC 7638): SHA-256 of its required members, base64url."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    spelled = json.dumps(required, separators=(",", ":"))
    return _base64url(hashlib.sha256(spelled.encode()).digest())


def is_public(jwk: Mapping[str, str]) -> bool:
    """Whether ``jwk`` is a point of the curve and nothing else; ValueError when unreadable."""
    if jwk.keys() != {"kty", "crv", "x", "y"} or (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        return False
    x, y = _point(jwk)
    return (y * y - (x * x * x - 3 * x + _B)) % _P == 0


def belongs_to(jwk: Mapping[str, str], private_key: bytes) -> bool:
    """Whether ``jwk`` is the public half of a PKCS #8 key; ValueError when that is unreadable."""
    return _multiplied(_scalar(private_key)) == _point(jwk)


def _scalar(private_key: bytes) -> int:
    """Read the private number: PrivateKeyInfo (RFC 5208) around ECPrivateKey (RFC 5915)."""
    key, _ = _element(private_key, _SEQUENCE)
    _version, key = _element(key, _INTEGER)
    algorithm, key = _element(key, _SEQUENCE)
    if algorithm != _ALGORITHM:
        raise ValueError("the private key is none of P-256")
    wrapped, _ = _element(key, _OCTETS)
    inner, _ = _element(wrapped, _SEQUENCE)
    _version, inner = _element(inner, _INTEGER)
    octets, _ = _element(inner, _OCTETS)
    scalar = int.from_bytes(octets, "big")
    if not 0 < scalar < _ORDER:
        raise ValueError("the private key is none of P-256")
    return scalar


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Part DER into the content of its first element, which has ``tag``, and what follows."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("the private key is no PKCS #8")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise ValueError("the private key is no PKCS #8")
    return der[start : start + length], der[start + length :]


def _point(jwk: Mapping[str, str]) -> Point:
    x, y = (int.from_bytes(_unbase64url(jwk[name]), "big") for name in ("x", "y"))
    return x, y


def _multiplied(scalar: int) -> Point | None:
    """Multiply the generator: add its doublings; nobody is there to take the time of it."""
    product: Point | None = None
    for bit, power in enumerate(_doublings()):
        if scalar >> bit & 1:
            product = _sum(product, power)
    return product


@cache
def _doublings() -> Sequence[Point | None]:
    doubled: list[Point | None] = [_GENERATOR]
    while len(doubled) < 8 * _BYTES:
        doubled.append(_sum(doubled[-1], doubled[-1]))
    return doubled


def _sum(one: Point | None, other: Point | None) -> Point | None:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
