"""roles-bounded (ROVN-DEP-9)."""

import pytest

from policies.rules.roles_bounded import RULE
from tests.policies.rules.access import IAM, SLUG, role, said
from tests.policies.rules.harness import OPEN, Json, Real, properties

WORKLOAD, DELIVERY, FUNCTION, DEPLOY = (
    f"{IAM}:policy/{SLUG}-{kind}-boundary"
    for kind in ("workload", "delivery", "function", "deployer")
)


@pytest.mark.parametrize(
    ("name", "boundary"),
    [
        (f"{SLUG}-passport-api-task", WORKLOAD),
        (f"{SLUG}-anything-new", WORKLOAD),
        (f"{SLUG}-image-build", DELIVERY),
        (f"{SLUG}-source-events", DELIVERY),
        (f"{SLUG}-passport-api-gate", FUNCTION),
        (f"{SLUG}-passport-api-migrate", FUNCTION),
        (f"{SLUG}-release-records", FUNCTION),
        ("claude-deploy", DEPLOY),
    ],
)
def test_a_role_carries_the_boundary_of_its_kind_and_no_other(name: str, boundary: str) -> None:
    for given in (WORKLOAD, DELIVERY, FUNCTION, DEPLOY):
        told = said(RULE, role(RoleName=name, PermissionsBoundary=given))
        wrong = f"its permission boundary is {given}, not {boundary}"
        assert told == ("pass" if given == boundary else wrong)


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
