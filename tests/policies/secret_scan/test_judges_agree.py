"""Our table and secretlint: one canary of each kind, and many other values of the same shape."""

import json
import random
import re
import string
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from policies.lookups.secret_values import known_shape
from policies.secret_scan.canaries import Canary, canaries
from policies.secret_scan.found import Found, digest_of
from policies.secret_scan.library import NODE, ROOT, SCRIPT, Library
from policies.secret_scan.scan import scan
from policies.secret_scan.table import ALL_KINDS, found_in
from policies.secret_scan.texts import Content, pieces_of

SECRETLINT = "secretlint "
SEEDS = range(100, 200)
NAMES = [canary.name for canary in canaries()]


def judged(contents: Iterable[Content]) -> dict[str, set[Found]]:
    found: dict[str, set[Found]] = defaultdict(set)
    with Library() as secretlint:
        for content in contents:
            for piece in pieces_of(content):
                secretlint.give(piece)
                for item in found_in(piece):
                    found[item.source].add(item)
        for item in secretlint.found():
            found[item.source].add(item)
    return found


def kinds(found: Iterable[Found]) -> set[str]:
    return {item.kind for item in found}


def test_canaries_have_names_of_their_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_every_kind_of_our_table_has_a_canary() -> None:
    seeded = {kind for canary in canaries() for kind in canary.kinds}
    assert {kind for kind in seeded if not kind.startswith(SECRETLINT)} == set(ALL_KINDS)


def test_every_rule_of_secretlint_has_a_canary() -> None:
    """A rule that a new version brings is seen here: it gets a canary, or a reason."""
    ask = (
        "import {rules} from '@secretlint/secretlint-rule-preset-recommend';"
        "console.log(JSON.stringify(rules.map(rule => rule.meta.id)))"
    )
    command: list[str | Path] = [NODE, "--input-type=module", "--eval", ask]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rules = {name.removeprefix("@secretlint/secretlint-rule-") for name in json.loads(run.stdout)}
    [left_out] = re.findall(r'LEFT_OUT = "@secretlint/secretlint-rule-(.+)"', SCRIPT.read_text())
    seeded = {
        kind.removeprefix(SECRETLINT).partition("/")[0]
        for canary in canaries()
        for kind in canary.kinds
        if kind.startswith(SECRETLINT)
    }
    assert seeded == rules - {left_out}


def test_each_judge_finds_every_value_of_the_kinds_it_knows() -> None:
    """Where a canary names both judges, they agree on each of the hundred."""
    made = [
        (Content(f"{seed} {canary.name}", canary.content.data), canary)
        for seed in SEEDS
        for canary in canaries(seed)
    ]
    found = judged(content for content, _ in made)
    missed = [
        (content.source, kind)
        for content, canary in made
        for kind in canary.kinds - kinds(found[content.source])
    ]
    assert missed == []


@pytest.mark.parametrize(
    "canary",
    [canary for canary in canaries() if len(canary.kinds) == 2],
    ids=lambda canary: canary.name,
)
def test_what_both_know_a_check_of_templates_knows_too(canary: Canary) -> None:
    """One table serves both: what a commit may not hold, no environment variable may."""
    [ours] = [kind for kind in canary.kinds if not kind.startswith(SECRETLINT)]
    assert known_shape(canary.text) == ours


def test_one_value_has_one_digest_whoever_finds_it() -> None:
    [canary] = [canary for canary in canaries() if canary.name == "npm"]
    found = judged([canary.content])[canary.content.source]
    assert {item.digest for item in found} == {digest_of(canary.text)}
    assert {item.line for item in found} == {1}
    assert kinds(found) == canary.kinds


@pytest.mark.parametrize(
    "text",
    [
        "redis://:${PASSWORD}@cache:6379",
        'f"postgresql://app:{password}@{host}/passport"',
        "https://deployer:{{token}}@registry.internal.net/simple",
        "arn:aws:secretsmanager:us-east-2:111122223333:secret:rovn/production/db-AbCdEf",
        '"secretId": "arn:aws:secretsmanager:us-east-2:1:secret:rovn/production/stripe-key-AbCdEf"',
        "account: 111122223333",
        "AWS_ACCOUNT_ID=111122223333",
        'sha256 = "0af1c9d2e3b4a5968778695a4b3c2d1e0ff1e2d3c4b5a69788796a5b4c3d2e1f"',
        "sha512-IcOR87MpNjp/WTO7bVMsIj3qkhVD+Qr/oNaA0Xl4Ok1LqG4bjXu5RjiY0Kid70BoR9eC==",
        "token_endpoint = https://login.example.com/oauth2/default/v1/token",
        "secret_name: rovn/production/database-application-credentials",
        "def test_a_token_is_taken_until_its_previous_one_is_no_longer_valid(): ...",
        "key = settings.current_environment.application_secret_reference",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_ordinary_text_is_no_secret(text: str) -> None:
    assert scan([Content("text", text.encode())]).found == ()


@pytest.mark.parametrize(
    "written",
    ["{name}={value}", '{name} = "{value}"', "{name}: {value}", "'{name}': b'{value}',",
     'os.environ["{name}"] = "{value}"', "export {name}={value}", "{name}=>`{value}`",
     "{name} := {value}"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["CHECKR_API_KEY", "dbPassword", "mcp.inbound.token"])
def test_a_key_without_a_shape_is_found_by_its_name(name: str, written: str) -> None:
    [value] = [c.text.partition("=")[2] for c in canaries(7) if c.name == "checkr"]
    [found] = scan([Content("text", written.format(name=name, value=value).encode())]).found
    assert (found.kind, found.digest) == (ALL_KINDS[-1], digest_of(value))


@pytest.mark.parametrize("quote", ['"', "'", "`"])
def test_a_password_with_punctuation_is_found(quote: str) -> None:
    """As RDS makes the master's: of letters, digits and punctuation, in quotes."""
    source = random.Random(35)  # noqa: S311 - the same each time
    alphabet = "".join(c for c in string.printable[:94] if c not in "\"'`")
    for _ in range(100):
        value = "".join(source.choices(alphabet, k=48))
        held = Content("text", f"password = {quote}{value}{quote}".encode())
        [piece] = pieces_of(held)
        assert {item.digest for item in found_in(piece)} == {digest_of(value)}
