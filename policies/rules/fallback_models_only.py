"""ROVN-ALM-8: Bedrock is called for the fallback only, by the service's tasks, by the endpoint."""

from collections.abc import Iterator, Mapping

from policies.iam.conditions import demanded
from policies.iam.globs import overlap
from policies.iam.grants import grants_of, holds_policies
from policies.iam.statements import Statement
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
# All of these, but to invoke, are other ways to a model, or write down what it is told.
BEDROCK = "bedrock*:*"
ENDPOINT = "AWS::EC2::VPCEndpoint"
PROFILE, BY_ENDPOINT = "bedrock:InferenceProfileArn", "aws:SourceVpce"


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for statement in grants_of(scope).at(resource):
        if statement.kind in ("identity", "resource") and statement.allows:
            others = _others(statement)
            if others:
                yield f"{statement.label} allows {', '.join(others)}: only the fallback is allowed"
            if statement.among(INVOKE):
                yield from _faults(statement, scope)


def _others(statement: Statement) -> list[str]:
    """List what it allows of Bedrock but to invoke: agents, batches, keys, its other endpoint."""
    calls = {action.lower() for action in INVOKE}
    return [
        action
        for action in statement.actions
        if action.lower() not in calls and overlap(action.lower(), BEDROCK)
    ]


def _faults(statement: Statement, scope: Scope) -> Iterator[str]:
    for holder in sorted(statement.holders):
        profiles, models = _of_role(holder, scope)
        for arn in statement.resources:
            if arn in profiles:
                if not _by_endpoint(statement, scope):
                    yield f"{statement.label} allows {arn} past the VPC endpoint"
            elif arn in models:
                if demanded(statement.conditions, PROFILE) != [models[arn]]:
                    yield f"{statement.label} allows {arn} beside its profile {models[arn]}"
            else:
                yield f"{statement.label} lets {holder} invoke {arn}, no fallback model of it"


def _of_role(role: str, scope: Scope) -> tuple[set[str], Mapping[str, str]]:
    """Tell a task role's inference profiles, and its models with the profile each goes by."""
    environment = scope.environment
    here = f"arn:aws:bedrock:{environment.region}:{environment.account}:inference-profile"
    models = {
        f"arn:aws:bedrock:{region}::foundation-model/{model.model_id}": (
            f"{here}/{model.profile}.{model.model_id}"
        )
        for name, service in environment.services.items()
        if scope.principals.service_roles(name).task == role
        for model in service.fallback_models
        for region in model.regions
    }
    return set(models.values()), models


def _by_endpoint(statement: Statement, scope: Scope) -> bool:
    endpoints = [scope.target(e) for e in demanded(statement.conditions, BY_ENDPOINT) or []]
    return bool(endpoints) and all(e is not None and _is_bedrocks(e) for e in endpoints)


def _is_bedrocks(endpoint: Resource) -> bool:
    service = endpoint.at("ServiceName", "")
    return endpoint.type == ENDPOINT and str(service).endswith(".bedrock-runtime")


def _required(scope: Scope) -> Iterator[str]:
    grants = grants_of(scope)
    for name in scope.environment.services:
        role = scope.principals.service_roles(name).task
        profiles, models = _of_role(role, scope)
        for arn in sorted(profiles | models.keys()):
            if role not in grants.who_may(INVOKE[0], [arn]):
                yield f"{role} may not invoke {arn}: the fallback would fail when it is needed"
            if not any(_lets_through(e, arn, scope) for e in scope.resources(ENDPOINT)):
                yield f"no VPC endpoint lets {arn} be invoked"


def _lets_through(endpoint: Resource, arn: str, scope: Scope) -> bool:
    """Say whether an endpoint of Bedrock allows the model, and denies it nowhere."""
    if not _is_bedrocks(endpoint):
        return False
    about = [
        statement
        for statement in grants_of(scope).at(endpoint)
        if statement.among(INVOKE) and statement.touches([arn])
    ]
    return bool(about) and all(statement.allows for statement in about)


RULE = Rule(
    id="fallback-models-only",
    title="Only the service's tasks invoke models, and only the fallback models it names",
    why="Records would go to a model that nobody agreed on, by a way that nobody watches.",
    remedy="Name the model under fallback_models of the service in the environment file.",
    clauses=("ROVN-ALM-8",),
    controls=("HIPAA 164.312(e)(1)", "NIST AC-4", "NIST AC-6", "SOC2 CC6.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    required=_required,
    waivable=False,
)
