"""``runbook waivers``: what is let pass, why, who answers for it and until when."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from rich.console import Console
from rich.markup import escape

from policies.waivers import Waiver

# So many days before the last one, somebody should look at it again.
SOON_DAYS = 30


def as_json(waivers: Iterable[Waiver], today: date) -> str:
    """Give them for machines."""
    return json.dumps([_entry(waiver, today) for waiver in waivers], indent=2)


def write(waivers: Iterable[Waiver], today: date, console: Console) -> None:
    """Print them, the next to expire first; late ones stand out."""
    ordered = sorted(waivers, key=lambda waiver: (waiver.stated.expires, waiver.entry))
    for waiver in ordered:
        stated = waiver.stated
        where = ", ".join(stated.environments) if stated.environments else "every environment"
        lines = [
            f"{_until(waiver, today)}  {stated.owner}, policies/waivers.toml {waiver.entry}",
            *(f"  {escape(rule)}" for rule in stated.rules),
            f"  at {escape(', '.join(stated.paths))}",
            f"  in {where}: {escape(' '.join(stated.reason.split()))}",
            "",
        ]
        for line in lines:
            console.print(line, highlight=False, soft_wrap=True)
    late = sum(waiver.stated.expires < today for waiver in ordered)
    console.print(f"{len(ordered)} waivers, {late} expired on {today}", highlight=False)


def _entry(waiver: Waiver, today: date) -> dict[str, Any]:
    stated = waiver.stated
    return {
        "entry": waiver.entry,
        "rules": list(stated.rules),
        "paths": list(stated.paths),
        "environments": list(stated.environments) if stated.environments else None,
        "reason": " ".join(stated.reason.split()),
        "owner": stated.owner,
        "expires": stated.expires.isoformat(),
        "days_left": (stated.expires - today).days,
    }


def _until(waiver: Waiver, today: date) -> str:
    expires = waiver.stated.expires
    left = (expires - today).days
    if left < 0:
        return f"[bold red]{expires}: expired[/bold red]"
    if left <= SOON_DAYS:
        return f"[yellow]{expires}: {left} days left[/yellow]"
    return f"[bold]{expires}[/bold]"
