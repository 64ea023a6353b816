"""Keys that roll: who verifies what, until when; documents that are none; receipts."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from local.signing_keys import first_document
from passport_api.app import create_app
from passport_api.settings import Settings
from passport_api.signing_keys import InvalidTokenError, SigningKeys, UnusableKeysError
from tests.conftest import Written
from tests.documents import documents
from tests.doubles import Registry

START = datetime(2026, 5, 26, 9, tzinfo=UTC)
DAY, LIFE = timedelta(hours=24), timedelta(hours=1)
SECOND = timedelta(seconds=1)
AGENT = "correct-horse-battery-staple-0002"
BEARER = {"authorization": f"Bearer {AGENT}"}
NURSE = {
    "name": "Zelda Quux",
    "ssn": "123-45-6789",
    "npi": "1234567893",
    "date_of_birth": "1980-02-29",
}
Json = dict[str, Any]


def verifies(keys: SigningKeys, token: str, now: datetime) -> bool:
    try:
        keys.verify(token, kind="x", now=now)
    except InvalidTokenError:
        return False
    return True


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("verifier", [0, 1])
@pytest.mark.parametrize("signer", [0, 1])
def test_neighbours_take_each_others_tokens_for_their_life(signer: int, verifier: int) -> None:
    rotation = START + timedelta(days=180)
    keys = [SigningKeys(each) for each in documents(START, rotation)]
    for signed in (rotation - SECOND, rotation, rotation + DAY / 2 - LIFE):
        token = keys[signer].sign({}, kind="x", life=LIFE, now=signed)

        assert verifies(keys[verifier], token, signed)
        assert verifies(keys[verifier], token, signed + LIFE - SECOND)
        assert not verifies(keys[verifier], token, signed + LIFE)


@pytest.mark.clause("ROVN-SEC-3")
def test_a_retired_key_is_refused_after_its_overlap() -> None:
    rotation = START + timedelta(days=180)
    old, new = (SigningKeys(each) for each in documents(START, rotation))
    # Stolen, it signs on.
    late = old.sign({}, kind="x", life=LIFE, now=rotation + DAY - LIFE / 2)

    assert verifies(new, late, rotation + DAY - SECOND)
    assert not verifies(new, late, rotation + DAY)
    assert len(new.published(rotation + DAY - SECOND)["keys"]) == 3
    assert len(new.published(rotation + DAY)["keys"]) == 2


def test_two_rotations_in_a_day_lose_no_token() -> None:
    moments = [START + timedelta(hours=hours) for hours in (1, 3)]
    first, _, last = (SigningKeys(each) for each in documents(START, *moments))
    token = first.sign({}, kind="x", life=DAY, now=moments[1] - SECOND)

    assert verifies(last, token, moments[1] + DAY / 4)
    assert not verifies(last, token, moments[0] + DAY)


@pytest.mark.parametrize(("hours", "seconds"), [(1, 1800), (2, 3600), (24, 3600)])
def test_no_token_outlives_half_the_overlap(hours: int, seconds: int) -> None:
    keys = SigningKeys(first_document(START, overlap_hours=hours))
    claims = keys.verify(keys.sign({}, kind="x", life=LIFE, now=START), kind="x", now=START)

    assert claims["exp"] - claims["iat"] == seconds


def part(value: Json | bytes) -> str:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def forgeries(good: str) -> dict[str, str]:
    """Make what somebody could try with a token and the published keys."""
    head, body, signature = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    without = part({"alg": "none", "kid": kid, "typ": "x"})
    shared = part({"alg": "HS256", "kid": kid, "typ": "x"})
    renamed = part({"alg": "ES256", "kid": kid, "typ": "x", "y": 1})
    by_name = hmac.digest(kid.encode(), f"{shared}.{body}".encode(), "sha256")
    longer = part({"iat": int(START.timestamp()), "exp": 2**40})
    stranger = SigningKeys(first_document(START)).sign({}, kind="x", life=LIFE, now=START)
    return {
        "no algorithm": f"{without}.{body}.",
        "a shared secret": f"{shared}.{body}.{part(by_name)}",
        "another signature": f"{head}.{body}.{part(bytes(64))}",
        "another life": f"{head}.{longer}.{signature}",
        "another header": f"{renamed}.{body}.{signature}",
        "a stranger's signature": f"{head}.{body}.{stranger.split('.')[2]}",
        "a stranger": stranger,
        "no signature": f"{head}.{body}.",
        "half": head,
        "empty": "",
        "not ASCII": "\u00e9.\u00e9.\u00e9",
    }


def test_a_forged_token_is_refused() -> None:
    keys = SigningKeys(first_document(START))
    good = keys.sign({}, kind="x", life=LIFE, now=START)
    tried = forgeries(good) | {"good": good}

    assert [name for name, token in tried.items() if verifies(keys, token, START)] == ["good"]


def test_a_token_of_another_kind_is_refused() -> None:
    keys = SigningKeys(first_document(START))
    token = keys.sign({}, kind="session+jwt", life=LIFE, now=START)

    assert not verifies(keys, token, START)
    assert keys.verify(token, kind="session+jwt", now=START)


def test_the_next_key_verifies_before_it_signs() -> None:
    old, new = documents(START, START + timedelta(days=180))
    signs = [each["kid"] for each in json.loads(new)["keys"] if each["role"] == "current"]

    published = SigningKeys(old).published(START)["keys"]

    assert {each["kid"] for each in published} > set(signs)
    assert all(each.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"} for each in published)
    assert jwt.PyJWKSet.from_dict({"keys": published})


def spoiled(which: str, /, **changes: object) -> str:
    """Change one key of a document; None takes a member away."""
    made = json.loads(first_document(START))
    [changed] = [each for each in made["keys"] if each["role"] == which]
    changed |= changes
    for name in [name for name, value in changed.items() if value is None]:
        del changed[name]
    return json.dumps(made)


ALL: Json = json.loads(first_document(START))
TWICE = json.dumps(ALL | {"keys": [*ALL["keys"], ALL["keys"][1]]})
ENDLESS = json.dumps(ALL | {"overlap_hours": "canary"})
OTHER: Json = json.loads(first_document(START))["keys"][0]
OFF_CURVE = OTHER["public"] | {"y": OTHER["public"]["x"]}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ('{"keys": []}', "has no keys yet: the first rotation of the secret makes them"),
        ('{"keys": [], "first": "canary"}', "has no keys yet"),
        ("canary", "is no document of signing keys"),
        ("{}", "is no document of signing keys"),
        (spoiled("current", role="canary"), "is no document"),
        (spoiled("current", canary=1), "is no document"),
        (ENDLESS, "is no document"),
        (spoiled("current", role="next"), "has not exactly one current key"),
        (spoiled("next", role="current"), "has not exactly one current key"),
        (TWICE, "a key twice"),
        (spoiled("next", role="previous"), "does not say when it was retired"),
        (spoiled("current", private=None), "has no private half"),
        (spoiled("current", private="Y2FuYXJ5"), "has no private half"),
        (spoiled("current", private=OTHER["private"]), "do not belong together"),
        (spoiled("next", public=OFF_CURVE), "no point of P-256"),
        (spoiled("next", public=OFF_CURVE | {"x": "canary"}), "no point of P-256"),
    ],
)
def test_a_document_that_is_none_is_refused_and_not_shown(document: str, why: str) -> None:
    with pytest.raises(UnusableKeysError, match=why) as refusal:
        SigningKeys(document)

    assert "canary" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.fixture
def issuer(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    registry: Registry,
) -> Callable[..., TestClient]:
    """Start a task with a document at a moment."""

    def start(document: str, now: datetime) -> TestClient:
        configured = settings(
            source_registry_url=registry.url, jwt_signing_keys=document, mcp_inbound_token=AGENT
        )
        return serve(create_app(configured, now=lambda: now))

    return start


@pytest.mark.clause("ROVN-SEC-3")
def test_a_receipt_outlives_the_rotation(
    issuer: Callable[..., TestClient], written: Written
) -> None:
    rotation = START + timedelta(days=180)
    old, new = documents(START, rotation)
    answer = issuer(old, rotation - SECOND).post("/credentials/verify", json=NURSE)
    receipt = answer.json()["receipt"]

    read = [
        issuer(document, rotation + LIFE / 2)
        .post("/receipts/verify", json={"receipt": receipt}, headers=BEARER)
        .json()
        for document in (old, new)
    ]

    assert read == 2 * [
        {
            "valid": True,
            "outcome": "verified",
            "issued": "2026-11-22T08:59:59Z",
            "request_id": answer.headers["x-request-id"],
        }
    ]
    late = issuer(new, rotation + LIFE).post(
        "/receipts/verify", json={"receipt": receipt}, headers=BEARER
    )
    assert late.json() == {"valid": False, "outcome": None, "issued": None, "request_id": None}
    assert receipt not in written.text


def test_a_receipt_holds_nothing_of_the_person(
    issuer: Callable[..., TestClient], registry: Registry
) -> None:
    registry.state = "inactive"
    receipt = issuer(first_document(START), START).post("/credentials/verify", json=NURSE).json()

    claims = jwt.decode(receipt["receipt"], options={"verify_signature": False})

    assert claims.keys() == {"outcome", "jti", "iat", "exp"}
    assert claims["outcome"] == "rejected"


def test_what_is_pending_has_no_receipt(
    issuer: Callable[..., TestClient], registry: Registry
) -> None:
    registry.status = 500

    answer = issuer(first_document(START), START).post("/credentials/verify", json=NURSE)

    assert answer.status_code == 202
    assert answer.json()["receipt"] is None


@pytest.mark.parametrize("body", [{"receipt": "x" * 2049}, {"receipt": ""}, {}, {"canary": 1}])
def test_a_refused_receipt_is_not_shown(body: Json, issuer: Callable[..., TestClient]) -> None:
    answer = issuer(first_document(START), START).post(
        "/receipts/verify", json=body, headers=BEARER
    )

    assert answer.status_code == 422
    assert "canary" not in answer.text
    assert "xxx" not in answer.text


def test_keys_are_published_for_everybody_and_without_private_halves(
    issuer: Callable[..., TestClient],
) -> None:
    rotation = START + timedelta(days=180)
    client = issuer(documents(START, rotation)[1], rotation)

    answer = client.get("/.well-known/jwks.json")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert len(answer.json()["keys"]) == 3
    for member in ("private", "retired", "role", '"d"'):
        assert member not in answer.text


def test_without_keys_there_is_nothing(client: TestClient) -> None:
    assert client.get("/.well-known/jwks.json").status_code == 404
