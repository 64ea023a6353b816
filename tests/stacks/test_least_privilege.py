"""No policy of any template is wider than it must be (ROVN-SEC-2, ROVN-DEP-9)."""

import json
from collections.abc import Iterator

import pytest

from policies.least_privilege import too_wide
from policies.statements import statements_of
from tests.assembly import Assembly, Resource


def resources(assembly: Assembly) -> Iterator[tuple[str, str, Resource]]:
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            yield stack, logical_id, resource


@pytest.mark.clause("ROVN-DEP-9")
def test_every_policy_names_its_actions_and_resources(assembly: Assembly) -> None:
    faults = {stack: too_wide(template) for stack, template in assembly.templates.items()}
    assert {stack: found for stack, found in faults.items() if found} == {}


@pytest.mark.clause("ROVN-DEP-9")
def test_every_role_and_user_carries_its_boundary(assembly: Assembly) -> None:
    """Those that an L2 construct makes for itself, too."""
    seen = set()
    for stack, logical_id, resource in resources(assembly):
        if resource["Type"] not in ("AWS::IAM::Role", "AWS::IAM::User"):
            continue
        label = assembly.template(stack)["Metadata"]["Runbook"]
        slug = f"{label['Organisation']}-{label['Environment']}"
        account = assembly.environments[stack].split("/")[2]
        name = "deploy-boundary" if stack == f"{slug}-access" else "workload-boundary"
        expected = f"arn:aws:iam::{account}:policy/{slug}-{name}"
        assert resource["Properties"].get("PermissionsBoundary") == expected, (stack, logical_id)
        seen.add(name)
    assert seen == {"deploy-boundary", "workload-boundary"}


def test_no_boundary_is_attached_as_a_policy(assembly: Assembly) -> None:
    """Else what may name whole services would grant them."""
    for stack, logical_id, resource in resources(assembly):
        attached = json.dumps(resource.get("Properties", {}).get("ManagedPolicyArns", []))
        assert "boundary" not in attached.lower(), (stack, logical_id)


def test_the_walk_finds_policies_of_every_kind(assembly: Assembly) -> None:
    """Else the tests above would prove nothing."""
    kinds = {s.kind for template in assembly.templates.values() for s in statements_of(template)}
    assert kinds == {"identity", "resource", "trust", "ceiling"}
