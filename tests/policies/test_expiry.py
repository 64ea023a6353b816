"""Waivers end: judged by a day that is given, never by a clock in the synthesis."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from policies import expiry
from policies.expiry import day_of_the_commit, expired, expiring
from policies.waivers import load_waivers
from tests.assembly import ROOT

NAMED = ("NAME", "EMAIL")


def judge(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "policies.expiry", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_waiver_holds_on_its_last_day_and_not_after() -> None:
    first = min(load_waivers(), key=lambda waiver: waiver.stated.expires)
    last_day = first.stated.expires
    assert expired([first], last_day) == []
    (refusal,) = expired([first], last_day + timedelta(days=1))
    assert refusal.key == first.entry
    assert refusal.reason.startswith(f"it held until {last_day}, and it is ")
    assert first.stated.owner in refusal.fix


def test_the_day_is_the_commits_in_utc_as_a_bundle_dates_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever zone the committer and this machine have."""
    ours = {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "TZ": "Asia/Tokyo"}
    ours |= {"GIT_CONFIG_GLOBAL": os.devnull}
    ours |= {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in NAMED}
    for name, value in {**ours, "GIT_COMMITTER_DATE": "2026-05-31T22:00:00-0700"}.items():
        monkeypatch.setenv(name, value)
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    monkeypatch.setattr(expiry, "WAIVERS", tmp_path / "waivers.toml")
    assert day_of_the_commit() == date(2026, 6, 1)


def test_nothing_has_expired_on_the_day_of_the_commit() -> None:
    run = judge()
    assert run.returncode == 0, run.stderr
    assert f"none expired on {day_of_the_commit()}" in run.stdout


def test_a_waiver_that_ends_soon_is_a_warning() -> None:
    first = min(load_waivers(), key=lambda waiver: waiver.stated.expires)
    last_day = first.stated.expires
    assert expiring([first], last_day - timedelta(days=30)) == []
    assert expiring([first], last_day - timedelta(days=29)) == [first]
    assert expiring([first], last_day) == [first]
    assert expiring([first], last_day + timedelta(days=1)) == []
    run = judge("--as-of", str(last_day))
    assert run.returncode == 0
    assert f"warning: policies/waivers.toml {first.entry} holds until {last_day}: " in run.stderr


def test_no_waiver_is_for_ever() -> None:
    """A decision is looked at again within two years, an unfinished piece of work sooner."""
    for waiver in load_waivers():
        assert waiver.stated.expires <= date(2028, 12, 31), waiver.entry


def test_expired_waivers_end_it_with_entry_reason_and_fix() -> None:
    run = judge("--as-of", "2099-01-01")
    assert run.returncode == 1
    assert run.stderr.startswith("policies/waivers.toml is refused:\n\n  waiver[0] (line ")
    assert "    why: it held until " in run.stderr
    assert "    fix: fix the finding; or " in run.stderr


@pytest.mark.parametrize("day", ["tomorrow", "2027-13-01"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    run = judge("--as-of", day)
    assert run.returncode == 1
    assert f"why: {day!r} is not a day" in run.stderr
    assert "Traceback" not in run.stderr
