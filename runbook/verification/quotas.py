"""Quotas against what the templates need: a deploy that runs into one rolls back half-way."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from runbook.deployed.cloud_assembly import SynthesizedStack
from runbook.model.environment import Environment
from runbook.operations.account import code_of
from runbook.verification.finding import Inspection
from runbook.verification.live import LivePlace

CHECK = "quotas"
CLAUSE = "ALL-9"
Json = Any
# Service Quotas answers so for a quota that was never raised.
_AT_DEFAULT = "NoSuchResourceException"


@dataclass(frozen=True)
class Quota:
    """One quota of ``quotas.toml``; ``need`` names what else than resources is counted."""

    name: str
    service: str
    code: str
    types: tuple[str, ...] = ()
    need: str = ""
    operation: str = ""
    sum: str = ""
    per: str = ""


@cache
def all_quotas() -> tuple[Quota, ...]:
    """Read the table."""
    text = files("runbook.verification").joinpath("quotas.toml").read_text("utf-8")
    listed = tomllib.loads(text)["quota"]
    return tuple(Quota(**{**each, "types": tuple(each.get("types", ()))}) for each in listed)


def inspect_quotas(
    place: LivePlace,
    environment: Environment,
    wanted: Sequence[SynthesizedStack],
    standing: frozenset[str],
) -> Inspection:
    """Compare one region's quotas with what its stacks need.

    Where what is there already can be counted, that has the stacks in it that stand, and only the
    others' need comes on top.
    """
    inspection = Inspection(CHECK, (CLAUSE,))
    here = [stack for stack in wanted if stack.region == place.region]
    to_come = [stack for stack in here if stack.name not in standing]
    for quota in all_quotas():
        if _need(quota, here, environment):
            need = _need(quota, to_come if quota.operation else here, environment)
            where = f"{place.region}: {quota.name}"
            with inspection.looking_at(where):
                _of_quota(place, quota, need, where, inspection)
    return inspection


def _of_quota(
    place: LivePlace, quota: Quota, need: float, where: str, inspection: Inspection
) -> None:
    limit, called = _limit(place, quota)
    used = _used(place, quota) if quota.operation else 0.0
    if need + used <= limit:
        return
    there = f" more, and there are {used:g}" if quota.operation else ""
    per = f" for one {quota.per}" if quota.per else ""
    what = f"the templates need {need:g}{per}{there}; the quota '{called}' is {limit:g}"
    fix = (
        f"aws service-quotas request-service-quota-increase --region {place.region} "
        f"--service-code {quota.service} --quota-code {quota.code} --desired-value {need + used:g}"
    )
    inspection.breach(where, what, fix)


def _limit(place: LivePlace, quota: Quota) -> tuple[float, str]:
    """Return the quota that applies here, and what AWS calls it."""
    client = place.client("service-quotas")
    given = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        found = client.get_service_quota(**given)["Quota"]
    except ClientError as error:
        if code_of(error) != _AT_DEFAULT:
            raise
        found = client.get_aws_default_service_quota(**given)["Quota"]
    return float(found["Value"]), str(found["QuotaName"])


def _used(place: LivePlace, quota: Quota) -> float:
    service, operation, answer = quota.operation.split(":")
    client, method = place.client(service), xform_name(operation)
    pages = (
        client.get_paginator(method).paginate()
        if client.can_paginate(method)
        else [getattr(client, method)()]
    )
    found = [each for page in pages for each in page[answer]]
    return sum(float(each[quota.sum]) for each in found) if quota.sum else float(len(found))


def _need(quota: Quota, stacks: Sequence[SynthesizedStack], environment: Environment) -> float:
    resources = list(_resources(stacks))
    if quota.types:
        return _count(quota, resources)
    return _COUNTS[quota.need](resources, environment)


def _count(quota: Quota, resources: Sequence[Mapping[str, Json]]) -> float:
    own = [r for r in resources if r["Type"] in quota.types]
    if quota.per == "availability zone":
        return 1.0 if own else 0.0  # one in each: subnets and zones are written down one to one
    if quota.per == "VPC":
        own = [r for r in own if r["Properties"].get("VpcEndpointType") == "Interface"]
    return float(len(own))


def _database_storage(resources: Sequence[Mapping[str, Json]], _: Environment) -> float:
    databases = [r["Properties"] for r in resources if r["Type"] == "AWS::RDS::DBInstance"]
    return sum(float(each.get("AllocatedStorage", 0)) for each in databases)


def _task_vcpus(resources: Sequence[Mapping[str, Json]], environment: Environment) -> float:
    """Count both colours at full scale, and the task that migrates beside them."""
    if not any(r["Type"] == "AWS::ECS::Service" for r in resources):
        return 0.0
    units = 0
    for service in environment.services.values():
        colours = 2 if service.strategy == "blue_green" else 1
        units += service.cpu * service.max_tasks * colours
        units += service.migrations.cpu
    return units / 1024


def _functions(resources: Sequence[Mapping[str, Json]], _: Environment) -> float:
    """Count one run of each function at once, or what is reserved for it."""
    functions = [r["Properties"] for r in resources if r["Type"] == "AWS::Lambda::Function"]
    return sum(float(each.get("ReservedConcurrentExecutions", 1)) for each in functions)


_COUNTS = {
    "database_storage": _database_storage,
    "functions": _functions,
    "task_vcpus": _task_vcpus,
}


def _resources(stacks: Sequence[SynthesizedStack]) -> Iterator[Mapping[str, Json]]:
    for stack in stacks:
        yield from stack.template.get("Resources", {}).values()
