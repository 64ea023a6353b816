"""AWS's answers to a describer, and what a description holds beyond the declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.stub import Stubber

from runbook.deployed.description import Description, Resource, describers
from runbook.deployed.equivalence import Examination
from runbook.deployed.intrinsics import UnresolvableError
from sandbox.endpoint import Endpoint


@dataclass
class Answers:
    """An endpoint whose one client answers from a list."""

    service: str
    answers: list[tuple[str, dict[str, Any] | str]]
    endpoint: Endpoint = field(
        # A region of its own, so that no other test shares the stubbed client.
        default_factory=lambda: Endpoint("http://127.0.0.1:9", "111122223333", "us-test-1")
    )

    def describe(self, type_: str, physical_id: str, **declared: object) -> Description:
        client = self.endpoint.client(self.service)
        with Stubber(client) as stubber:
            for operation, answer in self.answers:
                if isinstance(answer, str):
                    stubber.add_client_error(operation, answer)
                else:
                    stubber.add_response(operation, answer)
            resource = Resource(type_, physical_id, self.endpoint, _declarer(declared))
            return describers()[type_](resource)


def _declarer(declared: Mapping[str, object]) -> Callable[[str], object]:
    def value(name: str) -> object:
        if name not in declared:
            raise UnresolvableError(name)
        return declared[name]

    return value


def undeclared(description: Description, declared: dict[str, Any]) -> list[str]:
    """Return the paths of what a description holds beyond the declared properties."""
    examination = Examination(description.unordered, description.closed, description.defaults)
    for name, value in declared.items():
        examination.compare(name, value, description.properties[name])
    for name in sorted(description.properties.keys() - declared.keys()):
        examination.undeclared(name, description.properties[name])
    return [mismatch.path for mismatch in examination.mismatches]
