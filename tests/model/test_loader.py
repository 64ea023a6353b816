"""Finding and loading environments; nothing that a file can hold makes the loader fall over."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import RefusedError
from runbook.model.written import as_toml
from tests.model.spoiling import HAPPY, MISSING, spoiled


def load(content: bytes) -> Environment | RefusedError:
    """Load a file of this content; anything but an environment or a refusal is an error."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "environments"
        (root / "rovn").mkdir(parents=True)
        (root / "rovn" / "production.toml").write_bytes(content)
        try:
            return load_environment("rovn/production", root=root)
        except RefusedError as refused:
            return refused


def paths(table: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in table.items():
        found.append(f"{prefix}{key}")
        if isinstance(value, dict):
            found += paths(value, f"{prefix}{key}.")
    return found


# What TOML can hold: its integers are 64 bits wide here, its text any Unicode but surrogates.
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates()
    | st.datetimes()
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(categories=["Ll"]), min_size=1), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    refused = load(content)
    assert isinstance(refused, RefusedError)
    assert str(refused).startswith("environments/rovn/production.toml is refused:")
    assert all(r.key and r.reason and r.fix for r in refused.refusals)


@given(st.sampled_from(paths(HAPPY)), VALUES)
def test_any_value_in_any_place_is_taken_or_refused_by_key(path: str, value: object) -> None:
    loaded = load(tomli_w.dumps(spoiled(path, value)).encode())
    if isinstance(loaded, RefusedError):
        assert all(r.key and r.reason and r.fix for r in loaded.refusals)
    else:
        assert loaded.name == "rovn/production"
        assert loaded.buckets.audit.shortest_days >= 2555


# Which secrets there are is up to the file, where no clause names them; so are fallback models,
# and headers that a vendor wants.
NAMED_BY_THE_FILE = {
    "secrets.anthropic-api-key.verification.headers",
    "secrets.anthropic-api-key.verification.headers.anthropic-version",
    "secrets.admin-token",
    "secrets.sentry-dsn",
    "services.passport-api.fallback_models",
}


@given(st.sampled_from([path for path in paths(HAPPY) if path not in NAMED_BY_THE_FILE]))
def test_no_key_can_be_left_out(path: str) -> None:
    refused = load(tomli_w.dumps(spoiled(path, MISSING)).encode())
    assert isinstance(refused, RefusedError)


def test_the_happy_file_loads() -> None:
    loaded = load(tomli_w.dumps(HAPPY).encode())
    assert isinstance(loaded, Environment)
    assert (loaded.name, loaded.slug) == ("rovn/production", "rovn-production")


@pytest.mark.parametrize("name", known_environments())
def test_every_shipped_environment_loads(name: str) -> None:
    assert load_environment(name).name == name


@pytest.mark.parametrize("name", ["rovn/productoin", "production", "", "../rovn/production", "/"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(RefusedError) as refused:
        load_environment(name)
    assert "known: rovn/production, rovn/staging" in str(refused.value)


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(RefusedError, match="did you mean rovn/production"):
        load_environment("rovn/productoin")


def test_an_environment_can_be_placed_elsewhere() -> None:
    moved = load_environment("rovn/production", account="999988887777", region="us-east-1")
    assert (moved.account, moved.region) == ("999988887777", "us-east-1")
    assert moved.availability_zones == ("us-east-1a", "us-east-1b", "us-east-1c")
    assert moved.network == load_environment("rovn/production").network
    # An alarm sees nothing of another region: the canary comes along.
    assert moved.services["passport-api"].probes.canary_region == "us-east-1"
    assert load_environment("rovn/production", region="us-east-2") == load_environment(
        "rovn/production"
    )


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"account": "12"}, "'12' is not an AWS account id"),
        ({"region": "moon"}, "no region 'moon'"),
    ],
)
def test_an_impossible_place_is_refused(place: dict[str, str], reason: str) -> None:
    with pytest.raises(RefusedError, match="from the command line is refused") as refused:
        load_environment("rovn/production", **place)  # type: ignore[arg-type]
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", known_environments())
def test_an_environment_written_back_is_the_same(name: str, tmp_path: Path) -> None:
    moved = load_environment(name, account="123456789012")
    file = tmp_path / f"{name}.toml"
    file.parent.mkdir()
    file.write_text(as_toml(moved), "utf-8")
    assert load_environment(name, root=tmp_path) == moved
