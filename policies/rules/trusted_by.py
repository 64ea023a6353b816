"""ROVN-DEP-9, ROVN-SEC-2: each role is assumed by the one service or identity that it is for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.iam.attachments import arn_of
from policies.iam.conditions import demanded
from policies.iam.grants import grants_of
from policies.iam.statements import Statement, texts
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.access.delivery_sources import delivery_sources
from runbook.access.principals import Principals
from runbook.access.restart_names import restart_rules

ROLE, PROVIDER = "AWS::IAM::Role", "AWS::IAM::OIDCProvider"
# Other ways for somebody elsewhere to become a role of this account.
_OTHER_PROVIDERS = ("AWS::IAM::SAMLProvider", "AWS::RolesAnywhere::TrustAnchor")
GITHUB, AUDIENCE = "token.actions.githubusercontent.com", "sts.amazonaws.com"
# What they do for whom, these do not say: their documentation has roles without conditions.
_UNNAMED_SOURCE = (
    *("chatbot.amazonaws.com", "cloudtrail.amazonaws.com", "ecs.amazonaws.com"),
    "lambda.amazonaws.com",
)
# From where the others come, where they tell: part of an ARN.
_SOURCES = {
    "ecs-tasks.amazonaws.com": "arn:aws:ecs:{place}:*",
    "states.amazonaws.com": "arn:aws:states:{place}:stateMachine:*",
    "vpc-flow-logs.amazonaws.com": "arn:aws:ec2:{place}:vpc-flow-log/*",
}


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type in _OTHER_PROVIDERS:
        yield f"it trusts whoever it signs in: nothing here is for {resource.type}"
        return
    if resource.type == PROVIDER:
        yield from _provider(resource)
        return
    statements = [s for s in grants_of(scope).at(resource) if s.kind == "trust" and s.allows]
    if not statements:
        yield "it has no statement that says who may assume it"
        return
    arn = arn_of(resource)
    service = next((s for s, arns in scope.principals.passable.items() if arn in arns), None)
    if arn == scope.principals.deploy_identity:
        for statement in statements:
            yield from _by_github(statement, scope)
    elif service is None:
        yield f"nothing says who may assume {arn}: runbook/access/principals.py does not know it"
    else:
        for statement in statements:
            yield from _by_service(statement, arn, service, scope)


def _by_service(statement: Statement, arn: str, service: str, scope: Scope) -> Iterator[str]:
    yield from _who(statement, service, "sts:AssumeRole")
    if service in _UNNAMED_SOURCE:
        return
    environment = scope.environment
    place = f"{environment.region}:{environment.account}"
    wanted: dict[str, Sequence[str]] = {"aws:SourceAccount": [environment.account]}
    if service in _SOURCES:
        wanted["aws:SourceArn"] = [_SOURCES[service].format(place=place)]
    if arn in (sources := _sources(scope.principals)):
        wanted["aws:SourceArn"] = sources[arn]
    yield from _demands(statement, wanted)


def _sources(principals: Principals) -> Mapping[str, Sequence[str]]:
    """Map the roles of delivery and of restarts to those that AWS acts for."""
    restarts = [restart_rules(principals)]
    return {**delivery_sources(principals), principals.secret_restart_events: restarts}


def _by_github(statement: Statement, scope: Scope) -> Iterator[str]:
    deploy = scope.environment.deploy
    provider = scope.target(_federated(statement))
    if provider is None or provider.type != PROVIDER or len(statement.principals) > 1:
        who = ", ".join(sorted(statement.principals))
        yield f"it trusts {who}, not the identity provider of its own stack alone"
    if statement.actions != ["sts:AssumeRoleWithWebIdentity"]:
        yield f"it trusts for {', '.join(statement.actions)}, not sts:AssumeRoleWithWebIdentity"
    claims = {f"{GITHUB}:aud": [AUDIENCE], f"{GITHUB}:sub": [deploy.subject]}
    if deploy.branch:
        claims[f"{GITHUB}:ref"] = [f"refs/heads/{deploy.branch}"]
    yield from _demands(statement, claims)


def _federated(statement: Statement) -> Any:  # noqa: ANN401 - JSON is any value
    principal = statement.body.get("Principal")
    return principal.get("Federated") if isinstance(principal, dict) else None


def _who(statement: Statement, wanted: str, action: str) -> Iterator[str]:
    if statement.principals != {wanted}:
        yield f"it trusts {', '.join(sorted(statement.principals))}, not {wanted}"
    if statement.actions != [action]:
        yield f"it trusts for {', '.join(statement.actions)}, not {action}"


def _demands(statement: Statement, wanted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for key, values in wanted.items():
        found = demanded(statement.conditions, key)
        if found is None or sorted(found) != sorted(values):
            said = ", ".join(found) if found else "anything"
            yield f"{key} must be {said}, not {', '.join(values)}"


def _provider(provider: Resource) -> Iterator[str]:
    url = provider.at("Url")
    if url != f"https://{GITHUB}":
        yield f"it trusts the tokens of {url}, not https://{GITHUB}"
    audiences = texts(provider.at("ClientIdList", []), "ClientIdList")
    if audiences != [AUDIENCE]:
        yield f"it takes tokens for {', '.join(audiences) or 'nobody'}, not {AUDIENCE}"


RULE = Rule(
    id="trusted-by",
    title="Each role is assumed by exactly the service or the identity that it is for",
    why="Whoever assumes a role may do all that it may; a wildcard in a token's subject lets in "
    "every pull request.",
    remedy="Let constructs/ make the role; who deploys stands in [deploy] of the environment file.",
    clauses=("ROVN-DEP-9", "ROVN-SEC-2"),
    controls=("HIPAA 164.312(d)", "NIST AC-3", "NIST IA-9", "SOC2 CC6.1"),
    types=(ROLE, PROVIDER, *_OTHER_PROVIDERS),
    judge=_judge,
    waivable=False,
)
