"""A page with the environment's own names, below what the alarms themselves say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.alarms.alarm import Alarm
from runbook.alarms.severities import Level, levels
from runbook.model.environment import Environment
from runbook.playbooks.names import ANY_SECRET, environment_names, repeated
from runbook.playbooks.page import FENCE, PLACEHOLDER, Page, UnusablePageError

# So many alarms of one kind are listed by name; more of them by what their names begin with.
MOST_LISTED = 3
# Commands stand between fences: every second part is one block of them, fences and all.
_BLOCKS = re.compile(rf"(^{FENCE}.*?^{FENCE}$)", re.M | re.S)
# A command of the AWS CLI, a waiter among them, up to where its options begin.
_AWS = re.compile(r"\baws ([a-z][a-z0-9-]*) (wait [a-z][a-z-]*|[a-z][a-z0-9-]*)")
_HOW = (
    "Commands of `runbook` show what they change, and ask; those of `aws` act at once, in the "
    "account of your shell: `aws sts get-caller-identity`."
)
_TOLD = {
    "founder-channel": "the founder channel",
    "customers-by-baa": "customers by the terms of their BAA",
    "investors-monthly": "investors in the monthly summary",
}


@dataclass(frozen=True)
class Playbook:
    """A page for one environment. ``alarms`` lead to it, with their names in CloudWatch."""

    page: Page
    environment: Environment
    alarms: tuple[Alarm, ...]
    sections: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The alarms' names in CloudWatch."""
        return tuple(alarm.name(self.environment.slug) for alarm in self.alarms)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The severities of its alarms, each once, the gravest first."""
        found = {alarm.severity for alarm in self.alarms}
        return tuple(each for each in levels(self.environment.organisation) if each.id in found)

    @property
    def markdown(self) -> str:
        """The whole page."""
        body = "\n\n".join(f"## {name}\n\n{text}" for name, text in self.sections.items())
        return f"# {title(self.page)}\n\n{self._head()}\n\n{body}\n"

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        return {
            "schema": 1,
            "environment": self.environment.name,
            "id": self.page.id,
            "title": self.page.title,
            "section": self.page.section,
            "clauses": list(self.page.clauses),
            "alarms": list(self.names),
            "severities": [found.id for found in self.levels],
            "sections": dict(self.sections),
        }

    def _head(self) -> str:
        known = self.environment
        where = f"{known.name}, account {known.account}, {known.region}."
        lines = [where if self.alarms else f"{where} No alarm leads here.", _HOW, ""]
        lines += [f"- {line}" for line in self._rings()]
        lines += [f"- {_answered(found)}" for found in self.levels]
        return "\n".join(lines).strip()

    def _rings(self) -> Iterator[str]:
        by_id: dict[str, list[Alarm]] = {}
        for alarm in self.alarms:
            by_id.setdefault(alarm.id, []).append(alarm)
        for id_, alarms in by_id.items():
            if len(alarms) > MOST_LISTED:
                yield f"`{self.environment.slug}-{id_}-…`: {len(alarms)} alarms, {_ends(alarms[0])}"
                continue
            for alarm in alarms:
                yield f"`{alarm.name(self.environment.slug)}`: {alarm.symptom}; {_ends(alarm)}"


def title(page: Page) -> str:
    """Write a page's title with the documents' section, where it is one."""
    return f"{page.section} {page.title}" if page.section else page.title


def compiled(
    page: Page,
    environment: Environment,
    catalogue: Sequence[Alarm],
    alarms: Sequence[Alarm],
    subject: str | None = None,
) -> Playbook:
    """Fill a page in. ``subject`` is the service, secret or queue that it is asked for.

    ``alarms`` are those of the environment's ``catalogue`` that lead to it. Raises
    ``UnusablePageError`` for a placeholder that nothing stands behind.
    """
    names = environment_names(environment)
    names["secret"] = subject if subject in environment.secrets else ANY_SECRET
    several = repeated(environment, catalogue)
    if subject in environment.services:
        several["service"] = tuple(s for s in several["service"] if s["service"] == subject)
    if subject is not None:
        queues = [q for q in several["queue"] if q["queue"] == f"{environment.slug}-{subject}"]
        several["queue"] = tuple(queues) or several["queue"]
    filled = {
        heading: _filled(page, text, names, several, environment.region)
        for heading, text in page.sections.items()
    }
    return Playbook(page, environment, tuple(alarms), filled)


def _filled(
    page: Page,
    text: str,
    names: Mapping[str, str],
    several: Mapping[str, Sequence[Mapping[str, str]]],
    region: str,
) -> str:
    written: list[str] = []
    for n, block in enumerate(_BLOCKS.split(text)):
        code = n % 2 == 1
        kinds = _kinds(block, several)
        if kinds and not code:
            raise UnusablePageError(f"{page.id}: names one of several outside of commands: {block}")
        copies = [_replaced(page, block, {**names, **own}) for own in _products(kinds, several)]
        written.append(_placed(_joined(copies), region) if code else copies[0])
    return "".join(written)


def _joined(copies: Sequence[str]) -> str:
    """Write copies of a block as one, between the first one's fences."""
    opening, *_, closing = copies[0].splitlines()
    return "\n".join(
        [opening, *(line for copy in copies for line in copy.splitlines()[1:-1]), closing]
    )


def _kinds(block: str, several: Mapping[str, Sequence[Mapping[str, str]]]) -> list[str]:
    """Tell for what a block has to be written several times."""
    named = set(PLACEHOLDER.findall(block))
    return [kind for kind, each in several.items() if any(named & set(own) for own in each)]


def _products(
    kinds: Sequence[str], several: Mapping[str, Sequence[Mapping[str, str]]]
) -> Iterator[Mapping[str, str]]:
    if not kinds:
        yield {}
        return
    for first in several[kinds[0]]:
        for rest in _products(kinds[1:], several):
            yield {**first, **rest}


def _replaced(page: Page, block: str, names: Mapping[str, str]) -> str:
    unknown = [name for name in PLACEHOLDER.findall(block) if name not in names]
    if unknown:
        raise UnusablePageError(f"{page.id}: nothing stands behind {', '.join(unknown)}")
    written = PLACEHOLDER.sub(lambda found: names[found[1]], block)
    if "{{" in written:
        raise UnusablePageError(f"{page.id}: a placeholder is not written as one: {written}")
    return written


def _placed(block: str, region: str) -> str:
    """Name the region in each command of the AWS CLI: a shell may have another one."""
    named = rf"aws \1 \2 --region {region}"
    lines = block.splitlines()
    return "\n".join(line if " --region " in line else _AWS.sub(named, line) for line in lines)


def _ends(alarm: Alarm) -> str:
    return f"ends with: {alarm.resets[0].lower()}{alarm.resets[1:]}"


def _answered(found: Level) -> str:
    """Say who answers by when, and who is told: of the severity's data, once (R4, R10, D6)."""
    name = f"**{found.title}**" + (f" ({found.same_as})" if found.same_as else "")
    told = [f"respond {found.respond}", f"by {', '.join(_people(found.owners))}"]
    if found.escalate_minutes is not None:
        told.append(f"escalate within {found.escalate_minutes} minutes")
    if found.tells:
        told.append(f"tell {', '.join(_TOLD.get(one, one) for one in found.tells)}")
    if found.post_mortem_hours is not None:
        told.append(f"post-mortem within {found.post_mortem_hours} hours")
    return f"{name}: {'; '.join(told)}."


def _people(owners: Sequence[str]) -> Iterator[str]:
    return (owner.replace("-", " ") for owner in owners)
