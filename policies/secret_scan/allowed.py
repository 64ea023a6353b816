"""Values that a judge takes for secrets and nobody has to replace: allowed.toml, typed."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from policies.secret_scan.found import DIGEST_LENGTH
from policies.waivers import explains, role
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from runbook.model.validation import impossible, refusals_of

ALLOWED = Path(__file__).with_name("allowed.toml")
_DIGEST = re.compile(rf"[0-9a-f]{{{DIGEST_LENGTH}}}")


def _digest(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        # Not repeated: somebody may have written the secret itself.
        said = f"a text of {len(text)} characters is no digest"
        raise impossible(said, "copy the digest that the refusal prints, never the value")
    return text


def _some(digests: tuple[str, ...]) -> tuple[str, ...]:
    if not digests:
        raise impossible("the list is empty", "list at least one, or remove the entry")
    return digests


class Allowance(BaseModel):
    """One ``[[allowed]]`` as it stands in the file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    digests: Annotated[
        tuple[Annotated[str, AfterValidator(_digest)], ...],
        Field(strict=False),
        AfterValidator(_some),
    ]
    reason: Annotated[str, AfterValidator(explains)]
    owner: Annotated[str, AfterValidator(role)]


class _AllowedFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    allowed: Annotated[tuple[Allowance, ...], Field(strict=False)] = ()


def load_allowed(path: Path = ALLOWED) -> frozenset[str]:
    """Read the digests that are let pass; raises ``RefusedError`` for anything wrong."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        fix = "make it a readable TOML file; without allowances it is empty"
        refusal = Refusal(WHOLE_FILE, f"it cannot be read: {error}", fix)
        raise RefusedError(path.name, [refusal]) from None
    try:
        file = _AllowedFile.model_validate(data)
    except ValidationError as error:
        given = data.get("allowed")
        count = len(given) if isinstance(given, list) else 0
        keys = {f"allowed[{index}]": list(Allowance.model_fields) for index in range(count)}
        refusals = refusals_of(error, {WHOLE_FILE: ["allowed"]} | keys)
        raise RefusedError(path.name, refusals) from None
    digests = [digest for allowance in file.allowed for digest in allowance.digests]
    twice = sorted({digest for digest in digests if digests.count(digest) > 1})
    if twice:
        reason, fix = "it is allowed twice", "keep one of the two reasons"
        raise RefusedError(path.name, [Refusal(digest, reason, fix) for digest in twice])
    return frozenset(digests)


def stale(allowed: Iterable[str], found: Iterable[str]) -> Iterator[Refusal]:
    """List digests that allow nothing: what stays could let pass what comes later."""
    for digest in sorted(set(allowed) - set(found)):
        yield Refusal(digest, "it is found nowhere in the history", "remove it")
