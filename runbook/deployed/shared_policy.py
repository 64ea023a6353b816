"""A policy that one resource of a template puts on several others: on topics, or on queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from runbook.deployed.description import Description, NotThereError, Resource


def shared_policy(
    resource: Resource, holders: str, attributes: Callable[[Resource, str], Mapping[str, Any]]
) -> Description:
    """Read the policy of the holders that it is declared for; one with another is left out.

    `holders` is the property that names them, and `attributes` reads those of one.
    """
    declared = resource.declared(holders)
    policies = [attributes(resource, each).get("Policy") for each in declared]
    if not any(policies):
        raise NotThereError(f"no policy on {', '.join(declared)}")
    common = next(policy for policy in policies if policy)
    kept = [each for each, policy in zip(declared, policies, strict=True) if policy == common]
    return Description(
        {"PolicyDocument": json.loads(common), holders: kept}, {"Id": resource.physical_id}
    )
