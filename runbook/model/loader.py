"""From a name to an environment: find the file, read it, refuse it with a reason."""

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from runbook.model.environment import Environment, EnvironmentFile
from runbook.model.environment_files import ENVIRONMENTS, known_environments
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from runbook.model.validation import refusals_of

__all__ = ["ENVIRONMENTS", "known_environments", "load_environment"]
# What every AWS resource name takes: CloudTrail, for one, refuses two hyphens side by side.
_NAME = re.compile(r"(?=.{1,31}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FROM_PATH = ("organisation", "environment")


def load_environment(
    name: str,
    *,
    root: Path = ENVIRONMENTS,
    account: str | None = None,
    region: str | None = None,
) -> Environment:
    """Load ``organisation/environment``, placed elsewhere when account or region is given.

    Raises ``RefusedError`` for an unknown name and for anything wrong in the file.
    """
    known = known_environments(root)
    if name not in known:
        raise RefusedError(f"environment {name!r}", [_unknown(name, known)])
    path = root / f"{name}.toml"
    source = path.relative_to(root.parent).as_posix()
    organisation, environment = name.split("/")
    for part in (organisation, environment):
        if not _NAME.fullmatch(part):
            raise RefusedError(source, [_bad_name(part)])
    loaded = _validated(source, _read(source, path), organisation, environment)
    if account is None and region is None:
        return loaded
    try:
        return loaded.moved(account=account, region=region)
    except ValidationError as error:
        overridden = f"{source} with account or region from the command line"
        raise RefusedError(overridden, refusals_of(error, _known_keys())) from None


@lru_cache(maxsize=32)
def _validated(source: str, text: str, organisation: str, environment: str) -> Environment:
    """Make an environment of what a file says, once: it cannot be changed afterwards."""
    data = _parse(source, text)
    taken = [key for key in _FROM_PATH if key in data]
    if taken:
        raise RefusedError(source, [_named_by_path(key) for key in taken])
    data |= {"organisation": organisation, "environment": environment}
    try:
        return Environment.model_validate(data)
    except ValidationError as error:
        raise RefusedError(source, refusals_of(error, _known_keys())) from None


def _read(source: str, path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8"
        raise RefusedError(source, [Refusal(WHOLE_FILE, reason, "save it as UTF-8")]) from None
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        fix = "make it a readable file"
        raise RefusedError(source, [Refusal(WHOLE_FILE, reason, fix)]) from None
    if not text.strip():
        fix = "start from a copy of an environment that works"
        raise RefusedError(source, [Refusal(WHOLE_FILE, "it is empty", fix)])
    return text


def _parse(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = f"it is not TOML: {error}"
        raise RefusedError(
            source, [Refusal(WHOLE_FILE, reason, "correct the syntax at that place")]
        ) from None


def _unknown(name: str, known: list[str]) -> Refusal:
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return Refusal(
        "environment",
        "there is no such environment",
        f"{hint}known: {', '.join(known) or 'none'}",
    )


def _bad_name(part: str) -> Refusal:
    return Refusal(
        WHOLE_FILE,
        f"{part!r} cannot be part of resource names",
        "rename it: lower-case letters and digits, single hyphens between, at most 31",
    )


def _named_by_path(key: str) -> Refusal:
    return Refusal(key, "the file's path gives this, so the file must not", f"remove {key}")


def _known_keys() -> dict[str, list[str]]:
    return {path or WHOLE_FILE: keys for path, keys in _tables("", EnvironmentFile)}


def _tables(path: str, model: type[BaseModel]) -> Iterator[tuple[str, list[str]]]:
    """Walk the model's tables: each one's dotted path, and its keys as a file spells them."""
    keys = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        keys.append(key)
        inner, below = field.annotation, f"{path}.{key}".removeprefix(".")
        if get_origin(inner) is dict:
            # Named by the file: services.* stands for every service.
            inner, below = get_args(inner)[1], f"{below}.*"
        for model_of in get_args(inner) or (inner,):
            # A table that may be left out is written as a union with None.
            if isinstance(model_of, type) and issubclass(model_of, BaseModel):
                yield from _tables(below, model_of)
    yield path, keys
