"""A made-up secret of each kind that has to be found: finding nothing proves nothing.

Each is put together when asked for, so that none stands in a file, and from the same numbers each
time, so that the same commit gives the same answer.
"""

import base64
import json
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass

from policies.secret_scan.texts import Content

_LETTERS = string.ascii_letters
_ALNUM = _LETTERS + string.digits
_HEX = string.digits + "abcdef"
_BASE32 = string.ascii_uppercase + "234567"
# What no path and no object of git has in its name.
PREFIX = "\0canary:"


@dataclass(frozen=True, slots=True)
class Canary:
    """A text with a secret in it, and the kinds under which it has to be found."""

    name: str
    text: str
    kinds: frozenset[str]

    @property
    def content(self) -> Content:
        """Give it as any other content is given."""
        return Content(PREFIX + self.name, f"{self.text}\n".encode())


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - it is no secret

    def of(self, letters: str, length: int) -> str:
        return "".join(self._random.choices(letters, k=length))

    def key(self, length: int) -> str:
        return self.of(_ALNUM, length)


def canaries(seed: int = 35) -> tuple[Canary, ...]:
    """Make one of each kind; another seed makes other values."""
    return (*_of_both(_Maker(seed)), *_of_the_table(_Maker(seed)), *_of_secretlint(_Maker(seed)))


def _of_both(make: _Maker) -> Iterator[Canary]:
    """Make those of the kinds that both judges know."""
    yield _canary(
        "access-key",
        f"aws_access_key_id = {'AKIA'}{make.of(_BASE32, 16)}",
        "an AWS access key",
        "aws/AWSAccessKeyID",
    )
    yield _canary("private-key", _private_key(make), "a private key", "privatekey/PrivateKey")
    yield _canary(
        "database-address",
        f"postgresql://app:{make.key(16)}@db.internal:5432/passport",
        "an address with a password in it",
        "database-connection-string/PostgreSQLConnection",
    )
    yield _canary(
        "web-address",
        f"https://deployer:{make.key(16)}@registry.internal.net/simple",
        "an address with a password in it",
        "basicauth/BasicAuth",
    )
    yield _canary(
        "slack-webhook",
        f"https://hooks.slack.com/services/T{make.of(_BASE32, 8)}/B{make.of(_BASE32, 10)}/"
        f"{make.key(24)}",
        "a Slack webhook",
        "slack/IncomingWebhook",
    )
    for name, text, ours, theirs in (
        ("github", f"ghp_{make.key(36)}", "a GitHub token", "github/GITHUB_TOKEN"),
        (
            "github-fine-grained",
            f"github_pat_{make.key(22)}_{make.key(59)}",
            "a GitHub token",
            "github/GITHUB_TOKEN",
        ),
        (
            "gitlab",
            f"glpat-{make.key(20)}",
            "a GitLab token",
            "gitlab/GITLAB_PERSONAL_ACCESS_TOKEN",
        ),
        (
            "slack",
            f"xoxb-{make.of(string.digits, 12)}-{make.key(24)}",
            "a Slack token",
            "slack/SLACK_TOKEN",
        ),
        (
            "stripe",
            f"sk_live_{make.key(24)}",
            "a secret key of a payment or identity vendor",
            "stripe/STRIPE_SECRET_KEY_LIVE",
        ),
        (
            "stripe-restricted",
            f"rk_live_{make.key(24)}",
            "a secret key of a payment or identity vendor",
            "stripe/STRIPE_RESTRICTED_KEY_LIVE",
        ),
        (
            "anthropic",
            f"sk-ant-api03-{make.key(93)}AA",
            "an API key of a model vendor",
            "anthropic/ANTHROPIC_API_KEY",
        ),
        (
            "openai",
            f"sk-proj-{make.key(74)}T3Blbk{'FJ'}{make.key(74)}",
            "an API key of a model vendor",
            "openai/OPENAI_TOKEN",
        ),
        (
            "sendgrid",
            f"SG.{make.key(22)}.{make.key(43)}",
            "a SendGrid key",
            "sendgrid/SENDGRID_KEY",
        ),
        ("npm", f"npm_{make.key(36)}", "an npm token", "npm/NPM_ACCESS_TOKEN"),
        (
            "hugging-face",
            f"hf_{make.of(_LETTERS, 34)}",
            "a Hugging Face token",
            "huggingface/HUGGINGFACE_USER_ACCESS_TOKEN",
        ),
        ("shopify", f"shpat_{make.of(_HEX, 32)}", "a Shopify token", "shopify/SHOPIFY_KEY"),
    ):
        yield _canary(name, text, ours, theirs)


def _of_the_table(make: _Maker) -> Iterator[Canary]:
    """Make those of the kinds that our table alone knows."""
    for name, text, ours in (
        (
            "private-key-of-kms",
            f"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg{make.key(136)}",
            "a private key",
        ),
        (
            "private-json-web-key",
            json.dumps({"kty": "EC", "crv": "P-256", "d": make.key(43)}),
            "a private key",
        ),
        (
            "json-web-token",
            f"eyJ{make.key(33)}.eyJ{make.key(40)}.{make.key(43)}",
            "a JSON Web Token",
        ),
        (
            "cache-address",
            f"rediss://:{make.key(32)}@cache.internal:6379/0",
            "an address with a password in it",
        ),
        ("sentry-dsn", f"https://{make.of(_HEX, 32)}@o1.ingest.sentry.io/1", "a Sentry DSN"),
        (
            "pagerduty",
            f"https://events.pagerduty.com/integration/{make.of(_HEX, 32)}/enqueue",
            "a PagerDuty integration key",
        ),
        (
            "stripe-webhook",
            f"whsec_{make.key(32)}",
            "a secret key of a payment or identity vendor",
        ),
        ("persona", f"persona_production_{make.key(36)}", "a Persona API key"),
        ("sentry-token", f"sntryu_{make.of(_HEX, 64)}", "a Sentry token"),
        ("google", f"AIza{make.key(35)}", "a Google key"),
        ("twilio", f"SK{make.of(_HEX, 32)}", "a Twilio key"),
        ("pypi", f"pypi-{make.key(60)}", "a PyPI token"),
        ("checkr", f"CHECKR_API_KEY={make.of(_HEX, 40)}", "random text under the name of a secret"),
        (
            "own-token",
            json.dumps({"mcp_inbound_token": make.key(43)}),
            "random text under the name of a secret",
        ),
    ):
        yield Canary(name, text, frozenset({ours}))


def _of_secretlint(make: _Maker) -> Iterator[Canary]:
    """Make those of the kinds that secretlint alone knows."""
    for text, theirs in (
        (f'aws_secret_access_key = "{make.key(40)}"', "aws/AWSSecretAccessKey"),
        (_google_service_account(make), "gcp/PrivateKeyJSON"),
        (f"gsk_{make.key(52)}", "groq/GROQ_API_KEY"),
        (f"lin_api_{make.key(40)}", "linear/LINEAR_API_TOKEN"),
        (
            f"ntn_{make.of(string.digits, 11)}{make.key(35)}",
            "notion/NOTION_INTEGRATION_TOKEN",
        ),
        (f"glsa_{make.key(32)}_{make.of(_HEX, 8)}", "grafana/GRAFANA_SERVICE_ACCOUNT_TOKEN"),
        (f"ops_{_one_password(make)}", "1password/OPS_TOKEN"),
        (f"hvs.{make.key(95)}", "hashicorp-vault/HASHICORP_VAULT_SERVICE_TOKEN"),
        (f"vcp_{make.key(24)}", "vercel/VERCEL_PERSONAL_ACCESS_TOKEN"),
        (f"dapi{make.of(_HEX, 32)}", "databricks/DATABRICKS_PERSONAL_ACCESS_TOKEN"),
        (f"dckr_pat_{make.key(27)}", "docker/DOCKER_PERSONAL_ACCESS_TOKEN"),
        (f"figd_{make.key(43)}", "figma/FIGMA_PERSONAL_ACCESS_TOKEN"),
        (f"cfut_{make.key(40)}{make.of(_HEX, 8)}", "cloudflare/CLOUDFLARE_USER_API_TOKEN"),
        (f"tskey-auth-{make.key(16)}-{make.key(32)}", "tailscale/TAILSCALE_AUTH_KEY"),
    ):
        name = theirs.partition("/")[0]
        yield Canary(name, text, frozenset({f"secretlint {theirs}"}))
    # A comment that would switch it off, were it heard.
    text = f"// secretlint-disable\nghp_{make.key(36)} // secretlint-disable-line"
    yield Canary("switched-off", text, frozenset({"secretlint github/GITHUB_TOKEN"}))


def _canary(name: str, text: str, ours: str, theirs: str) -> Canary:
    return Canary(name, text, frozenset({ours, f"secretlint {theirs}"}))


def _private_key(make: _Maker) -> str:
    lines = ["MI" + make.key(62), *(make.key(64) for _ in range(3))]
    begin, end = (f"-----{word} {'PRIVATE'} KEY-----" for word in ("BEGIN", "END"))
    return "\n".join([begin, *lines, end])


def _google_service_account(make: _Maker) -> str:
    document = {"private_key_id": make.of(_HEX, 40), "private_key": _private_key(make)}
    return json.dumps(document)


def _one_password(make: _Maker) -> str:
    """Make a document that ends with two braces, encoded without padding."""
    document = json.dumps({"key": make.key(90), "userAuth": {"salt": make.key(21)}})
    return base64.b64encode(document.encode()).decode()
