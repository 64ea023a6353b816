"""What is taken for a secret, and what is not."""

import base64
import random
import string

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from policies.lookups.secret_values import (
    held_by,
    known_shape,
    only_reference,
    random_text,
    resolved_at_deploy,
    says_secret,
    shapes_in,
)
from policies.templates.values import as_text

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def run(alphabet: str, length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=length, max_size=length)


SHAPES = st.one_of(
    run(string.ascii_uppercase + "234567", 16).map(lambda key: f"AKIA{key}"),
    run(string.ascii_uppercase + "234567", 16).map(lambda key: f"ASIA{key}"),
    run(ALNUM, 36).map(lambda key: f"ghp_{key}"),
    run(ALNUM, 22).map(lambda key: f"github_pat_{key}"),
    run(ALNUM, 20).map(lambda key: f"glpat-{key}"),
    run(ALNUM, 24).map(lambda key: f"sk_live_{key}"),
    run(ALNUM, 24).map(lambda key: f"rk_test_{key}"),
    run(ALNUM, 32).map(lambda key: f"whsec_{key}"),
    run(ALNUM, 40).map(lambda key: f"sk-ant-api03-{key}"),
    run(ALNUM, 24).map(lambda key: f"persona_production_{key}"),
    run(ALNUM, 24).map(lambda key: f"xoxb-{key}"),
    run(ALNUM, 35).map(lambda key: f"AIza{key}"),
    run(HEX, 32).map(lambda key: f"https://{key}@o1.ingest.sentry.io/1"),
    run(HEX, 32).map(lambda key: f"https://events.pagerduty.com/integration/{key}/enqueue"),
    run(ALNUM, 12).map(lambda key: f"postgresql://app:{key}@db.internal:5432/passport"),
    st.tuples(run(ALNUM, 20), run(ALNUM, 20)).map(lambda two: f"eyJ{two[0]}.eyJ{two[1]}.sig"),
    run(ALNUM, 43).map(lambda key: f'{{"kty": "EC", "d": "{key}"}}'),
    run(ALNUM, 43).map(lambda key: f'"{{\\"d\\":\\"{key}\\"}}"'),
    run(ALNUM, 43).map(lambda key: f"MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAl{key}"),
    run(ALNUM, 43).map(lambda key: f"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w{key}"),
    run(ALNUM, 43).map(lambda key: f"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj{key}"),
    st.sampled_from(["RSA ", "EC ", "OPENSSH ", ""]).map(
        lambda k: f"-----BEGIN {k}PRIVATE KEY-----"
    ),
)
NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=20)


@given(NAMES, SHAPES)
def test_a_key_of_a_known_shape_is_found_under_any_name(name: str, key: str) -> None:
    assert known_shape(key)
    assert known_shape(f'{{"where": "inside {key} of text"}}')
    [reason] = held_by(name, key)
    assert key not in reason


@given(st.text('x \n{}"', max_size=300), SHAPES)
def test_a_key_is_found_where_it_stands_in_a_long_text(around: str, key: str) -> None:
    text = f"{around}\n{key}\n{around}"
    found = [(kind, text[begin:end]) for kind, begin, end in shapes_in(text)]
    assert known_shape(key) in {kind for kind, _ in found}
    assert all(value in key for _, value in found)


@pytest.mark.parametrize("encoding", [serialization.Encoding.DER, serialization.Encoding.PEM])
@pytest.mark.parametrize("bits", [None, 2048, 3072])
def test_a_private_key_is_found_in_each_of_its_forms(
    bits: int | None, encoding: serialization.Encoding
) -> None:
    """As KMS makes them, in base64, and as files hold them; its public half is no secret."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        encoding, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if encoding is serialization.Encoding.DER:
        private, public = base64.b64encode(private), base64.b64encode(public)
    assert known_shape(f'{{"private": "{private.decode()}"}}') == "a private key"
    assert known_shape(f'{{"public": "{public.decode()}"}}') is None


@pytest.mark.parametrize(
    ("alphabet", "length"), [(ALNUM + "+/", 40), (ALNUM + "-_", 43), (HEX, 32), (HEX, 64)]
)
def test_random_text_is_found(alphabet: str, length: int) -> None:
    """As AWS writes secret keys, Python its tokens, and vendors their keys."""
    source = random.Random(length)  # noqa: S311 - the same keys each time
    keys = ["".join(source.choices(alphabet, k=length)) for _ in range(2000)]
    assert sum(not random_text(key) for key in keys) <= 2


WORDS = [
    "passport", "production", "service", "us", "east", "2", "database", "health", "check", "v1",
    "internal", "example", "com", "require", "info", "collector", "audit", "records", "8000",
    "traces", "true", "0", "staging", "worker", "queue", "region", "timeout", "Lambda", "Task",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), st.sampled_from("-_./:, "))
def test_words_are_no_secret(words: list[str], between: str) -> None:
    assert list(held_by("SETTING", between.join(words))) == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "arn:aws:secretsmanager:us-east-2:111122223333:secret:rovn/production/db-AbCdEf",
        "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/app/x/50dc6c495c0c9188",
        "<rovn-production-data/DatabaseInstanceAA8A5FDE.EndpointAddressC7EFCE05>",
        "db.c9akciq32abc.us-east-2.rds.amazonaws.com",
        "111122223333.dkr.ecr.us-east-2.amazonaws.com/app@sha256:" + "0af1" * 16,
        "sha256:" + "90744cff" * 8,
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "https://otel-collector.internal.example.com:4318/v1/traces",
        "/aws/lambda/rovn-production-PassportApiServiceF9A3B2C1",
        "subnet-0a1b2c3d4e5f60718,subnet-1a1b2c3d4e5f60718",
        "postgresql://app@db.internal/passport?sslmode=require",
        "redis://:${PASSWORD}@cache:6379",
        "ExportsOutputFnGetAttSecretsKey317DCF94Arn94500D76",
        "rate(90 days)",
    ],
)
def test_ordinary_settings_are_no_secret(value: str) -> None:
    assert list(held_by("SETTING", value)) == []


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD", "DB_PASSWORD", "dbPassword", "ADMIN_TOKEN", "STRIPE_API_KEY", "stripeApiKey",
        "SENTRY_DSN", "CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "JWT_SIGNING_KEYS", "CREDENTIALS",
    ],
)  # fmt: skip
def test_a_name_says_that_its_value_is_a_secret(name: str) -> None:
    assert says_secret(name)
    assert list(held_by(name, "hunter")) == [
        "a literal value, and its name says that it is a secret"
    ]
    assert list(held_by(name, "")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_ARN", "arn:aws:secretsmanager:us-east-2:1:secret:x"),
        ("DATABASE_SECRET_NAME", "production/db"),
        ("TOKEN_TTL_SECONDS", "900"),
        ("MAX_TOKENS", "4096"),
        ("AUTHOR", "platform"),
        ("KEYBOARD", "qwerty"),
        ("DATABASE_SECRET", "arn:aws:secretsmanager:us-east-2:1:secret:x"),
    ],
)
def test_a_name_about_a_secret_is_none(name: str, value: str) -> None:
    assert list(held_by(name, value)) == []


def test_a_digest_may_be_named_so() -> None:
    assert not random_text("0af1" * 10, "GIT_COMMIT")
    assert random_text("0af1" * 10, "VENDOR")


def test_a_dynamic_reference_is_told_from_text_around_it() -> None:
    reference = "{{resolve:secretsmanager:production/db:SecretString:password::}}"
    assert resolved_at_deploy(f"x{reference}")
    assert only_reference(reference)
    assert not only_reference(f"x{reference}")
    assert not resolved_at_deploy("{{resolve:ssm:/plain}}")


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_the_quick_look_sees_all_text(value: object) -> None:
    """Rules skip a resource in whose text nothing stands, so nothing may be missing in it."""

    def texts(inner: object) -> list[str]:
        match inner:
            case dict():
                return [*inner, *(text for item in inner.values() for text in texts(item))]
            case list():
                return [text for item in inner for text in texts(item)]
        return [str(inner)]

    for text in texts(value):
        assert f'"{text}"' in as_text(value)
