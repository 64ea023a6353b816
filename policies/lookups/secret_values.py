"""What looks like a secret: shapes of known keys, random text, and names that say so.

Nothing here gives the value away: what is found is told by its kind. detect-secrets knows fewer
of these shapes and takes 0.3 s to import, longer than a whole check (docs/decisions/0024).
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

# Kind, what must stand in the text at all (a cheap look before the expression), the shape.
_SHAPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "an AWS access key",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        r"(?<![A-Z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Z0-9])",
    ),
    ("a private key", ("PRIVATE KEY",), r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"),
    # Without its armour, as KMS makes it: PKCS #8 of P-256, with its public half or not; of RSA.
    (
        "a private key",
        ("AMBMGByqGSM49AgEG", "AwEwYHKoZIzj0CAQYI", "ADANBgkqhkiG9w0BAQEFAASC"),
        r"\bM(?:IGHAgEAMBMGByqGSM49AgEG|EECAQAwEwYHKoZIzj0CAQYI"
        r"|I[\w+/]{4,6}IBADANBgkqhkiG9w0BAQEFAASC)[\w+/]{50,}",
    ),
    ("a private key", ('"d"', 'd\\"'), r"\"d\\?\"\s*:\s*\\?\"[\w-]{42,}"),
    ("a JSON Web Token", ("eyJ",), r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*"),
    (
        "an address with a password in it",
        ("://",),
        r"[A-Za-z][\w+.-]*://[^\s/?#:@<>\"']*:(?!\$\{|<|\{\{)[^\s/@\"']+@",
    ),
    ("a Sentry DSN", ("://",), r"https?://[0-9a-f]{32}(?::[0-9a-f]{32})?@"),
    ("a Slack webhook", ("hooks.slack.com/",), r"hooks\.slack\.com/\w+/[A-Z0-9]+/[\w/]{10,}"),
    ("a PagerDuty integration key", ("pagerduty.com/",), r"pagerduty\.com/[\w/]*[0-9a-zA-Z]{32}"),
    (
        "a GitHub token",
        ("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_"),
        r"\b(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_\w{22})",
    ),
    ("a GitLab token", ("glpat-",), r"\bglpat-[\w-]{20}"),
    ("a Slack token", ("xox", "xapp-"), r"\b(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,}"),
    (
        "a secret key of a payment or identity vendor",
        ("sk_", "rk_", "whsec_"),
        r"\b(?:[sr]k_(?:live_|test_)?[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{16,})",
    ),
    ("an API key of a model vendor", ("sk-",), r"\bsk-[\w-]{20,}"),
    ("a Persona API key", ("persona_",), r"\bpersona_(?:sandbox|production)_[\w-]{16,}"),
    ("a Sentry token", ("sntry",), r"\bsntry[su]_[\w+/=.-]{20,}"),
    ("a Google key", ("AIza", "GOCSPX-"), r"\b(?:AIza[\w-]{35}|GOCSPX-[\w-]{20,})"),
    ("a SendGrid key", ("SG.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("a Twilio key", ("SK",), r"\bSK[0-9a-f]{32}\b"),
    ("an npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}"),
    ("a PyPI token", ("pypi-",), r"\bpypi-[\w-]{50,}"),
    ("a Hugging Face token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    (
        "a Shopify token",
        ("shpat_", "shpca_", "shppa_", "shpss_"),
        r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    ),
)
KINDS = tuple(dict.fromkeys(kind for kind, _, _ in _SHAPES))
# So far from its mark a shape may begin and end: expressions that go on for ever would take long.
_BEFORE, _AFTER = 256, 4096
# Made when one of the marks is met, which is seldom.
_BY_MARK = tuple((mark, kind, shape) for kind, marks, shape in _SHAPES for mark in marks)

_RESOLVED_AT_DEPLOY = re.compile(r"\{\{resolve:(?:secretsmanager|ssm-secure):")
# A reference, and nothing beside it.
_ONLY_REFERENCE = re.compile(r"\{\{resolve:(?:secretsmanager|ssm-secure):[^{}]+\}\}")

_HEX = re.compile(r"(?<![\w:.-])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{32,}(?![\w-])", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
# Long text that is no secret: references, ARNs, dynamic references, holes, digests, UUIDs, hosts.
_ORDINARY = re.compile(
    r"<[^<>\s]+>|arn:[\w-]*:[^\s\"',]*|\{\{resolve:[^{}]*\}\}|\$\{[^{}]*\}"
    r"|\b(?:sha\d+|md5)[:-][\w+/=]+"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?:[a-z0-9-]+\.){2,}[a-z][a-z0-9-]+\b"
)
_CHUNK = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_WORD = re.compile(r"[A-Z]?[a-z]{4,}|[A-Z]{5,}")
# Words and numbers with something between them: no key is cut up so.
_CUT = re.compile(r"[^A-Za-z0-9]+")
_PLAIN = re.compile(r"[A-Z]?[a-z]*|[A-Z]+|v?\d+")
# A word can be said: a vowel is never far.
_UNSAID = re.compile(r"[^aeiouy]{4}", re.IGNORECASE)
# What the CDK ends its logical ids with.
_HASH_OF_CDK = re.compile(r"[0-9A-F]{8}")
# Measured on a million random keys and on the values of real templates (decision 0024).
_LEAST_ENTROPY, _LONGEST_CHUNK, _MOST_WORDS = 3.5, 4.0, 0.55
_DIGEST_NAMES = {"COMMIT", "SHA", "SHA1", "SHA256", "DIGEST", "CHECKSUM", "REVISION", "ETAG"}

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = {
    "PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "TOKEN", "TOKENS", "SECRET", "SECRETS",
    "APIKEY", "APIKEYS", "DSN", "CREDENTIAL", "CREDENTIALS",
}  # fmt: skip
_KEY_OF = {"API", "ACCESS", "PRIVATE", "SECRET", "SIGNING", "ENCRYPTION", "LICENSE", "AUTH", "APP"}
# The name is then about a secret: where it lies, how long it holds.
_ABOUT = {
    "ARN", "ARNS", "COUNT", "DAYS", "ENABLED", "ENDPOINT", "EXPIRY", "FILE", "HEADER", "HOST",
    "HOURS", "ID", "ISSUER", "LENGTH", "LIMIT", "MINUTES", "NAME", "NAMES", "PATH", "PREFIX",
    "REGION", "SECONDS", "TTL", "TYPE", "URI", "URL", "VERSION",
}  # fmt: skip
_PLAIN_NUMBER = re.compile(r"\d{1,9}(?:\.\d+)?|true|false", re.IGNORECASE)


@lru_cache(maxsize=8192)
def known_shape(text: str) -> str | None:
    """Name the kind of secret whose shape stands anywhere in a text."""
    for mark, kind, shape in _BY_MARK:
        if mark in text and re.search(shape, text):
            return kind
    return None


def shapes_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Find every known shape in a text of any length: its kind, where it begins and ends."""
    for mark, kind, shape in _BY_MARK:
        at = text.find(mark)
        while at >= 0:
            line_begins, line_ends = text.rfind("\n", 0, at) + 1, text.find("\n", at)
            last = len(text) if line_ends < 0 else line_ends
            begin, end = max(line_begins, at - _BEFORE), min(last, at + _AFTER)
            found = re.compile(shape).search(text, begin, end)
            if found:
                yield kind, *found.span()
            at = text.find(mark, max(at + 1, found.end() if found else 0))


def resolved_at_deploy(text: str) -> bool:
    """Tell a dynamic reference to a secret: CloudFormation writes the value in its place."""
    return bool(_RESOLVED_AT_DEPLOY.search(text))


def only_reference(text: str) -> bool:
    """Tell a text that is one dynamic reference to a secret and nothing else."""
    return bool(_ONLY_REFERENCE.fullmatch(text))


def random_text(text: str, name: str = "") -> bool:
    """Tell a text that holds a long run of random characters.

    Sure for 40 characters of mixed case, as of AWS's secret keys, and for 32 hexadecimal ones.
    A random run of letters of one case looks like a word: its name or shape has to tell.
    """
    rest = _ORDINARY.sub(" ", text)
    if _HEX.search(rest) and not _DIGEST_NAMES & set(_parts(name)):
        return True
    return any(_is_random(token) for token in _TOKEN.findall(_HASH_OF_CDK.sub("", rest)))


def says_secret(name: str) -> bool:
    """Tell a name whose value is a secret, such as ``STRIPE_API_KEY`` or ``dbPassword``."""
    parts = _parts(name)
    if not parts or parts[-1] in _ABOUT:
        return False
    pairs = pairwise(parts)
    keys = any(first in _KEY_OF and second in ("KEY", "KEYS") for first, second in pairs)
    return keys or any(part in _SECRET_WORDS for part in parts)


def held_by(name: str, text: str) -> Iterator[str]:
    """Say why a variable's value is taken for a secret, most certain first; never the value."""
    kind = known_shape(text)
    if resolved_at_deploy(text):
        yield "a dynamic reference to a secret, which the deploy replaces by its value"
    elif kind:
        yield f"what looks like {kind}"
    elif says_secret(name) and _is_literal(name, text):
        yield "a literal value, and its name says that it is a secret"
    elif random_text(text, name):
        yield "random text, as keys are"


def _is_literal(name: str, text: str) -> bool:
    """Leave out what is no value of a secret: nothing, an ARN, a limit on tokens."""
    if not text or re.fullmatch(r"arn:[\w-]+:[^\s]+|<[^<>\s]+>", text):
        return False
    counted = {"TOKEN", "TOKENS"} & set(_parts(name))
    return not (counted and _PLAIN_NUMBER.fullmatch(text))


def _parts(name: str) -> list[str]:
    return [part.upper() for part in _PARTS.findall(name)]


def _is_random(token: str) -> bool:
    mixed = any(c.islower() for c in token) and any(c.isupper() for c in token)
    if not mixed or (len(token) < 32 and not any(c.isdigit() for c in token)):
        return False
    if all(_PLAIN.fullmatch(part) for part in _CUT.split(token)):
        return False
    chunks = _CHUNK.findall(token)
    words = sum(len(word) for word in _WORD.findall(token) if not _UNSAID.search(word))
    return (
        _entropy(token) >= _LEAST_ENTROPY
        and sum(map(len, chunks)) <= _LONGEST_CHUNK * len(chunks)
        and words <= _MOST_WORDS * len(token)
    )


def _entropy(text: str) -> float:
    """Measure in bits a character."""
    shares = (count / len(text) for count in Counter(text).values())
    return -sum(share * math.log2(share) for share in shares)
