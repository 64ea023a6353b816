"""The first release of an environment: in which order, on what it stands, and by whom."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence

from runbook.model.environment import Environment
from sandbox.cloud_assembly import SynthesizedStack
from sandbox.deployment import IMAGE_TAG
from sandbox.endpoint import Endpoint
from sandbox.failure import SandboxError
from sandbox.rehearsal.database import Database
from sandbox.rehearsal.report import Checks, DrillError
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage
from sandbox.supplied import reads_address, supply_address

MADE_UP = "operator_supplied"
FIRST = "first release"
FIRST_RELEASE = ("ROVN-DEP-1", "ROVN-DEP-3", "ROVN-DEP-4", "ROVN-DEP-8", "ROVN-HLT-1")


def first_release(deploy: Callable[[str], None], stage: Stage, checks: Checks) -> None:
    """Upload a source before there is a service, and do what the approver is then told to do.

    docs/decisions/0027: somebody deploys the service with the image that was built, then approves.
    """
    pipeline, name = stage.pipeline, stage.environment.name
    offer = pipeline.offer(pipeline.drop(stage.sources.packed()))
    told = f"make deploy ENV={name} IMAGE_TAG={offer.tag}"
    checks.that(told in offer.shown, f"the approver is told to run: {told}")
    deploy(offer.tag)
    checks.same(stage.service.status(), "CREATE_COMPLETE", "the stack")
    checks.same(stage.service.health(), (200, offer.tag), "/health at the production listener")
    [first] = stage.service.deployments()
    checks.same(first["status"], "SUCCESSFUL", "the deployment")
    stage.begin(offer)
    checks.same(pipeline.ended(offer.execution), "Succeeded", "the pipeline")
    stage.evidence(offer).check(checks)
    checks.same(len(stage.service.deployments()), 1, "deployments: the release began no other")


def in_order(
    stacks: Sequence[SynthesizedStack],
) -> tuple[list[SynthesizedStack], list[SynthesizedStack], list[SynthesizedStack]]:
    """Part an environment's stacks: before the services, the services, and what stands on them."""
    stage = [stack for stack in stacks if "-bootstrap/" not in stack.path]
    services = [stack for stack in stage if IMAGE_TAG in stack.template.get("Parameters", {})]
    if not services:
        raise SandboxError("The environment has no service stack, so there is nothing to release")
    on_them = {stack.path for stack in services}
    for _ in stage:
        on_them |= {stack.path for stack in stage if on_them & set(stack.stands_on)}
    after = [stack for stack in stage if stack.path in on_them and stack not in services]
    before = [stack for stack in stage if stack.path not in on_them]
    return before, services, after


def founded(
    stacks: Sequence[SynthesizedStack], environment: Environment
) -> tuple[list[SynthesizedStack], list[SynthesizedStack]]:
    """Part what stands before the services: what needs no value of anybody, then the rest.

    On AWS the database comes with its master, whom the first rotations log in as; here somebody
    makes that user in between. The pager's address an operator supplies then, there and here.
    """
    late = {stack.path for stack in stacks if _rotates(stack) or reads_address(stack, environment)}
    for _ in stacks:
        late |= {stack.path for stack in stacks if late & set(stack.stands_on)}
    return (
        [stack for stack in stacks if stack.path not in late],
        [stack for stack in stacks if stack.path in late],
    )


def _rotates(stack: SynthesizedStack) -> bool:
    types = {resource["Type"] for resource in stack.template.get("Resources", {}).values()}
    return "AWS::SecretsManager::RotationSchedule" in types


def prepare(environment: Environment, endpoint: Endpoint, database: Database) -> None:
    """Make the database's master from its secret, and values for what a vendor would give."""
    manager = endpoint.client("secretsmanager")
    for name, secret in environment.secrets.items():
        identifier = f"{environment.name}/{name}"
        if secret.mechanism == "database_master":
            value = json.loads(manager.get_secret_value(SecretId=identifier)["SecretString"])
            database.make_master(value["username"], value["password"])
        elif name == environment.alerting.pager_secret:
            supply_address(environment, endpoint)
        elif secret.mechanism == MADE_UP:
            manager.put_secret_value(SecretId=identifier, SecretString=secrets.token_hex(32))


def first_rotations(environment: Environment, endpoint: Endpoint) -> None:
    """Wait until every secret that a machine can make has rotated: its users and keys are made.

    Raises SandboxError naming those that did not.
    """
    manager = endpoint.client("secretsmanager")
    waiting = {f"{environment.name}/{name}" for name in environment.rotating_secrets}

    def done() -> bool:
        for name in sorted(waiting):
            if "LastRotatedDate" in manager.describe_secret(SecretId=name):
                waiting.discard(name)
        return not waiting

    try:
        until(done, "the first rotations")
    except DrillError:
        raise SandboxError(f"No first rotation of {', '.join(sorted(waiting))}") from None
