"""roles-bounded (ROVN-DEP-9)."""

import pytest

from policies.rules.roles_bounded import RULE
from tests.policies.rules.access import IAM, SLUG, role, said
from tests.policies.rules.harness import OPEN, Json, Real, properties

WORKLOAD, DEPLOY = (f"{IAM}:policy/{SLUG}-{kind}-boundary" for kind in ("workload", "deploy"))


def test_a_role_carries_the_workloads_boundary_and_who_deploys_its_own() -> None:
    assert said(RULE, role(PermissionsBoundary=WORKLOAD)) == "pass"
    assert said(RULE, role(RoleName="claude-deploy", PermissionsBoundary=DEPLOY)) == "pass"


@pytest.mark.parametrize("kind", ["AWS::IAM::Role", "AWS::IAM::User"])
def test_none_or_another_fails(kind: str) -> None:
    body = {"Type": kind, "Properties": {}}
    assert said(RULE, body) == f"its permission boundary is none, not {WORKLOAD}"
    body["Properties"] = {"PermissionsBoundary": DEPLOY}
    assert said(RULE, body) == f"its permission boundary is {DEPLOY}, not {WORKLOAD}"


def test_an_open_boundary_fails() -> None:
    assert said(RULE, role(PermissionsBoundary=OPEN)).startswith("PermissionsBoundary: ${SomeP")


@pytest.mark.clause("ROVN-DEP-9")
def test_only_this_rule_sees_a_role_without_boundary(real: Real) -> None:
    def spoil(body: Json) -> None:
        del properties(body, "AWS::IAM::Role", "TasksTaskRole")["PermissionsBoundary"]

    assert real.caught("passport-api", spoil) == {("roles-bounded", "TasksTaskRole")}
