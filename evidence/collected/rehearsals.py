"""The last rehearsal on record: the report that ``make rehearse`` writes."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from evidence.model import Commit, Drill, Rehearsal
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

PASSED, FAILED, NOT_EXERCISABLE = "passed", "failed", "not exercisable"
_AGAIN = "rehearse again (make rehearse), or remove the file: then no rehearsal is on record"


def _time(text: str) -> str:
    """Take a time that says its zone."""
    try:
        zone = datetime.fromisoformat(text).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        raise PydanticCustomError("no_time", "a time with its zone is expected here")
    return text


_Text = Annotated[str, Field(min_length=1)]


class _Drill(BaseModel):
    """A drill of the report; nothing passes without a word on what was checked."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: _Text
    clauses: Annotated[tuple[_Text, ...], Field(min_length=1)]
    outcome: Literal["passed", "failed", "not exercisable"]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    checked: tuple[_Text, ...]
    reason: str

    @model_validator(mode="after")
    def _said(self) -> Self:
        if self.outcome == PASSED and not self.checked:
            raise PydanticCustomError("unsaid", "it passed, and nothing says what was checked")
        if self.outcome != PASSED and not self.reason:
            raise PydanticCustomError("unsaid", "it did not pass, and nothing says why")
        return self


class _Commit(BaseModel):
    """What was rehearsed, and whether nothing differed from it all the while."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
    date: Annotated[str, AfterValidator(_time)]
    clean: bool


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    environment: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
    started: Annotated[str, AfterValidator(_time)]
    # Reports of before it was told lack it.
    commit: _Commit | None = None
    drills: Annotated[tuple[_Drill, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [drill.name for drill in self.drills]
        for name in names:
            if names.count(name) > 1:
                raise PydanticCustomError(
                    "twice", "the drill {name} is in it twice", {"name": name}
                )
        return self


def last_rehearsal(path: Path) -> Rehearsal | None:
    """Read the report of the last rehearsal; ``None`` where there is none.

    Raises ``RefusedError`` for one that cannot be read, or that is not as the interface in
    sandbox/rehearsal/report.py has it: nothing of it counts then.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise RefusedError(str(path), [Refusal(WHOLE_FILE, reason, _AGAIN)]) from None
    try:
        report = _Report.model_validate_json(data)
    except ValidationError as error:
        raise RefusedError(str(path), list(_refusals(error.errors(include_url=False)))) from None
    return Rehearsal(
        environment=report.environment,
        started=report.started,
        sha256=hashlib.sha256(data).hexdigest(),
        drills=tuple(Drill(**drill.model_dump()) for drill in report.drills),
        commit=Commit(**report.commit.model_dump()) if report.commit else None,
    )


def _refusals(errors: Iterable[ErrorDetails]) -> Iterable[Refusal]:
    for error in errors:
        if error["type"] == "too_short" and error["input"]:
            continue  # It follows from an item of it that is told by itself.
        key = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in error["loc"])
        message = error["msg"]
        reason = f"{message[:1].lower()}{message[1:]}"
        yield Refusal(key.removeprefix(".") or WHOLE_FILE, reason, _AGAIN)
