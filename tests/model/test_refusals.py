"""An environment file that is wrong as a whole, or at its top: what the message names."""

import pytest
import tomli_w

from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.model.spoiling import HAPPY, MISSING, Directory, Refuse, demand_told

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("acount", "1", "acount", "this key is unknown", "did you mean 'account'?"),
    ("\x1b[31m", 1, '"\\u001b[31m"', "this key is unknown", "known keys: account, alarms"),
    ("network.c idr", 1, 'network."c idr"', "this key is unknown", "did you mean 'cidr'?"),
    ("network.nat", 3, "network.nat", "this key is unknown", "known keys: cidr, flow_log"),
    ("tier", "personal", "tier", "personal breaks ROVN-BCK-2", "set exactly phi"),
    ("account", MISSING, "account", "this key is missing", "add account to the file"),
    ("buckets.receipts", MISSING, "buckets.receipts", "this key is missing", "add buckets.rec"),
    ("schema", 2, "schema", "version 2 of the format is not known", "write schema = 1"),
    ("schema", True, "schema", "should be a valid integer, not true", "without quotes"),
    ("schema", 1.0, "schema", "should be a valid integer, not 1.0", "without quotes"),
    ("tier", "secret", "tier", '"secret" is not a choice', "'phi', 'personal', 'synthetic'"),
    ("account", 111122223333, "account", "should be a valid string", "write text in quotes"),
    ("account", "1111", "account", "'1111' is not an AWS account id", "its 12 digits in quotes"),
    ("account", "000000000000", "account", "is not an AWS account id", "12 digits"),
    ("account", "١" * 12, "account", "is not an AWS account id", "12 digits"),  # noqa: RUF001
    (
        "services.passport-api.strategy",
        "canary",
        "services.passport-api.strategy",
        '"canary" is not a choice',
        "'blue_green', 'rolling'",
    ),
    ("services", {}, "services", "at least 1 item", "schema"),
    ("organisation", "rovn", "organisation", "the file's path gives this", "remove organisation"),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_is_refused_with_reason_and_fix(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    demand_told(refuse(path, value), key, reason, fix)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\t\n", "it is empty"),
        (b"\xff\xfe\x00", "byte 0 is not UTF-8"),
        (b'account = "\xe9"', "byte 11 is not UTF-8"),
        (b"account = ", "it is not TOML: Invalid value (at end of document)"),
        (b'account = "1"\naccount = "2"', "it is not TOML: Cannot overwrite a value (at "),
        (b"[" * 5000, "it is not TOML"),
        (b"a = " + b"[" * 100_000, "it is not TOML"),
        (b"a = " + b"9" * 10_000, "it is not TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_as_a_whole(
    directory: Directory, content: bytes, reason: str
) -> None:
    message = directory.refusal(content)
    assert message.startswith("environments/rovn/production.toml is refused:")
    assert f"  (the whole file)\n    why: {reason}" in message


def test_everything_wrong_is_told_at_once(directory: Directory) -> None:
    message = directory.refusal(b'schema = 1\naccount = "1"\nregion = "moon"\ntypo = 1\n')
    for key in ("account", "region", "typo", "tier", "network", "buckets"):
        assert f"\n  {key}\n" in message


@pytest.mark.parametrize("name", ["Prod", "prod_1", "x-", "a--b", "1a", "a" * 32])
def test_a_name_that_cannot_name_resources_is_refused(directory: Directory, name: str) -> None:
    message = directory.refusal(b"schema = 1", f"rovn/{name}")
    assert f"'{name}' cannot be part of resource names" in message


def test_an_organisation_without_clauses_is_refused(directory: Directory) -> None:
    """Nothing would be held against its file: that must not pass as 'all good'."""
    (directory.root / "nobody").mkdir()
    message = directory.refusal(tomli_w.dumps(HAPPY).encode(), "nobody/production")
    assert "no clauses are written down for 'nobody'" in message
    assert "add runbook/clauses/nobody.toml" in message


def test_a_directory_in_place_of_a_file_is_refused(directory: Directory) -> None:
    (directory.root / "rovn" / "production.toml").mkdir()
    with pytest.raises(RefusedError, match="it cannot be read: Is a directory"):
        load_environment("rovn/production", root=directory.root)
