"""`runbook secrets`: age against cadence, and what wants somebody; it reads no value."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from runbook.cli import app
from runbook.model.loader import load_environment
from runbook.operations.account import Account
from runbook.operations.console import Console
from tests.operators.vault import CURRENT, PENDING, Vault, VaultAws, first

USER, DSN, MASTER = "database-application", "sentry-dsn", "database-master"
Change = Callable[[Vault], Any]


@pytest.fixture
def aws() -> VaultAws:
    return VaultAws(load_environment("rovn/production"))


def run(aws: VaultAws, *options: str) -> Result:
    account = Account(aws.environment, aws.session())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "runbook.operators.secret_commands.begin",
            lambda *_, as_json: (account, Console(as_json=as_json)),
        )
        return CliRunner().invoke(app, ["secrets", "rovn/production", *options])


def line_of(ran: Result, secret: str) -> str:
    (line,) = [each for each in ran.output.splitlines() if each.startswith(f"{secret} ")]
    return " ".join(line.split())


def aged(days: float) -> Change:
    def change(vault: Vault) -> None:
        vault.created[vault.holder(CURRENT)] = datetime.now(UTC) - timedelta(days=days)

    return change


def pending(minutes: float | None) -> Change:
    """Let a version be pending, with a value of so many minutes, or with none since an hour."""

    def change(vault: Vault) -> None:
        now = datetime.now(UTC)
        vault.move(PENDING, "half-done")
        vault.created["half-done"] = None if minutes is None else now - timedelta(minutes=minutes)
        vault.last_changed = now - timedelta(hours=2)

    return change


def emptied(vault: Vault) -> None:
    vault.stages.clear()


def off(vault: Vault) -> None:
    vault.rotates = False


STANDINGS: dict[str, tuple[Change, str, bool]] = {
    "new": (aged(0), "ok", False),
    "79 %": (aged(71), "ok", False),
    "80 %": (aged(72), "due soon", False),
    "99 %": (aged(89.9), "due soon", False),
    "100 %": (aged(90.9), "due soon", False),
    "more": (aged(91), "LATE", True),
    "no value": (emptied, "NO VALUE", True),
    "off": (off, "ROTATION OFF", True),
    "under way": (pending(5), "rotation under way", False),
    "pending for long": (pending(90), "ROTATION FAILED", True),
    "pending without a value": (pending(None), "ROTATION FAILED", True),
}


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("standing", STANDINGS)
def test_a_secret_stands_out_when_somebody_has_to_do_something(
    aws: VaultAws, standing: str
) -> None:
    change, word, bad = STANDINGS[standing]
    change(aws.vaults[USER])
    ran = run(aws)
    assert f"{USER} {word} " in line_of(ran, USER)
    assert ran.exit_code == (1 if bad else 0), ran.output
    assert f"{int(bad)} want attention." in ran.output
    assert "GetSecretValue" not in aws.calls
    if bad:
        assert ran.output.splitlines()[2].startswith(USER), "what wants somebody comes first"


def test_a_line_says_age_cadence_next_mechanism_owner_and_consumers(aws: VaultAws) -> None:
    said = line_of(run(aws), USER)
    day = aws.vaults[USER].created[first(USER)]
    assert day is not None
    due = f"{day + timedelta(days=90):%Y-%m-%d}"
    assert said == f"{USER} ok 10 90 {due} database_user platform-engineering passport-api"
    assert "database_master platform-engineering -" in line_of(run(aws), MASTER)


@pytest.mark.parametrize(("days", "word"), [(71.9, "ok"), (72, "due soon"), (90, "LATE")])
def test_a_vendors_key_is_late_on_the_day_it_is_due(aws: VaultAws, days: float, word: str) -> None:
    aged(days)(aws.vaults[DSN])
    assert f"{DSN} {word} {int(days)} 90 " in line_of(run(aws), DSN)


def test_a_vendors_key_has_no_rotation_that_could_be_off(aws: VaultAws) -> None:
    assert f"{DSN} ok " in line_of(run(aws), DSN)


def test_the_next_command_mends_the_worst(aws: VaultAws) -> None:
    aged(100)(aws.vaults[DSN])
    told = run(aws).output.splitlines()[-1]
    assert told == f"Next: runbook rotate rovn/production --secret {DSN} --value-stdin"
    aged(200)(aws.vaults[USER])
    told = run(aws).output.splitlines()[-1]
    assert told == f"Next: runbook rotate rovn/production --secret {USER} --now"
    del aws.vaults[MASTER]
    assert run(aws).output.splitlines()[-1] == "Next: make deploy ENV=rovn/production"


def test_one_that_is_to_be_deleted_has_no_value(
    aws: VaultAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = aws._describe_secret

    def deleted(asked: Any) -> Any:  # noqa: ANN401
        told = whole(asked)
        return told | {"DeletedDate": aws.moment} if asked["SecretId"].endswith(DSN) else told

    monkeypatch.setattr(aws, "_describe_secret", deleted)
    assert f"{DSN} NO VALUE - " in line_of(run(aws), DSN)


def test_machines_read_the_same(aws: VaultAws) -> None:
    import json

    aged(100)(aws.vaults[DSN])
    told = json.loads(run(aws, "--json").stdout)
    assert told["attention"] == [DSN]
    worst = told["secrets"][0]
    assert (worst["secret"], worst["state"], worst["rotation_days"]) == (DSN, "late", 90)
    assert worst["age_days"] == pytest.approx(100, abs=0.1)
    assert worst["consumers"] == ["passport-api"]
    assert told["next"].startswith("runbook rotate ")
