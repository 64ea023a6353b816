"""What is deployed of an environment, as a cloud assembly: CloudFormation's own templates.

Written as ``cdk synth`` writes them: a template that was deployed as it was synthesized has the
same SHA-256 in the bundles of both.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from policies.templates.assembly import MANIFEST, Trouble
from runbook.deployed.stack_list import stack_list
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account, advice, code_of, is_denied, words
from runbook.operations.stacks import IMAGE_TAG, NEVER_MADE, STEADY
from runbook.verification.stacks import parsed

Json = Any
# It removes what the new template no longer has: that is deployed already.
_CLEANING = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
# The deploy identity, which others are told to use, may read the stacks of services alone.
WHO_MAY = "use a break-glass role; docs/decisions/0015 says who may"
# CloudFormation throttles by account: more at once gains nothing.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """One stack as it was found; ``template`` is None where it could not be read.

    ``heard`` is the whole message of AWS, which may name who asked: it stands in no bundle.
    """

    name: str
    region: str
    trouble: str = ""
    heard: str = ""
    template: Mapping[str, Json] | None = None
    termination_protection: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Name its template's file."""
        return f"{self.name}.template.json"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stacks that an environment should have, in the order of their names."""

    environment: Environment
    stacks: tuple[DeployedStack, ...]

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Tell what could not be read, and what does not stand as it should."""
        return tuple(Trouble(each.file, each.trouble) for each in self.stacks if each.trouble)

    def image_tag(self, service: str) -> str:
        """Give the tag that a service's stack says it runs; empty where nothing tells."""
        name = f"{self.environment.slug}-{service}"
        found = (each.parameters for each in self.stacks if each.name == name)
        return next(found, {}).get(IMAGE_TAG, "")

    def write(self, folder: Path) -> None:
        """Write the templates that were read, and the manifest that lists them."""
        artifacts = {}
        for stack in self.stacks:
            if stack.template is None:
                continue
            text = json.dumps(stack.template, indent=1, ensure_ascii=False)
            (folder / stack.file).write_text(text, "utf-8")
            artifacts[stack.name] = {
                "type": "aws:cloudformation:stack",
                "environment": f"aws://{self.environment.account}/{stack.region}",
                "properties": {
                    "templateFile": stack.file,
                    "stackName": stack.name,
                    "terminationProtection": stack.termination_protection,
                },
            }
        (folder / MANIFEST).write_text(json.dumps({"artifacts": artifacts}, indent=1), "utf-8")


def deployed_stacks(account: Account) -> Deployed:
    """Read every stack of the environment, in each of its regions.

    What cannot be read is told as its stack's trouble. Raises ``RefusedError`` when that is all of
    them: there is nothing to judge then.
    """
    environment = account.environment
    places = stack_list(environment).items()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = [pool.submit(partial(_read, account, name, region)) for name, region in places]
        stacks = tuple(each.result() for each in asked)
    if not any(stack.template for stack in stacks):
        heard = f" ({stacks[0].heard})" if stacks[0].heard else ""
        why = f"none of its {len(stacks)} stacks could be read: {stacks[0].trouble}{heard}"
        fix = "deploy the environment; or use a role that may read its stacks"
        raise RefusedError(environment.name, [Refusal("stacks", why, fix)])
    return Deployed(environment, stacks)


def _read(account: Account, name: str, region: str) -> DeployedStack:
    cloudformation = account.client("cloudformation", region)
    try:
        [described] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        status = described["StackStatus"]
        if status in NEVER_MADE:
            return DeployedStack(name, region, f"it is {status} in {region}: nothing is deployed")
        found = cloudformation.get_template(StackName=name, TemplateStage="Original")
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return DeployedStack(name, region, f"there is no such stack in {region}")
        said = f"it cannot be read in {region}: {_reason(error)}; {_advice(error)}"
        return DeployedStack(name, region, said, heard=words(error))
    body = found["TemplateBody"]
    template = parsed(body) if isinstance(body, str) else body
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        return DeployedStack(name, region, f"what CloudFormation has in {region} is no template")
    given = described.get("Parameters", [])
    return DeployedStack(
        name,
        region,
        "; ".join(_unsteady(status)),
        template=template,
        termination_protection=described.get("EnableTerminationProtection") is True,
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in given},
    )


def _reason(error: ClientError | BotoCoreError) -> str:
    """Name what was asked and the error's code: a message may name the session that asked."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {code_of(error)}"
    return type(error).__name__


def _advice(error: ClientError | BotoCoreError) -> str:
    return WHO_MAY if is_denied(error) else advice(error)


def _unsteady(status: str) -> Iterator[str]:
    if status == _CLEANING:
        return
    if status.endswith("_IN_PROGRESS"):
        yield f"it is {status}: what is deployed changes while it is judged"
    elif status not in STEADY:
        yield f"it is {status}: what its template says may not be deployed"
