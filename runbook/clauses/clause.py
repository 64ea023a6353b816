"""A clause: one sentence of a source document, as one TOML file an organisation holds it."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runbook.clauses.demand import Demand

# Fewer tell nobody what is missing, and what it waits for.
WORDS_OF_A_REASON = 5
_ID = r"[A-Z]+(-[A-Z]+)?-[0-9][0-9a-z.]*"
_PLACE = re.compile(r"(?P<document>[A-Z])(?P<section>[0-9][0-9a-z.]*)?")


def _explains(reason: str) -> str:
    if len(reason.split()) < WORDS_OF_A_REASON:
        raise ValueError(f"{reason!r} does not say what is missing, and what it waits for")
    return reason


class Document(BaseModel):
    """A source document: what it calls itself, and its sections by number."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    title: str
    sections: dict[str, str]


class Clause(BaseModel):
    """One sentence of a source document.

    ``title`` is our words for it. ``source`` lists documents and sections: ``R5.5, R7``. ``form``
    says how it is kept faithfully where AWS cannot do it to the letter. ``open`` says what is
    still missing and what that waits for; what keeps the rest is computed (policies/keepers.py).
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{_ID}$")]
    title: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    form: str = ""
    open: Annotated[str, AfterValidator(_explains)] | None = None
    demands: Annotated[tuple[Demand, ...], Field(strict=False)] = ()

    @property
    def places(self) -> tuple[tuple[str, str | None], ...]:
        """Split ``source`` into pairs of document and section."""
        found = [_PLACE.fullmatch(place) for place in self.source.split(", ")]
        if None in found:
            raise ValueError(f"{self.id}: {self.source!r} is no list such as 'R5.5, R7'")
        return tuple((m["document"], m["section"]) for m in found if m)


class ClauseFile(BaseModel):
    """The clauses of one organisation, and the documents that they are from."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    documents: dict[str, Document]
    clause: Annotated[tuple[Clause, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _sources_exist(self) -> Self:
        for clause in self.clause:
            for letter, section in clause.places:
                document = self.documents.get(letter)
                if document is None or (section and section not in document.sections):
                    raise ValueError(f"{clause.id}: no document here has {letter}{section or ''}")
        return self

    def cited(self, clause: Clause) -> list[str]:
        """Say in words where a clause of this file stands."""
        return [
            f"{self.documents[letter].title}"
            + (f', {section} "{self.documents[letter].sections[section]}"' if section else "")
            for letter, section in clause.places
        ]
