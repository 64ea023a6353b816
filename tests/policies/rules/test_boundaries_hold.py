"""boundaries-hold (ROVN-DEP-9)."""

import pytest

from policies.rules.boundaries_hold import RULE
from runbook.access.boundaries import boundaries
from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from tests.policies.rules.access import SLUG, allow, policy, said
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

NAME = f"{SLUG}-delivery-boundary"


def boundary() -> list[Json]:
    written = boundaries(Principals(load_environment("rovn/production")))
    (found,) = [policy for policy in written if policy.name == NAME]
    return [statement.as_json() for statement in found.statements]


def judge(*statements: Json) -> str:
    return said(RULE, policy(*statements, ManagedPolicyName=NAME, Roles=[]), part="bootstrap")


def test_what_is_written_passes_in_any_form() -> None:
    assert judge(*boundary()) == "pass"
    assert judge(*(s | {"Action": s["Action"][::-1]} for s in reversed(boundary()))) == "pass"
    *most, push = boundary()
    (builder,) = push["Condition"]["ArnEquals"].values()
    listed = {"ArnEquals": {"aws:PrincipalArn": [builder]}}
    assert judge(*most, push | {"Condition": listed}) == "pass"


def test_a_wider_a_missing_and_a_new_statement_fail() -> None:
    first, *rest = boundary()
    assert judge(first | {"Action": "codebuild:*"}, *rest) == (
        "Action of statement Pipelines is not what runbook/access says"
    )
    assert judge(*rest) == "statement Pipelines is missing"
    assert judge(*boundary(), allow("s3:*")) == "statement One is in no list of runbook/access"
    unnamed = allow("s3:*")
    del unnamed["Sid"]
    assert judge(*boundary(), unnamed) == (
        "a statement has no Sid of its own, so nothing says what it must be"
    )
    assert judge(*boundary(), first) == (
        "a statement has no Sid of its own, so nothing says what it must be"
    )
    *most, release = boundary()
    del release["Condition"]
    assert judge(*most, release) == (
        "Condition of statement Release is not what runbook/access says"
    )


def test_an_open_value_fails() -> None:
    first, *rest = boundary()
    assert judge(first | {"Resource": OPEN}, *rest).startswith("${SomeParameter} is open")


def test_another_policy_is_not_looked_at() -> None:
    assert said(RULE, policy(allow("s3:*"), ManagedPolicyName="other")) == "not_applicable"


def test_each_limit_must_exist() -> None:
    missing = verdicts(RULE, template("bootstrap", {}), whole=True)[None]
    assert missing.startswith(f"no stack has the managed policy {SLUG}-")


@pytest.mark.clause("ROVN-DEP-9")
def test_only_this_rule_sees_a_guard_rail_taken_away(real: Real) -> None:
    def spoil(body: Json) -> None:
        guard = properties(body, "AWS::IAM::ManagedPolicy", "CloudformationGuard")
        del guard["PolicyDocument"]["Statement"][0]

    assert real.caught("bootstrap", spoil) == {("boundaries-hold", "CloudformationGuard")}
