"""Quotas against what the templates need that do not stand yet."""

from typing import Any

import pytest

from runbook.deployed.cloud_assembly import SynthesizedStack
from runbook.verification.finding import Inspection, Kind
from runbook.verification.live import LivePlace
from runbook.verification.quotas import all_quotas, inspect_quotas
from tests.verification.aws import DENIED, ENVIRONMENT, Aws
from tests.verification.orders import quota

Json = Any
VPC, ADDRESS = "L-F678F1CE", "L-0263D0A3"
RESOURCES: Json = {
    "Vpc": {"Type": "AWS::EC2::VPC"},
    "A": {"Type": "AWS::EC2::EIP"},
    "B": {"Type": "AWS::EC2::EIP"},
    "Gateway": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}},
    "Logs": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Interface"}},
    "Nat": {"Type": "AWS::EC2::NatGateway"},
    "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"AllocatedStorage": "100"}},
    "Service": {"Type": "AWS::ECS::Service"},
    "Hook": {"Type": "AWS::Lambda::Function", "Properties": {}},
    "Kept": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": 9}},
}


def inspected(standing: frozenset[str] = frozenset(), /, **limits: float) -> Inspection:
    def limit(asked: Json) -> Json:
        return quota(limits.get(asked["QuotaCode"].replace("-", "_"), 10_000))

    return inspect(Aws({"service-quotas:GetServiceQuota": limit, **EMPTY}), standing)


EMPTY: dict[str, Json] = {
    "ec2:DescribeVpcs": {"Vpcs": [{}]},
    "ec2:DescribeAddresses": {"Addresses": [{}, {}, {}]},
    "rds:DescribeDBInstances": {"DBInstances": [{"AllocatedStorage": 20}]},
}


def inspect(aws: Aws, standing: frozenset[str] = frozenset()) -> Inspection:
    here = synthesized("all", ENVIRONMENT.region, RESOURCES)
    elsewhere = synthesized("copy", "us-west-2", {"V": RESOURCES["Vpc"]})
    place = LivePlace(aws.account(), ENVIRONMENT.region)
    return inspect_quotas(place, ENVIRONMENT, [here, elsewhere], standing)


def synthesized(name: str, region: str, resources: Json) -> SynthesizedStack:
    return SynthesizedStack(
        name=name,
        account=ENVIRONMENT.account,
        region=region,
        termination_protection=False,
        template={"Resources": resources},
    )


def test_what_fits_is_silent() -> None:
    inspection = inspected()
    assert inspection.findings == []
    assert inspection.looked == 8


@pytest.mark.clause("ALL-9")
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"L_F678F1CE": 1}, "need 1 more, and there are 1; the quota 'as AWS calls it' is 1"),
        ({"L_0263D0A3": 4}, "need 2 more, and there are 3; the quota 'as AWS calls it' is 4"),
        ({"L_FE5A380F": 0}, "need 1 for one availability zone; the quota"),
        ({"L_29B6F2EB": 0}, "need 1 for one VPC; the quota"),
        ({"L_7B6409FD": 1}, "need 1 more, and there are 1"),
        ({"L_7ADDB58A": 119}, "need 100 more, and there are 20"),
        ({"L_B99A9384": 9}, "need 10; the quota"),
    ],
)
def test_what_does_not_fit_is_told_with_the_request_to_make(
    limits: dict[str, float], told: str
) -> None:
    (finding,) = inspected(**limits).findings
    assert told in finding.what
    assert (finding.kind, finding.clauses) == (Kind.BREACH, ("ALL-9",))
    assert "aws service-quotas request-service-quota-increase --region us-east-2" in finding.fix


def test_tasks_are_counted_in_both_colours() -> None:
    (service,) = ENVIRONMENT.services.values()
    needed = (2 * service.cpu * service.max_tasks + service.migrations.cpu) / 1024
    assert inspected(L_3032A538=needed).findings == []
    (finding,) = inspected(L_3032A538=needed - 0.5).findings
    assert f"need {needed:g}; the quota" in finding.what


def test_what_stands_needs_no_more() -> None:
    everything = frozenset({"all"})
    assert inspected(everything, L_F678F1CE=1, L_0263D0A3=3, L_7B6409FD=1).findings == []


def test_what_scales_is_compared_though_it_stands() -> None:
    (finding,) = inspected(frozenset({"all"}), L_3032A538=1).findings
    assert "vCPUs of tasks" in finding.where


def test_a_quota_that_was_never_raised_is_at_its_default() -> None:
    answers = {
        "service-quotas:GetServiceQuota": ("NoSuchResourceException", "not raised"),
        "service-quotas:GetAWSDefaultServiceQuota": quota(10_000),
    }
    assert inspect(Aws(answers | EMPTY)).findings == []


@pytest.mark.parametrize("call", ["service-quotas:GetServiceQuota", "ec2:DescribeVpcs"])
def test_a_quota_that_cannot_be_read_is_said(call: str) -> None:
    answers = {"service-quotas:GetServiceQuota": quota(10_000), **EMPTY, call: DENIED}
    findings = inspect(Aws(answers)).findings
    assert {finding.kind for finding in findings} == {Kind.UNVERIFIED}


def test_the_table_names_each_quota_once() -> None:
    codes = [(each.service, each.code) for each in all_quotas()]
    assert len(set(codes)) == len(codes)
    assert all(each.types or each.need for each in all_quotas())
