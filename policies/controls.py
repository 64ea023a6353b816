"""The controls that rules cite: policies/controls.toml, typed."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

CONTROLS = Path(__file__).with_name("controls.toml")


class Framework(BaseModel):
    """A framework as it stands in the file: ``controls`` maps ids within it to titles.

    Ids that begin with one of ``organisational`` ask for what no template shows.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    title: Annotated[str, Field(min_length=1)]
    url: Annotated[str, Field(pattern=r"^https://")]
    organisational: list[Annotated[str, Field(min_length=1)]]
    controls: dict[str, Annotated[str, Field(min_length=1)]]


@dataclass(frozen=True, slots=True)
class Control:
    """One control; ``id`` is as rules cite it, ``url`` leads to its framework's own text.

    An ``organisational`` one asks for people and procedures, too.
    """

    id: str
    title: str
    framework: str
    url: str
    organisational: bool


@cache
def all_controls() -> dict[str, Control]:
    """Give every control by its id, in the file's order."""
    found = {}
    for name, entry in tomllib.loads(CONTROLS.read_text("utf-8")).items():
        framework = Framework.model_validate(entry)
        for short, title in framework.controls.items():
            control = Control(
                f"{name} {short}",
                title,
                framework.title,
                framework.url,
                short.startswith(tuple(framework.organisational)),
            )
            found[control.id] = control
    return found
