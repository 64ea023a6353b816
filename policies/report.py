"""What a check found: one result for each rule and resource, passes too."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policies.templates.assembly import Template

SCHEMA = 1


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"


class Status(StrEnum):
    """How a rule ended on a resource. ``ERROR``: it could not be judged, which is no pass."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Result:
    """One rule on one resource; ``resource`` is None when it is about a whole template.

    ``location`` is the line of code that made the resource, where the synthesis recorded it.
    """

    rule: str
    status: Status
    template: str
    resource: str | None = None
    type: str | None = None
    construct_path: str | None = None
    location: str | None = None
    message: str = ""
    clauses: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about: one result stands for it, however many cases were judged."""
        return (self.template, self.resource or "", self.rule)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled as its values, in a third of the time that a dataclass with slots takes."""
        return Result, _VALUES(self)

    def waived(self, reason: str) -> "Result":
        """Turn a failure into one that somebody answers for."""
        return replace(self, status=Status.WAIVED, message=f"{self.message} (waived: {reason})")

    def lapsed(self, waiver: str) -> "Result":
        """Leave it a failure, and name the ``waiver`` that covered it until it expired."""
        return replace(self, message=with_lapsed(self.message, waiver))


_VALUES = attrgetter(*(field.name for field in fields(Result)))


# Between the faults of one resource, which share a message.
_BETWEEN = "; "


def joined(faults: Iterable[str]) -> str:
    """Put faults, or messages of some, into one message: each once, in their order."""
    return _BETWEEN.join(dict.fromkeys(faults))


def faults_in(message: str) -> tuple[str, ...]:
    """Take apart what was joined; a fault that has the joint in its own words is several."""
    return tuple(message.split(_BETWEEN))


def with_lapsed(message: str, waiver: str) -> str:
    """Name the waiver that has expired behind what a finding says."""
    return f"{message} (waiver expired: {waiver})"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one check found, in the order of templates, resources and rules."""

    results: tuple[Result, ...]
    templates: "tuple[Template, ...]"

    @property
    def summary(self) -> dict[str, int]:
        """Count the results by status."""
        counted = Counter(result.status for result in self.results)
        return {status.value: counted[status] for status in Status}

    @property
    def clean(self) -> bool:
        """Whether nothing failed, and everything could be judged."""
        return not any(r.status in (Status.FAIL, Status.ERROR) for r in self.results)

    def as_json(self) -> dict[str, Any]:
        """Give what ``runbook check --format json`` prints."""
        return {
            "schema": SCHEMA,
            "summary": self.summary,
            "templates": [{"path": t.path, "sha256": t.sha256} for t in self.templates],
            "results": [
                {
                    "rule": result.rule,
                    "status": result.status.value,
                    "template": result.template,
                    "resource": result.resource,
                    "type": result.type,
                    "construct_path": result.construct_path,
                    "location": result.location,
                    "message": result.message,
                    "clauses": list(result.clauses),
                    "controls": list(result.controls),
                }
                for result in self.results
            ],
        }
