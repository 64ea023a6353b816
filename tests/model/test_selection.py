"""Which environments the context asks for; an empty answer never means "the default"."""

from pathlib import Path

import pytest
import tomli_w

from runbook.model.refusal import RefusedError
from runbook.model.selection import all_environments, selected_environments
from tests.model.spoiling import HAPPY


def test_no_context_means_all() -> None:
    names = [environment.name for environment in selected_environments({"other": 1})]
    assert names == ["rovn/production", "rovn/staging"]


def test_one_environment_alone_and_elsewhere() -> None:
    context = {"environment": "rovn/staging", "account": "999988887777", "region": "us-east-1"}
    (environment,) = selected_environments(context)
    assert (environment.name, environment.account) == ("rovn/staging", "999988887777")
    assert environment.availability_zones[0] == "us-east-1a"


@pytest.mark.parametrize("key", ["environment", "account", "region"])
@pytest.mark.parametrize("value", ["", " ", 0, 5, True, None, [], {}])
def test_what_is_not_a_text_is_refused(key: str, value: object) -> None:
    """`-c account=$ACCOUNT` with the variable unset must not go to the file's own account."""
    context = {"environment": "rovn/staging"} | {key: value}
    with pytest.raises(RefusedError, match=f"-c {key} is refused") as refused:
        selected_environments(context)
    assert "give it a value, or leave it out" in str(refused.value)


@pytest.mark.parametrize("key", ["account", "region"])
def test_all_environments_cannot_be_placed_in_one_account(key: str) -> None:
    with pytest.raises(RefusedError, match="only one environment at a time"):
        selected_environments({key: "999988887777"})


def test_two_names_that_make_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rovn/a-b and rovn-a/b would fight over the same stacks."""
    root = tmp_path / "environments"
    for organisation, name in (("rovn", "a-b"), ("rovn-a", "b")):
        (root / organisation).mkdir(parents=True)
        (root / organisation / f"{name}.toml").write_text(tomli_w.dumps(HAPPY), "utf-8")
    known = {"rovn": (), "rovn-a": ()}
    monkeypatch.setattr("runbook.model.environment.organisations_with_clauses", lambda: known)
    monkeypatch.setattr("runbook.model.environment.clauses_of", known.__getitem__)
    with pytest.raises(RefusedError, match="rovn-a/b and rovn/a-b would share the names"):
        all_environments(root)


def test_an_editors_lock_file_is_no_environment(tmp_path: Path) -> None:
    root = tmp_path / "environments"
    (root / "rovn").mkdir(parents=True)
    (root / "rovn" / "production.toml").write_text(tomli_w.dumps(HAPPY), "utf-8")
    (root / "rovn" / ".#production.toml").symlink_to("nobody@nowhere")
    assert [environment.name for environment in all_environments(root)] == ["rovn/production"]


def test_no_environment_at_all_is_refused(tmp_path: Path) -> None:
    """An empty assembly would pass every check: that must not read as 'all good'."""
    with pytest.raises(RefusedError, match="no environment file"):
        all_environments(tmp_path)
