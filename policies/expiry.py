"""``python -m policies.expiry``: no waiver holds longer than somebody answered for.

Synthesis has no clock, so it cannot tell. This is asked by `make check`; by default for the day of
the commit, so that the same commit gives the same answer.
"""

import sys
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated

import typer

from policies.waiver_list import SOON_DAYS
from policies.waivers import WAIVERS, Waiver, load_waivers, overdue
from runbook.model.refusal import Refusal, RefusedError
from runbook.working_tree import head

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def expired(waivers: Iterable[Waiver], as_of: date) -> list[Refusal]:
    """List the waivers whose last day is before ``as_of``."""
    return [
        Refusal(
            waiver.entry,
            late,
            f"fix the finding; or {waiver.stated.owner} reviews the reason and sets a new day",
        )
        for waiver in waivers
        if (late := overdue(waiver.stated.expires, as_of))
    ]


def expiring(waivers: Iterable[Waiver], as_of: date) -> list[Waiver]:
    """List those that hold on that day, and will have expired ``SOON_DAYS`` after it."""
    soon = as_of + timedelta(days=SOON_DAYS)
    return [waiver for waiver in waivers if as_of <= waiver.stated.expires < soon]


def day_of_the_commit() -> date:
    """Ask git for the day in UTC; raises ``RefusedError`` where there is no commit to ask."""
    committed = head(WAIVERS.parent)
    if committed is None:
        fix = "say it: --as-of 2027-01-31"
        refusal = Refusal("--as-of", "git does not tell the day of the commit", fix)
        raise RefusedError("the day to judge by", [refusal])
    return committed[1].date()


@app.command()
def judge(
    *, as_of: Annotated[str | None, typer.Option(help="A day, such as 2027-01-31.")] = None
) -> None:
    """Fail when a waiver has expired; by default on the day of the commit."""
    day = _day(as_of) if as_of else day_of_the_commit()
    waivers = load_waivers()
    refusals = expired(waivers, day)
    if refusals:
        raise RefusedError(f"{WAIVERS.parent.name}/{WAIVERS.name}", refusals)
    for waiver in expiring(waivers, day):
        stated = waiver.stated
        told = f"policies/waivers.toml {waiver.entry} holds until {stated.expires}: {stated.owner}"
        typer.echo(f"warning: {told} fixes the finding or sets a new day", err=True)
    typer.echo(f"waivers: {len(waivers)}, none expired on {day}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refusal = Refusal("--as-of", f"{text!r} is not a day", "write it as 2027-01-31")
        raise RefusedError("the command line", [refusal]) from None


if __name__ == "__main__":
    try:
        app()
    except RefusedError as refused:
        sys.exit(str(refused))
