"""The stacks of an environment: as synthesized, and as CloudFormation says that they stand."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from runbook.deployed.cloud_assembly import AssemblyError, SynthesizedStack, read_stacks
from runbook.deployed.deployed_stack import DeployedStack, read_described
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import code_of, words
from runbook.operations.stacks import STEADY
from runbook.verification.finding import ODD, READ, Finding, Inspection, Kind
from runbook.verification.live import LivePlace

CHECK = "stacks"
# A stack that was begun and never finished holds nothing that could be compared.
_EMPTY = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE")


@dataclass(frozen=True)
class StackRead:
    """One stack: as it should be, as it stands (None if it does not), and what is wrong with it."""

    wanted: SynthesizedStack
    deployed: DeployedStack | None
    findings: tuple[Finding, ...] = ()
    missing: bool = False


def stacks_of(assembly: Path, environment: Environment) -> list[SynthesizedStack]:
    """Return the environment's stacks of a cloud assembly.

    Raises ``RefusedError`` when there is none, or when it was made for another place.
    """
    fix = f"synthesize first: make synth ENV={environment.name}; then give its folder --assembly"
    try:
        found = [stack for stack in read_stacks(assembly) if _is_of(stack, environment)]
    except AssemblyError as error:
        raise _refused(assembly, str(error), fix) from None
    if not found:
        raise _refused(assembly, f"it holds no stack of {environment.name}", fix)
    for stack in found:
        if stack.account != environment.account or stack.region not in environment.regions:
            reason = (
                f"{stack.name} was synthesized for {stack.account} in {stack.region}, and "
                f"{environment.name} is in {environment.account}, {', '.join(environment.regions)}"
            )
            raise _refused(assembly, reason, fix)
    return found


def _is_of(stack: SynthesizedStack, environment: Environment) -> bool:
    label = stack.template.get("Metadata", {}).get("Runbook", {})
    return f"{label.get('Organisation')}/{label.get('Environment')}" == environment.name


def _refused(assembly: Path, reason: str, fix: str) -> RefusedError:
    return RefusedError(str(assembly), [Refusal("--assembly", reason, fix)])


def read_stack(wanted: SynthesizedStack, place: LivePlace) -> StackRead:
    """Read one stack with all its resources; an error of AWS is a finding."""
    cloudformation = place.client("cloudformation")
    try:
        [described] = cloudformation.describe_stacks(StackName=wanted.name)["Stacks"]
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return StackRead(wanted, None, missing=True)
        return StackRead(wanted, None, (_unread(wanted, error),))
    status = described["StackStatus"]
    if status in _EMPTY:
        return StackRead(wanted, None, missing=True)
    try:
        live = cloudformation.get_template(StackName=wanted.name, TemplateStage="Original")
        deployed = read_described(place, described, wanted.template)
        deployed.read_all()
    except (ClientError, BotoCoreError) as error:
        return StackRead(wanted, None, (_unread(wanted, error),))
    except ODD as error:
        what = f"AWS answered what is not expected here: {error!r}"
        return StackRead(wanted, None, (Finding(Kind.UNVERIFIED, CHECK, wanted.name, what),))
    findings = (*_of_status(wanted, status), *_of_template(wanted, live["TemplateBody"]))
    return StackRead(wanted, deployed, findings)


def strays(place: LivePlace, environment: Environment, wanted: frozenset[str]) -> Inspection:
    """Look in one region for stacks by the environment's name that are not among `wanted` there."""
    inspection = Inspection(CHECK)
    with inspection.guarding(f"stacks in {place.region}"):
        pages = place.client("cloudformation").get_paginator("list_stacks").paginate()
        found = {
            stack["StackName"]: stack["StackStatus"]
            for page in pages
            for stack in page["StackSummaries"]
            if stack["StackStatus"] != "DELETE_COMPLETE"
        }
        for name in sorted(found):
            if name.startswith(f"{environment.slug}-") and name not in wanted:
                what = f"it is {found[name]} in {place.region}, and no stack of the assembly there"
                inspection.drift(name, what, "delete it, or find out what it is for")
    return inspection


def _unread(wanted: SynthesizedStack, error: ClientError | BotoCoreError) -> Finding:
    return Finding(Kind.UNVERIFIED, CHECK, wanted.name, words(error), READ)


def _of_status(wanted: SynthesizedStack, status: str) -> Iterator[Finding]:
    if status.endswith("_IN_PROGRESS"):
        what = f"it is {status}: a change is under way, and what is read may change"
        yield Finding(Kind.UNVERIFIED, CHECK, wanted.name, what, "run it again when it is over")
    elif status not in STEADY:
        fix = f"aws cloudformation describe-stack-events --stack-name {wanted.name} --max-items 20"
        yield Finding(Kind.DRIFT, CHECK, wanted.name, f"it is {status}: repair it first", fix)


def _of_template(wanted: SynthesizedStack, body: Any) -> Iterator[Finding]:  # noqa: ANN401 - JSON
    live = parsed(body) if isinstance(body, str) else body
    if live != wanted.template:
        what = f"the deployed template is not that of the assembly{_differs(live, wanted.template)}"
        fix = "make diff shows what a deploy would change; or check out the commit that is deployed"
        yield Finding(Kind.DRIFT, CHECK, wanted.name, what, fix)


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON is any value
    """Read a template as CloudFormation keeps it: the CDK's command hands small ones over as YAML.

    YAML takes a bare 2012-10-17 for a date, and a template means the text.
    """
    try:
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except (ValueError, yaml.YAMLError):
        return None


def _differs(live: object, wanted: Mapping[str, Any]) -> str:
    """Name the first resources that differ."""
    if not isinstance(live, dict):
        return ", and cannot be read"
    ours, theirs = wanted.get("Resources", {}), live.get("Resources", {})
    names = [n for n in sorted({*ours, *theirs}) if ours.get(n) != theirs.get(n)]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f" in {', '.join(names[:3])}{more}" if names else ""
