"""One thing of the real templates broken, and what one rule says of it, word for word."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies.engine import check
from policies.report import Status
from policies.rule import Rule
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.services import Service
from tests.policies.rules.harness import Json, Real, plain_id, properties

Spoil = Callable[[Json], object]
ABSENT: Any = object()
SERVICE, TASK = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
# The part of the stack with the service, its tasks and its listener rules.
APP = "passport-api"


def setting(kind: str, name: str, path: str, value: object) -> Spoil:
    """Set what stands at a dotted path of a resource's properties; ``ABSENT`` takes it away."""

    def spoil(body: Json) -> None:
        place: Any = properties(body, kind, name)
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in steps:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        if value is ABSENT:
            del place[last]
        else:
            place[last] = value

    return spoil


def faults(real: Real, rule: Rule, part: str, *spoils: Spoil) -> dict[str | None, str]:
    """Break the stack ``part`` and hear one rule alone: its messages by plain logical id."""
    templates = []
    for template in real.reading.templates:
        body = json.loads(json.dumps(template.body))
        if template.stack.endswith(f"-{part}"):
            for spoil in spoils:
                spoil(body)
        templates.append(replace(template, body=body))
    report = check(replace(real.reading, templates=tuple(templates)), [rule])
    return {
        result.resource and plain_id(result.resource): result.message
        for result in report.results
        if result.status in (Status.FAIL, Status.ERROR)
    }


def file_says(monkeypatch: pytest.MonkeyPatch, **of_service: object) -> None:
    """Let the environment file say something else of its service."""

    def changed(environment: Environment) -> Environment:
        services = {
            key: service.model_copy(update=of_service)
            for key, service in environment.services.items()
        }
        return environment.model_copy(update={"services": services})

    _load_as(monkeypatch, changed)


def services_are(monkeypatch: pytest.MonkeyPatch, services: Mapping[str, Service]) -> None:
    """Let the environment file have these services."""
    _load_as(monkeypatch, lambda file: file.model_copy(update={"services": dict(services)}))


def file_says_of_database(monkeypatch: pytest.MonkeyPatch, **said: object) -> None:
    """Let the environment file say something else of its database."""

    def changed(environment: Environment) -> Environment:
        database = environment.database.model_copy(update=said)
        return environment.model_copy(update={"database": database})

    _load_as(monkeypatch, changed)


def _load_as(
    monkeypatch: pytest.MonkeyPatch, changed: Callable[[Environment], Environment]
) -> None:
    def load(name: str, account: str | None = None, region: str | None = None) -> Environment:
        return changed(load_environment(name, account=account, region=region))

    monkeypatch.setattr("policies.engine.load_environment", load)


def add(logical_id: str, kind: str, **given: object) -> Spoil:
    """Put one more resource into a template."""

    def spoil(body: Json) -> None:
        body["Resources"][logical_id] = {"Type": kind, "Properties": given}

    return spoil


def all_pass(real: Real, rule: Rule, *names: str) -> bool:
    """Whether the rule looked at these resources, by plain logical id, and passed them all."""
    statuses = real.statuses(rule)
    looked_at = {name for name, status in statuses.items() if status != "not_applicable"}
    return looked_at == set(names) and all(statuses[name] == "pass" for name in names)
