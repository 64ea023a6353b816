"""The one value of an operator that a deploy reads: the pager's address, made up for a sandbox.

Nobody is asked under it: the emulator plays whoever is subscribed (`emulator/services/`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

from runbook.model.environment import Environment
from sandbox.cloud_assembly import SynthesizedStack
from sandbox.endpoint import Endpoint

HOST = "events.pagerduty.com"


def pager_secret(environment: Environment) -> str:
    """Name the secret that holds the address."""
    return f"{environment.name}/{environment.alerting.pager_secret}"


def reads_address(stack: SynthesizedStack, environment: Environment) -> bool:
    """Whether CloudFormation reads the address when it deploys this stack."""
    reference = f"{{{{resolve:secretsmanager:{pager_secret(environment)}:"
    return reference in json.dumps(stack.template)


def holders(stacks: Sequence[SynthesizedStack], environment: Environment) -> list[str]:
    """Find the stacks that make the secret, by their paths; none if nobody reads the address."""
    if not any(reads_address(stack, environment) for stack in stacks):
        return []
    name = pager_secret(environment)
    return [
        stack.path
        for stack in stacks
        for resource in stack.template.get("Resources", {}).values()
        if resource["Type"] == "AWS::SecretsManager::Secret"
        and resource["Properties"].get("Name") == name
    ]


def supply_address(environment: Environment, endpoint: Endpoint) -> None:
    """Put an address that PagerDuty could have given, unless there is one already."""
    manager, name = endpoint.client("secretsmanager"), pager_secret(environment)
    try:
        manager.get_secret_value(SecretId=name)
    except manager.exceptions.ResourceNotFoundException:
        address = f"https://{HOST}/integration/{secrets.token_hex(16)}/enqueue"
        manager.put_secret_value(SecretId=name, SecretString=address)
