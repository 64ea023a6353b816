"""``runbook waivers``: what is let pass, why, who answers for it and until when."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from policies.terminal import bold, red, say, yellow
from policies.waivers import Waiver, overdue

# So many days before the last one, somebody should look at it again.
SOON_DAYS = 30


def as_json(waivers: Iterable[Waiver], today: date) -> str:
    """Give them for machines."""
    return json.dumps([_entry(waiver, today) for waiver in waivers], indent=2)


def write(waivers: Iterable[Waiver], today: date) -> None:
    """Print them, the next to expire first; late ones stand out."""
    ordered = sorted(waivers, key=lambda waiver: (waiver.stated.expires, waiver.entry))
    for waiver in ordered:
        stated = waiver.stated
        where = ", ".join(stated.environments) if stated.environments else "every environment"
        lines = [
            f"{_until(waiver, today)}  {stated.owner}, policies/waivers.toml {waiver.entry}",
            *(f"  {rule}" for rule in stated.rules),
            f"  at {', '.join(stated.paths)}",
            f"  in {where}: {' '.join(stated.reason.split())}",
            "",
        ]
        for line in lines:
            say(line)
    late = sum(bool(overdue(waiver.stated.expires, today)) for waiver in ordered)
    say(f"{len(ordered)} waivers, {late} expired on {today}")


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
    if overdue(expires, today):
        return red(f"{expires}: expired")
    left = (expires - today).days
    if left <= SOON_DAYS:
        return yellow(f"{expires}: {left} days left")
    return bold(str(expires))
