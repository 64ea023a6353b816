"""A playbook page as it is written: what it is about, and its four sections."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# In this order, and no others (ROVN-PLB-1 to 6 ask for pages; prometheus-operator for the form).
SECTIONS = ("Meaning", "Impact", "Diagnosis", "Mitigation")
_PARTS = re.compile(
    r"\A\+\+\+\n(?P<matter>.*?)\n\+\+\+\n\n# (?P<title>[^\n]+)\n(?P<body>.*)\Z", re.S
)
_HEADING = re.compile(r"^## (.+)$", re.M)
PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
FENCE = "```"


class UnusablePageError(ValueError):
    """A page is not written as pages are; the message names it and says what is wrong."""


class _Matter(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    # Values of `playbook` in the catalogue that this page answers.
    alarms: Annotated[tuple[str, ...], Field(strict=False)] = ()
    clauses: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    # The documents' own section, such as 5.2.
    section: str | None = None


@dataclass(frozen=True)
class Page:
    """One page, placeholders unfilled. ``sections`` maps each heading to its Markdown, in order."""

    id: str
    title: str
    alarms: tuple[str, ...]
    clauses: tuple[str, ...]
    section: str | None
    sections: dict[str, str]


def parse(id_: str, text: str) -> Page:
    """Read one page; raises ``UnusablePageError`` for whatever is not as pages are."""
    parts = _PARTS.match(text)
    if parts is None:
        raise UnusablePageError(f"{id_}: begins with +++, TOML, +++, an empty line and # a title")
    try:
        matter = _Matter.model_validate(tomllib.loads(parts["matter"]))
    except ValueError as error:
        raise UnusablePageError(f"{id_}: {error}") from None
    before, *found = _HEADING.split(parts["body"])
    headings, bodies = tuple(found[::2]), [body.strip() for body in found[1::2]]
    if before.strip() or headings != SECTIONS:
        raise UnusablePageError(f"{id_}: its sections are exactly {', '.join(SECTIONS)}")
    if not all(bodies):
        raise UnusablePageError(f"{id_}: {headings[bodies.index('')]} is empty")
    sections = dict(zip(headings, bodies, strict=True))
    page = Page(id_, parts["title"], matter.alarms, matter.clauses, matter.section, sections)
    if not page.alarms and page.section is None:
        raise UnusablePageError(
            f"{id_}: neither an alarm nor a section of the documents leads here"
        )
    return page


@cache
def all_pages() -> tuple[Page, ...]:
    """Read every page, sections of the documents first, then by id."""
    folder = files("runbook.playbooks") / "pages"
    read = [
        parse(file.name.removesuffix(".md"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".md")
    ]
    return tuple(sorted(read, key=lambda page: (page.section or "~", page.id)))
