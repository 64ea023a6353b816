"""How a rule is tried: on small templates, and on mutations of the real ones.

``judged`` tries one rule on resources written down in the test. ``Real.caught`` breaks a
synthesized template in one place and tells which rules of all see it, and on what.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from policies.engine import check
from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.rules import all_rules
from policies.templates.assembly import Reading, Template
from runbook.model.loader import load_environment

Json = dict[str, Any]
# A value that nobody knows before the deploy.
OPEN = {"Ref": "SomeParameter"}


def template(
    part: str,
    resources: Json,
    *,
    environment: str = "rovn/production",
    region: str | None = None,
    termination_protection: bool = True,
    **sections: object,
) -> Template:
    """Write a template of one stack of an environment; ``sections`` are its other sections."""
    loaded = load_environment(environment)
    label = {
        "Organisation": loaded.organisation,
        "Environment": loaded.environment,
        "Tier": loaded.tier,
    }
    return Template(
        path=f"{part}.template.json",
        sha256="0" * 64,
        body={"Metadata": {"Runbook": label}, "Resources": resources, **sections},
        stack=f"{loaded.slug}-{part}",
        account=loaded.account,
        region=region or loaded.region,
        termination_protection=termination_protection,
    )


def judged(rule: Rule, *templates: Template, whole: bool = False) -> dict[str | None, Result]:
    """Try one rule: its result by logical id, under None what is about no resource.

    ``whole`` asks for what must exist, too.
    """
    report = check(Reading(templates, (), whole), [rule])
    return {result.resource: result for result in report.results}


def verdicts(rule: Rule, *templates: Template, whole: bool = False) -> dict[str | None, str]:
    """Try one rule: ``pass``, ``not_applicable``, or what it says, by logical id."""
    return {
        resource: result.message or result.status.value
        for resource, result in judged(rule, *templates, whole=whole).items()
    }


@dataclass(frozen=True)
class Real:
    """The synthesized templates of one environment."""

    name: str
    reading: Reading

    @cached_property
    def report(self) -> Report:
        """What all rules say of it as it is."""
        return check(self.reading, all_rules())

    def statuses(self, rule: Rule) -> dict[str | None, str]:
        """Say how one rule ended on each resource, by logical id without the CDK's hash."""
        return {
            result.resource and plain_id(result.resource): result.status.value
            for result in self.report.results
            if result.rule == rule.id
        }

    def caught(self, part: str, spoil: Callable[[Json], object]) -> set[tuple[str, str]]:
        """Break the stack ``part`` and tell who sees it: pairs of rule and resource.

        ``spoil`` changes the template's body in place. Resources are named as by ``plain_id``.
        """
        templates = tuple(
            replace(t, body=_spoilt(t.body, spoil)) if t.stack.endswith(f"-{part}") else t
            for t in self.reading.templates
        )
        assert templates != self.reading.templates, f"nothing was changed in {part}"
        before = {_fault(result) for result in self.report.results if _failed(result)}
        after = check(replace(self.reading, templates=templates), all_rules())
        new = {_fault(result) for result in after.results if _failed(result)} - before
        return {(rule, plain_id(resource)) for rule, resource, _ in new}


def resource(body: Json, kind: str, name: str = "") -> Json:
    """Find the only resource of a type in a template, or the one that is called ``name``."""
    found: list[Json] = [
        item
        for logical_id, item in body["Resources"].items()
        if item["Type"] == kind and name in ("", plain_id(logical_id))
    ]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def properties(body: Json, kind: str, name: str = "") -> Json:
    """Find the properties of that resource, to spoil them."""
    found: Json = resource(body, kind, name)["Properties"]
    return found


def plain_id(logical_id: str) -> str:
    """Take the CDK's hash of eight characters off a logical id."""
    end = logical_id[-8:]
    hashed = len(logical_id) > 8 and all(c in "0123456789ABCDEF" for c in end)
    return logical_id[:-8] if hashed else logical_id


def _spoilt(body: Mapping[str, Any], spoil: Callable[[Json], object]) -> Json:
    copy: Json = json.loads(json.dumps(body))
    spoil(copy)
    return copy


def _failed(result: Result) -> bool:
    return result.status in (Status.FAIL, Status.ERROR)


def _fault(result: Result) -> tuple[str, str, str]:
    return (result.rule, result.resource or "", result.message)
