"""`runbook waivers`: everything that is let pass, the next to expire first."""

import json

import pytest
from typer.testing import CliRunner

from policies.waivers import load_waivers
from runbook.cli import app


def said(*options: str) -> str:
    run = CliRunner().invoke(app, ["waivers", *options])
    assert run.exit_code == 0, run.output
    return run.stdout


def test_each_waiver_is_listed_with_its_reason_and_owner() -> None:
    text = said("--as-of", "2026-11-21")
    waivers = load_waivers()
    for waiver in waivers:
        assert waiver.entry in text
        assert " ".join(waiver.stated.reason.split()) in text
        assert all(f"  {rule}\n" in text for rule in waiver.stated.rules)
    assert text.endswith(f"\n{len(waivers)} waivers, 0 expired on 2026-11-21\n")


def test_the_next_to_expire_comes_first() -> None:
    first = min(waiver.stated.expires for waiver in load_waivers())
    assert said("--as-of", "2026-11-21").startswith(f"{first}  ")


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        ("2027-05-01", "2027-05-31: 30 days left  "),
        ("2027-04-30", "2027-05-31  "),
        ("2027-06-01", "2027-05-31: expired  "),
    ],
)
def test_late_ones_stand_out(day: str, begins: str) -> None:
    assert said("--as-of", day).startswith(begins)


def test_machines_read_json() -> None:
    entries = json.loads(said("--as-of", "2026-11-21", "--json"))
    assert len(entries) == len(load_waivers())
    assert list(entries[0]) == [
        *("entry", "rules", "paths", "environments", "reason", "owner", "expires", "days_left")
    ]
    assert all(entry["days_left"] > 0 for entry in entries)


def test_a_day_that_is_none_is_refused() -> None:
    assert CliRunner().invoke(app, ["waivers", "--as-of", "soon"]).exit_code == 2
