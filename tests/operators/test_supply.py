"""`runbook rotate --value-stdin` (ROVN-SEC-3, -4): tried, stored, put to use, seen restarted."""

import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from runbook.cli import app
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from runbook.operations.operation import Exit
from runbook.operators.rotation_wanted import Wanted
from runbook.operators.supplied_value import LONGEST, Supplied, read_value
from runbook.operators.supplying import Supply
from runbook.operators.web import Answer, Web
from tests.operators.desk import Desk
from tests.operators.vault import CURRENT, OLD_VALUE, PENDING, PREVIOUS, Vault, VaultAws, first

STRIPE, DSN, NEW_VALUE = "stripe-api-key", "sentry-dsn", "canary-of-the-new-value"


@dataclass
class Vendor(Web):
    """A vendor that answers with a status, and remembers what it was asked with."""

    answer: int = 200
    asked: list[str] = field(default_factory=list)

    def status(self, url: str, headers: Any) -> Answer:  # noqa: ANN401
        self.asked.append(f"{url} {headers}")
        return Answer(self.answer)


@pytest.fixture
def aws() -> VaultAws:
    return VaultAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: VaultAws) -> Desk:
    return Desk(aws)


def supply(
    desk: Desk,
    value: str = NEW_VALUE,
    *,
    secret: str = STRIPE,
    answer: int = 200,
    dry_run: bool = False,
    exposed: bool = False,
) -> Exit:
    wanted = Wanted(secret, exposed=exposed)
    return desk.run(
        lambda account: Supply(account, wanted, Supplied(value), Vendor(answer), time=desk.time),
        dry_run=dry_run,
    )


def demand_nothing_given_away(aws: VaultAws, desk: Desk) -> None:
    said = desk.out.getvalue() + desk.err.getvalue() + str(aws.records)
    assert "canary" not in said


@pytest.mark.clause("ROVN-SEC-3")
def test_a_value_that_works_is_put_to_use_and_the_old_one_stays(aws: VaultAws, desk: Desk) -> None:
    assert supply(desk) == Exit.DONE, desk.err.getvalue()
    vault = aws.vaults[STRIPE]
    version = vault.holder(CURRENT)
    assert vault.values[version] == NEW_VALUE
    assert vault.holder(PREVIOUS) == first(STRIPE)
    assert vault.holder(PENDING) == ""
    assert vault.last_changed is not None
    assert desk.answer["verified"]["version"] == version
    assert "passport-api: all tasks are new" in desk.err.getvalue()
    demand_nothing_given_away(aws, desk)


def test_the_owner_is_told_to_revoke_the_old_one(desk: Desk) -> None:
    supply(desk)
    told = "platform-engineering revokes the old key at api.stripe.com: until then it works."
    assert desk.answer["verified"]["left to do"] == told
    assert desk.answer["next"] == "runbook secrets rovn/production"


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "value: the key does not work: https://api.stripe.com/v1/balance answers 401"),
        (403, "value: the key does not work"),
        (429, "value: it could not be told whether the key works"),
        (500, "value: it could not be told whether the key works"),
        (302, "value: it could not be told whether the key works"),
        (0, "value: it could not be told whether the key works"),
    ],
)
def test_what_was_not_shown_to_work_is_not_written(
    aws: VaultAws, desk: Desk, status: int, said: str
) -> None:
    assert supply(desk, answer=status) == Exit.REFUSED
    assert desk.refusal.startswith(said)
    assert list(aws.vaults[STRIPE].values) == [first(STRIPE)]
    assert aws.records == {}
    demand_nothing_given_away(aws, desk)


def test_what_no_call_can_show_is_said(aws: VaultAws, desk: Desk) -> None:
    assert supply(desk, secret=DSN, answer=500) == Exit.DONE, desk.err.getvalue()
    assert any(
        n.startswith("Nobody can try the value beforehand: a DSN") for n in desk.answer["notes"]
    )
    assert aws.vaults[DSN].values[aws.vaults[DSN].holder(CURRENT)] == NEW_VALUE


def test_a_first_value_needs_none_before_it(aws: VaultAws, desk: Desk) -> None:
    vault = aws.vaults[STRIPE]
    vault.created, vault.values, vault.stages = {}, {}, {}
    assert supply(desk) == Exit.DONE, desk.err.getvalue()
    assert vault.values[vault.holder(CURRENT)] == NEW_VALUE
    assert vault.holder(PENDING) == ""
    assert vault.holder(PREVIOUS) == ""
    # Nothing restarts for it, and run again the command does not wait for that either.
    again = Desk(aws)
    assert supply(again) == Exit.DONE, again.err.getvalue()
    assert "nothing is left to do here" in again.err.getvalue()


def test_the_value_in_use_is_no_new_one(aws: VaultAws, desk: Desk) -> None:
    assert supply(desk, OLD_VALUE) == Exit.REFUSED
    assert "value: it is the value in use, of " in desk.refusal
    demand_nothing_given_away(aws, desk)


def test_run_again_the_same_day_there_is_nothing_left_to_do(aws: VaultAws, desk: Desk) -> None:
    supply(desk)
    again = Desk(aws)
    assert supply(again) == Exit.DONE
    assert again.answer["outcome"] == "nothing to do"
    assert len(aws.vaults[STRIPE].values) == 2


def test_run_again_after_a_restart_that_went_back_it_says_so_again(
    aws: VaultAws, desk: Desk
) -> None:
    aws.next_steps = [("ROLLBACK_SUCCESSFUL", "SCALE_UP", 0.0)]
    assert supply(desk) == Exit.FAILED
    again = Desk(aws)
    assert supply(again) == Exit.FAILED
    assert again.answer["failure"]["what"].startswith("passport-api was not restarted")
    aws.next_steps = [("SUCCESSFUL", "CLEAN_UP", 100.0)]
    aws.begin_restart()
    third = Desk(aws)
    assert supply(third) == Exit.DONE
    assert len(aws.vaults[STRIPE].values) == 2


@pytest.mark.parametrize(
    ("operation", "left"), [("PutSecretValue", PENDING), ("UpdateSecretVersionStage", CURRENT)]
)
def test_one_that_was_broken_off_goes_on(
    aws: VaultAws, desk: Desk, operation: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C as soon as the call is done; the same command with the same value ends well."""
    done = aws.answer

    def answer(called: str, asked: Any) -> Any:  # noqa: ANN401
        told = done(called, asked)
        if called == operation:
            raise KeyboardInterrupt
        return told

    monkeypatch.setattr(aws, "answer", answer)
    assert supply(desk) == Exit.INTERRUPTED
    assert (
        "with the same value goes on: runbook rotate rovn/production --secret stripe-api-key"
        in (desk.err.getvalue())
    )
    vault = aws.vaults[STRIPE]
    assert vault.values[vault.holder(left)] == NEW_VALUE
    monkeypatch.setattr(aws, "answer", done)
    again = Desk(aws)
    assert supply(again) == Exit.DONE, again.err.getvalue()
    assert len(vault.values) == 2, "stored once"
    assert vault.values[vault.holder(CURRENT)] == NEW_VALUE
    assert vault.holder(PENDING) == ""
    demand_nothing_given_away(aws, again)


def test_tasks_that_started_between_storing_and_use_are_waited_for(
    aws: VaultAws, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = aws.vaults[STRIPE]
    stored = first("stored")
    vault.created[stored], vault.values[stored] = aws.tick(), NEW_VALUE
    vault.move(PENDING, stored)
    aws.started = aws.tick()
    promote = aws._promote

    def promoted(of: Vault, version: str) -> None:
        """As AWS does it: the label of a pending version goes in the same call."""
        promote(of, version)
        of.move(PENDING, "")

    monkeypatch.setattr(aws, "_promote", promoted)
    assert supply(desk) == Exit.DONE, desk.err.getvalue()
    assert vault.promoted is not None
    assert aws.started > vault.promoted


def test_a_value_that_was_stored_and_never_used_is_left_behind(aws: VaultAws, desk: Desk) -> None:
    vault = aws.vaults[STRIPE]
    left = first("left")
    vault.created[left], vault.values[left] = aws.tick(), "canary-left"
    vault.move(PENDING, left)
    assert supply(desk) == Exit.DONE, desk.err.getvalue()
    assert "A value that was stored and never put to use is left behind." in desk.answer["notes"]
    assert vault.values[vault.holder(CURRENT)] == NEW_VALUE
    assert left not in vault.stages


def test_somebody_else_who_was_first_is_told(aws: VaultAws, desk: Desk) -> None:
    aws.during["PutObject"] = lambda: aws.vaults[STRIPE].move(CURRENT, "another")
    assert supply(desk) == Exit.REFUSED
    assert desk.answer["outcome"] == "not begun"
    assert len(aws.vaults[STRIPE].values) == 1


def test_somebody_else_who_comes_in_between_keeps_what_they_put(aws: VaultAws, desk: Desk) -> None:
    vault = aws.vaults[STRIPE]

    def another() -> None:
        vault.created["another"] = aws.tick()
        vault.move(CURRENT, "another")

    aws.during["UpdateSecretVersionStage"] = another
    assert supply(desk) == Exit.FAILED
    assert vault.holder(CURRENT) == "another"
    assert "UpdateSecretVersionStage: InvalidParameterException" in desk.err.getvalue()


@pytest.mark.clause("ROVN-SEC-4")
@pytest.mark.clause("DLX-SEC-1")
def test_after_an_exposure_revoking_comes_first(aws: VaultAws, desk: Desk) -> None:
    aws.read_by("arn:aws:iam::111122223333:role/stranger", f"rovn/production/{STRIPE}")
    assert supply(desk, exposed=True) == Exit.DONE, desk.err.getvalue()
    assert desk.answer["summary"].startswith(
        "NOW, before anything here: platform-engineering revokes the old key at api.stripe.com"
    )
    (reader,) = desk.answer["verified"]["read_by"]
    assert reader.startswith("NOT EXPECTED: arn:aws:iam::111122223333:role/stranger")
    assert list(aws.records.values())[-1]["detail"]["read_by"] == [reader]


def test_a_dry_run_writes_nothing(aws: VaultAws, desk: Desk) -> None:
    assert supply(desk, dry_run=True) == Exit.DONE
    assert len(aws.vaults[STRIPE].values) == 1
    assert desk.answer["next"].endswith("--secret stripe-api-key --value-stdin")


def test_a_value_of_long_ago_is_not_taken_for_todays(aws: VaultAws, desk: Desk) -> None:
    supply(desk)
    vault = aws.vaults[STRIPE]
    vault.created[vault.holder(CURRENT)] = aws.moment - timedelta(days=2)
    again = Desk(aws)
    assert supply(again) == Exit.REFUSED
    assert "make a new key at the vendor" in again.refusal


# ---- the value itself


@pytest.mark.parametrize("given", [NEW_VALUE, f"{NEW_VALUE}\n", f"{NEW_VALUE}\r\n"])
def test_the_end_of_a_line_is_no_part_of_it(given: str) -> None:
    assert read_value(io.StringIO(given)).text == NEW_VALUE


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "it is empty"),
        ("\n", "it is empty"),
        ("canary two", "there is white space in it"),
        ("canary\n\n", "there is white space in it"),
        ("canary\nmore\n", "there is white space in it"),
        ("canary\u2026", "it has letters that no key has"),
        ("canary\x1b[0m", "it has letters that no key has"),
        ("canary" * LONGEST, "it has more than the 65536 bytes"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(given: str, why: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_value(io.StringIO(given))
    assert why in refused.value.brief
    assert "canary" not in refused.value.brief


def test_bytes_that_are_no_text_are_refused_and_not_shown() -> None:
    with pytest.raises(RefusedError) as refused:
        read_value(io.TextIOWrapper(io.BytesIO(b"canary\xff"), encoding="utf-8"))
    assert "it could not be read as text" in refused.value.brief
    assert "canary" not in str(refused.value.__cause__) + refused.value.brief


def test_the_longest_value_is_taken() -> None:
    assert len(read_value(io.StringIO("x" * LONGEST + "\n")).text) == LONGEST


def test_a_terminal_is_asked_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: NEW_VALUE)
    assert read_value(terminal).text == NEW_VALUE
    assert "canary" not in repr(read_value(terminal))


# ---- the command line


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--secret nothing", "there is no secret 'nothing'; known: database-master, "),
        (f"--secret {STRIPE}", "no API makes a stripe-api-key; make a new key there, and give"),
        (
            f"--secret {STRIPE} --suspected-exposure",
            "platform-engineering revokes the old key at the vendor NOW; make a new key there",
        ),
        ("--secret admin-token --value-stdin", "a function makes the values of admin-token"),
        ("--secret admin-token --exposed-version x", "it goes with --suspected-exposure"),
    ],
)
def test_what_does_not_go_together_is_refused(options: str, why: str) -> None:
    ran = CliRunner().invoke(app, f"rotate rovn/production {options}".split(), input="canary")
    assert isinstance(ran.exception, RefusedError)
    assert why in ran.exception.brief
    assert "canary" not in ran.output + str(ran.exception)
