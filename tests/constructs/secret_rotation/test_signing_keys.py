"""Signing keys over many rotations; what `test` finds wrong; key pairs against `cryptography`."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, StubAssertionError
from botocore.stub import Stubber
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from runbook.operators import secret_state
from runbook_constructs.secret_rotation.handler import p256
from runbook_constructs.secret_rotation.handler.signing_keys import SigningKeyStrategy
from runbook_constructs.secret_rotation.handler.steps import NO_OVERLAP, Values
from tests.constructs.secret_rotation.rotated_secret import (
    KEY_ARN,
    START,
    RotatedSecret,
    kms_with,
    pair,
)

HOURS = 24
EMPTY = '{"keys": []}'
Json = dict[str, Any]
APART = "whose parts do not belong together"
MEMBERS = "has a key with other members than its role wants"
UNKNOWN = "takes keys that the current one does not know"


@pytest.fixture
def manager() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-2")


def keys(document: str, role: str) -> list[Json]:
    return [key for key in json.loads(document)["keys"] if key["role"] == role]


def chain(manager: Any, apart: timedelta, rotations: int) -> list[str]:  # noqa: ANN401
    kms = kms_with(rotations + 1)
    secret = RotatedSecret(
        manager, EMPTY, lambda each: SigningKeyStrategy(kms, KEY_ARN, HOURS, each.now)
    )
    documents = []
    for _ in range(rotations):
        secret.now += apart
        documents.append(secret.rotated())
    return documents


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("apart", "kept"), [(timedelta(days=180), 1), (timedelta(hours=24), 1), (timedelta(hours=5), 5)]
)
def test_ten_rotations_roll(manager: Any, apart: timedelta, kept: int) -> None:  # noqa: ANN401
    documents = chain(manager, apart, 10)
    for old, new in pairwise(documents):
        [signed], [published] = keys(old, "current"), keys(old, "next")
        [signs], [coming] = keys(new, "current"), keys(new, "next")
        assert signs == published | {"role": "current"}, "the next key was published before"
        retired = keys(new, "previous")[0]
        assert retired["kid"] == signed["kid"]
        assert "private" not in retired
        assert coming["kid"] not in old
    assert len(keys(documents[-1], "previous")) == kept
    assert keys(documents[0], "previous") == []
    # No key is in use twice, ever.
    signed_with = [keys(document, "current")[0]["kid"] for document in documents]
    assert len(set(signed_with)) == len(documents)


def test_the_document_says_what_its_readers_rely_on(manager: Any) -> None:  # noqa: ANN401
    _, document = chain(manager, timedelta(hours=6), 2)
    assert json.loads(document)["overlap_hours"] == HOURS
    [current], [previous] = keys(document, "current"), keys(document, "previous")
    assert current["created"] == "2026-11-22T15:30:15Z"
    assert previous["retired"] == "2026-11-22T21:30:15Z"
    for key in json.loads(document)["keys"]:
        x, y = (int.from_bytes(unpadded(key["public"][name]), "big") for name in ("x", "y"))
        point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if "private" in key:
            private = load_der_private_key(base64.b64decode(key["private"]), None)
            assert isinstance(private, ec.EllipticCurvePrivateKey)
            signature = private.sign(b"data", ec.ECDSA(hashes.SHA256()))
            point.verify(signature, b"data", ec.ECDSA(hashes.SHA256()))


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@settings(max_examples=30, deadline=None)
@given(scalar=st.integers(1, 2**256 - 2**224), other=st.integers(1, 2**256 - 2**224))
def test_halves_belong_together_as_cryptography_says(scalar: int, other: int) -> None:
    made = pair(ec.derive_private_key(scalar, ec.SECP256R1()))
    stranger = pair(ec.derive_private_key(other, ec.SECP256R1()))
    jwk = p256.jwk_of(made["PublicKey"])
    assert p256.is_public(jwk)
    assert p256.belongs_to(jwk, made["PrivateKeyPlaintext"])
    assert p256.belongs_to(jwk, stranger["PrivateKeyPlaintext"]) is (scalar == other)


def test_the_name_is_the_thumbprint_of_the_rfc() -> None:
    # RFC 7517, appendix A.1; the print by another implementation of RFC 7638 (openssl dgst).
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    assert p256.is_public(jwk)
    assert p256.thumbprint(jwk) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_another_curve_is_refused(curve: ec.EllipticCurve) -> None:
    strange, good = pair(ec.generate_private_key(curve)), pair()
    with pytest.raises(ValueError, match="the public key is none of P-256"):
        p256.jwk_of(strange["PublicKey"])
    with pytest.raises(ValueError, match="the private key is none of P-256"):
        p256.belongs_to(p256.jwk_of(good["PublicKey"]), strange["PrivateKeyPlaintext"])


@given(cut=st.integers(0, 137), byte=st.integers(0, 255))
def test_a_broken_private_key_never_belongs(cut: int, byte: int) -> None:
    made = pair()
    der, jwk = made["PrivateKeyPlaintext"], p256.jwk_of(made["PublicKey"])
    broken = der[:cut] + bytes([byte]) + der[cut + 1 :]
    for each in (der[:cut], broken):
        try:
            belongs = p256.belongs_to(jwk, each)
        except ValueError:
            continue
        # What is behind the number is not read: KMS says the public half apart.
        assert not belongs or each[36:68] == der[36:68]


KMS = kms_with(40)
STRATEGY = SigningKeyStrategy(KMS, KEY_ARN, HOURS, START)
CURRENT = STRATEGY.create(EMPTY)
EARLIER = SigningKeyStrategy(KMS, KEY_ARN, HOURS, START - timedelta(hours=3))
ROLLED = EARLIER.create(CURRENT)
PENDING = STRATEGY.create(ROLLED)
STRANGER = STRATEGY.create(EMPTY)


def changed(document: str, change: Callable[[Json, dict[str, Json]], None]) -> str:
    """Change a document; its keys by role, of several the first."""
    made = json.loads(document)
    change(made, {key["role"]: key for key in reversed(made["keys"])})
    return json.dumps(made)


def only_public(key: Json) -> Json:
    return {name: key[name] for name in ("kid", "public")}


def swap(_: Json, by_role: dict[str, Json]) -> None:
    by_role["current"]["role"], by_role["next"]["role"] = "next", "current"


def test_the_next_documents_pass() -> None:
    STRATEGY.test(Values(EMPTY, CURRENT, None))
    EARLIER.test(Values(CURRENT, ROLLED, EMPTY))
    STRATEGY.test(Values(ROLLED, PENDING, CURRENT))


@pytest.mark.parametrize(
    ("pending", "why"),
    [
        ("canary", "is no document of signing keys"),
        ('["canary"]', "is no document of signing keys"),
        ("{}", "is no document of signing keys"),
        (EMPTY, "has no keys"),
        (STRANGER, "signs with a key that is not published yet"),
        (CURRENT, "has a new key that has been in use before"),
        (ROLLED, "has a new key that has been in use before"),
        (changed(PENDING, swap), "has a new key that has been in use before"),
        (changed(PENDING, lambda d, _: d.pop("overlap_hours")), "how many hours its keys overlap"),
        (changed(PENDING, lambda d, _: d.update(overlap_hours=0)), "how many hours its keys"),
        (changed(PENDING, lambda d, _: d["keys"].pop()), "drops a key before its overlap"),
        (changed(PENDING, lambda d, _: d["keys"].pop(2)), "not take what the current key signed"),
        (changed(PENDING, lambda d, _: d["keys"].pop(1)), "not one current key and one next"),
        (changed(PENDING, lambda d, _: d["keys"].append(d["keys"][0])), "not one current key"),
        (changed(PENDING, lambda d, _: d["keys"].append(d["keys"][2])), "has a key twice"),
        (changed(PENDING, lambda d, _: d["keys"].append("canary")), MEMBERS),
        (changed(PENDING, lambda _, k: k["current"].pop("private")), MEMBERS),
        (changed(PENDING, lambda _, k: k["next"].update(canary=1)), MEMBERS),
        (changed(PENDING, lambda _, k: k["previous"].update(private="canary")), MEMBERS),
        (changed(PENDING, lambda _, k: k["current"].update(role=["canary"])), MEMBERS),
        (
            changed(PENDING, lambda _, k: k["current"].update(private=k["next"]["private"])),
            APART,
        ),
        (changed(PENDING, lambda _, k: k["current"].update(private="canary")), APART),
        (changed(PENDING, lambda _, k: k["current"].update(private=7)), APART),
        (changed(PENDING, lambda _, k: k["current"].update(kid="canary")), APART),
        (changed(PENDING, lambda _, k: k["previous"].update(public={"canary": 1})), APART),
        (changed(PENDING, lambda _, k: k["previous"]["public"].update(d="canary")), APART),
        (changed(PENDING, lambda _, k: k["previous"]["public"].update(x=7)), APART),
        (changed(PENDING, lambda _, k: k["next"].update(created="canary")), "created of a key"),
        (
            changed(PENDING, lambda _, k: k["previous"].update(retired="2026-11-22T09:30:16Z")),
            "retires the current key later than now",
        ),
        (
            changed(PENDING, lambda _, k: k["previous"].update(retired="2026-11-21T09:30:15Z")),
            "the overlap ended before the rotation did",
        ),
        (
            changed(PENDING, lambda d, _: d["keys"][3].update(retired="2026-11-22T06:00:00Z")),
            UNKNOWN,
        ),
        (
            changed(
                PENDING,
                lambda d, k: d["keys"].append(
                    {**k["previous"], **only_public(json.loads(STRANGER)["keys"][0])}
                ),
            ),
            UNKNOWN,
        ),
    ],
)
def test_another_document_does_not(pending: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        STRATEGY.test(Values(ROLLED, pending, CURRENT))
    assert "canary" not in f"{refusal.value!r}{vars(refusal.value)}"


def without_overlap() -> SigningKeyStrategy:
    made = SigningKeyStrategy(KMS, KEY_ARN, HOURS, START)
    made.end_overlap()
    return made


def kids(document: str, *roles: str) -> set[str]:
    return {key["kid"] for role in roles for key in keys(document, role)}


@pytest.mark.clause("ROVN-SEC-4")
@pytest.mark.clause("DLX-SEC-1")
def test_two_rotations_without_overlap_take_nothing_of_the_exposed_keys() -> None:
    exposed, cut = PENDING, without_overlap()
    once = cut.create(exposed)
    cut.test(Values(exposed, once, ROLLED))
    assert keys(once, "previous") == []
    assert kids(once, "current") == kids(exposed, "next"), "what signs was published before"
    twice = cut.create(once)
    cut.test(Values(once, twice, exposed))
    assert not kids(twice, "current", "next", "previous") & kids(
        exposed, "current", "next", "previous"
    )
    with pytest.raises(ValueError, match="does not take what the current key signed"):
        STRATEGY.test(Values(once, twice, exposed))


def test_a_value_from_before_the_overlap_ended_passes_and_the_next_drops_what_it_kept() -> None:
    cut = without_overlap()
    cut.test(Values(ROLLED, PENDING, CURRENT))
    assert keys(PENDING, "previous") != []
    assert keys(cut.create(PENDING), "previous") == []
    stranger = changed(PENDING, lambda d, _: d["keys"][3].update(retired="2026-11-22T06:00:00Z"))
    with pytest.raises(ValueError, match=UNKNOWN):
        cut.test(Values(ROLLED, stranger, CURRENT))


@pytest.mark.clause("DLX-SEC-1")
def test_the_label_ends_the_overlap_until_it_is_taken_off(manager: Any) -> None:  # noqa: ANN401
    assert NO_OVERLAP == secret_state.NO_OVERLAP
    kms = kms_with(9)
    secret = RotatedSecret(
        manager, EMPTY, lambda each: SigningKeyStrategy(kms, KEY_ARN, HOURS, each.now)
    )
    secret.rotated()
    exposed = secret.rotated()
    labelled = {"SecretId": secret.arn, "VersionStage": NO_OVERLAP}
    version = secret.version("AWSCURRENT")
    manager.update_secret_version_stage(**labelled, MoveToVersionId=version)
    for _ in range(2):
        last = secret.rotated()
        assert keys(last, "previous") == []
    assert all(key["kid"] not in last for key in json.loads(exposed)["keys"])
    manager.update_secret_version_stage(**labelled, RemoveFromVersionId=version)
    assert kids(secret.rotated(), "previous") == kids(last, "current")


def test_the_overlap_ends_on_the_second() -> None:
    begun = START.replace(microsecond=0)

    def after(passed: timedelta) -> SigningKeyStrategy:
        return SigningKeyStrategy(KMS, KEY_ARN, HOURS, begun + passed)

    values = Values(CURRENT, after(timedelta(0)).create(CURRENT), None)
    after(timedelta(hours=HOURS, seconds=-1)).test(values)
    with pytest.raises(ValueError, match="the overlap ended before the rotation did"):
        after(timedelta(hours=HOURS)).test(values)


def test_a_first_document_takes_no_strangers() -> None:
    with pytest.raises(ValueError, match=UNKNOWN):
        STRATEGY.test(Values(EMPTY, ROLLED, None))


@pytest.mark.parametrize("value", ["", "canary", '{"canary": 1}', '{"keys": "canary"}', "[]"])
def test_an_unreadable_current_value_is_refused_and_not_shown(value: str) -> None:
    for attempt in (
        lambda: STRATEGY.create(value),
        lambda: STRATEGY.test(Values(value, PENDING, None)),
    ):
        with pytest.raises(ValueError, match="the current value is no document") as refusal:
            attempt()
        assert "canary" not in f"{refusal.value!r}{vars(refusal.value)}"
        assert refusal.value.__cause__ is None
        assert refusal.value.__context__ is None


def test_without_a_pair_there_is_no_document() -> None:
    client: Any = boto3.client("kms", region_name="us-east-2")
    with Stubber(client) as stubber:
        stubber.add_client_error("generate_data_key_pair", "KMSInvalidStateException")
        with pytest.raises(ClientError):
            SigningKeyStrategy(client, KEY_ARN, HOURS, START).create(CURRENT)
        stubber.add_response("generate_data_key_pair", {}, {"KeyId": "another"})
        with pytest.raises(StubAssertionError):
            SigningKeyStrategy(client, KEY_ARN, HOURS, START).create(CURRENT)
