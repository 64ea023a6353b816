"""The images of an environment: what their tags look like."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runbook.model.validation import impossible

# What ECR takes as a tag.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def _anchored_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        reason = f"it is not a regular expression: {error}"
        raise impossible(reason, "correct it at that place") from None
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise impossible("it would match in the middle of a tag, too", "write ^ before, $ after it")
    return pattern


class Images(BaseModel):
    """The format of image tags (ROVN-DEP-2); a release takes no other."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    tag_pattern: Annotated[
        str,
        AfterValidator(_anchored_pattern),
        Field(description="Regular expression, from ^ to $, that every image tag matches."),
    ]
    tag_example: Annotated[
        str, Field(description="A tag of that form, for messages and the sandbox.")
    ]
    scan_fail_severity: Annotated[
        Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"],
        Field(description="An image with findings of this severity or more is not released."),
    ]

    @model_validator(mode="after")
    def _example_matches(self) -> Self:
        for pattern in (self.tag_pattern, _TAG.pattern):
            if not re.fullmatch(pattern, self.tag_example):
                raise impossible(
                    f"tag_example {self.tag_example!r} does not match {pattern}",
                    "write a tag that the pipeline could give",
                )
        return self
