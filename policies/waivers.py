"""What the judges may find and nobody has to fix yet: policies/waivers.toml, typed.

One waiver is one reason. It covers each of its ``rules`` at each of its ``paths``, in every
environment unless ``environments`` names some (docs/decisions/0014).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from policies.waivable_rules import namespaced
from runbook.model.environment import Environment
from runbook.model.loader import known_environments
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from runbook.model.validation import impossible, refusals_of

WAIVERS = Path(__file__).with_name("waivers.toml")
# What differs between environments in a rule that names what it found.
PLACEHOLDERS = ("account", "name", "region", "slug")
# The Stages of an environment: its own, and the one that an administrator deploys before it.
OWN_STAGE, BOOTSTRAP_STAGE = "{slug}/", "{slug}-bootstrap/"
# Fewer explain nothing to an auditor.
WORDS_OF_A_REASON = 5
_ROLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PATH = re.compile(r"[^/\s]+(/[^/\s]+)+")


def _below_the_stage(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise impossible(
            f"{path!r} is not a construct's path",
            "write it from the stack down, without the environment: Audit/AccessLogs/Resource; "
            f"or {BOOTSTRAP_STAGE}Access/… in the Stage of the bootstrap",
        )
    return path


def _some(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if values == ():
        raise impossible("the list is empty", "list at least one, or remove the waiver")
    return values


def explains(reason: str) -> str:
    """Refuse a reason that explains nothing to an auditor."""
    if len(reason.split()) < WORDS_OF_A_REASON:
        said = f"{reason!r} explains nothing" if reason.strip() else "the reason is empty"
        raise impossible(said, "say in a sentence why the finding does no harm here")
    return reason


def role(owner: str) -> str:
    """Refuse an owner who is no role: a person leaves."""
    if not _ROLE.fullmatch(owner):
        raise impossible(
            f"{owner!r} is not a role", "name who answers for it as a role: platform-engineering"
        )
    return owner


def _known(environment: str) -> str:
    known = known_environments()
    if environment not in known:
        raise impossible(f"there is no environment {environment!r}", f"known: {', '.join(known)}")
    return environment


Rule = Annotated[str, AfterValidator(namespaced)]
ConstructPath = Annotated[str, AfterValidator(_below_the_stage)]


class WaiverEntry(BaseModel):
    """One ``[[waiver]]`` as it stands in the file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    rules: Annotated[tuple[Rule, ...], Field(strict=False), AfterValidator(_some)]
    paths: Annotated[tuple[ConstructPath, ...], Field(strict=False), AfterValidator(_some)]
    environments: Annotated[
        tuple[Annotated[str, AfterValidator(_known)], ...] | None,
        Field(strict=False),
        AfterValidator(_some),
    ] = None
    unless_region: str | None = None
    reason: Annotated[str, AfterValidator(explains)]
    owner: Annotated[str, AfterValidator(role)]
    # The last day on which it holds.
    expires: date


class _WaiverFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    waiver: Annotated[tuple[WaiverEntry, ...], Field(strict=False)] = ()


@dataclass(frozen=True, slots=True)
class Waived:
    """One finding that a waiver expects: this rule, at this construct of this environment.

    ``path`` is the whole construct path, environment first. ``entry`` tells where the waiver
    stands, ``expires`` the last day on which it holds.
    """

    rule: str
    path: str
    reason: str
    entry: str
    expires: date

    @property
    def judge(self) -> str:
        """Name who finds it: a pack, ``Runbook``, cfn-lint or checkov."""
        return self.rule.partition("::")[0]


@dataclass(frozen=True, slots=True)
class Waiver:
    """A waiver and where it stands, such as ``waiver[2] (line 31)``."""

    stated: WaiverEntry
    entry: str

    def findings(self, environment: Environment) -> Iterator[Waived]:
        """List what it expects in one environment; ``{account}`` and such are filled in."""
        places = self.stated.environments
        if places is not None and environment.name not in places:
            return
        if environment.region == self.stated.unless_region:
            return
        for rule, path in product(self.stated.rules, self.stated.paths):
            yield Waived(
                _placed(rule, environment),
                _whole(path, environment),
                self.stated.reason,
                self.entry,
                self.stated.expires,
            )


def overdue(expires: date, day: date) -> str:
    """Say until when a waiver held; empty while it holds, on its last day too."""
    return f"it held until {expires}, and it is {day}" if expires < day else ""


def waived_findings(
    waivers: Iterable[Waiver], environments: Sequence[Environment]
) -> tuple[Waived, ...]:
    """List every finding that the waivers expect in these environments, and in no other."""
    return tuple(
        finding
        for environment in environments
        for waiver in waivers
        for finding in waiver.findings(environment)
    )


def in_any_environment(rule: str, environment: Environment) -> str:
    """Write a rule that names what it found as the waivers do: ``{account}`` for the account."""
    for name in PLACEHOLDERS:
        rule = rule.replace(getattr(environment, name), f"{{{name}}}")
    return rule


def place_of(
    path: str, environments: Iterable[Environment]
) -> tuple[Environment, str] | tuple[None, str]:
    """Tell a construct's environment, and its path as waivers write it."""
    for environment in environments:
        for stage in (OWN_STAGE, BOOTSTRAP_STAGE):
            below = path.removeprefix(_placed(stage, environment))
            if below != path:
                return environment, below if stage == OWN_STAGE else stage + below
    return None, path


def load_waivers(path: Path = WAIVERS) -> tuple[Waiver, ...]:
    """Read the waivers; raises ``RefusedError`` for anything wrong in the file."""
    source = f"{path.parent.name}/{path.name}"
    text = _read(source, path)
    data = _parse(source, text)
    entries = _entries(data, text)
    try:
        file = _WaiverFile.model_validate(data)
    except ValidationError as error:
        refusals = refusals_of(error, _known_keys(len(entries)))
        raise RefusedError(source, _located(refusals, entries)) from None
    waivers = tuple(
        Waiver(waiver, entry) for waiver, entry in zip(file.waiver, entries, strict=True)
    )
    twice = list(_duplicates(waivers))
    if twice:
        raise RefusedError(source, twice)
    return waivers


def _whole(path: str, environment: Environment) -> str:
    """Write a construct's whole path, of whichever Stage."""
    return _placed(path if path.startswith(BOOTSTRAP_STAGE) else OWN_STAGE + path, environment)


def _placed(rule: str, environment: Environment) -> str:
    for name in PLACEHOLDERS:
        rule = rule.replace(f"{{{name}}}", getattr(environment, name))
    return rule


def _read(source: str, path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"it cannot be read: {error}"
        fix = "make it a readable file; without waivers it is empty"
        raise RefusedError(source, [Refusal(WHOLE_FILE, reason, fix)]) from None


def _parse(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        fix = "correct the syntax at that place"
        raise RefusedError(source, [Refusal(WHOLE_FILE, f"it is not TOML: {error}", fix)]) from None


def _entries(data: Mapping[str, Any], text: str) -> list[str]:
    """Name each waiver by index, as TOML counts, and by line, as an editor does."""
    given = data.get("waiver")
    count = len(given) if isinstance(given, list) else 0
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[waiver]]"]
    if len(lines) != count:
        return [f"waiver[{index}]" for index in range(count)]
    return [f"waiver[{index}] (line {line})" for index, line in enumerate(lines)]


def _located(refusals: Iterable[Refusal], entries: Sequence[str]) -> list[Refusal]:
    return [
        Refusal(
            re.sub(r"^waiver\[(\d+)\]", lambda found: entries[int(found[1])], refusal.key),
            refusal.reason,
            refusal.fix,
        )
        for refusal in refusals
    ]


def _known_keys(count: int) -> dict[str, list[str]]:
    keys = list(WaiverEntry.model_fields)
    return {WHOLE_FILE: ["waiver"]} | {f"waiver[{index}]": keys for index in range(count)}


def _duplicates(waivers: Sequence[Waiver]) -> Iterator[Refusal]:
    """Refuse a second reason for one finding: an auditor could not tell which one counts."""
    first: dict[tuple[str, str, str], str] = {}
    again: dict[tuple[str, str, str], str] = {}
    for waiver in waivers:
        stated = waiver.stated
        places = stated.environments or known_environments()
        for rule, path, place in product(stated.rules, stated.paths, places):
            finding = (rule, path, place)
            if finding in first:
                again.setdefault((waiver.entry, rule, path), first[finding])
            first.setdefault(finding, waiver.entry)
    for (entry, rule, path), earlier in again.items():
        reason = f"{rule} at {path} is waived in {earlier} already"
        yield Refusal(entry, reason, "keep one of the two")
