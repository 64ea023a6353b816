"""The events of the folder."""

import copy
import json
from pathlib import Path
from typing import Any

Json = Any
FOLDER = Path(__file__).with_name("events")
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
NOTHING = object()


def event(name: str, **changes: Json) -> dict[str, Json]:
    """Read one event; ``changes`` are values by path, ``detail__eventName``, or NOTHING there.

    A hyphen is written ``___``.
    """
    found: dict[str, Json] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    found = copy.deepcopy(found)
    for path, value in changes.items():
        *steps, last = (step.replace("#", "-") for step in path.replace("___", "#").split("__"))
        place = found
        for step in steps:
            place = place[step]
        if value is NOTHING:
            del place[last]
        else:
            place[last] = value
    return found
