"""Whether releases are frozen."""

import json
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from .surroundings import client, setting


@dataclass(frozen=True)
class Freeze:
    """Whether releases may pass; ``why`` says it when they may not."""

    closed: bool
    why: str


def freeze() -> Freeze:
    """Read the parameter. What cannot be read, or is not as it was made, is closed.

    It is asked for releases only: nothing on the way back ever waits for it.
    """
    name = setting("FREEZE_PARAMETER")
    try:
        text = client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        state = json.loads(text)
        frozen = state["frozen"]
    except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as error:
        return Freeze(closed=True, why=f"{name} cannot be read: {type(error).__name__}: {error}")
    if frozen is False:
        return Freeze(closed=False, why="")
    if frozen is not True:
        return Freeze(closed=True, why=f"{name} says neither true nor false")
    said = [f"{key} {state[key]}" for key in ("since", "by", "reason") if state.get(key)]
    return Freeze(closed=True, why=f"{name}: releases are frozen, {', '.join(said) or 'no reason'}")
