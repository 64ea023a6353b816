"""ROVN-DEP-9: what limits CloudFormation, workloads and who deploys is as it was written."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.iam.attachments import MANAGED
from policies.iam.policy_documents import statements_in
from policies.iam.statements import texts
from policies.lookups.limits import is_limit, limits
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import Unknown, UnresolvedError, unknowns

Json = Any
_LISTS = ("Action", "NotAction", "Resource", "NotResource")


def _judge(policy: Resource, scope: Scope) -> Iterator[str]:
    name = policy.at("ManagedPolicyName")
    wanted = {s.sid: _normal(s.as_json()) for s in limits(scope)[name]}
    found: dict[str, Json] = {}
    for _, body in statements_in(policy):
        sid = body.get("Sid")
        if isinstance(sid, Unknown) or not isinstance(sid, str) or sid in found:
            yield "a statement has no Sid of its own, so nothing says what it must be"
        else:
            found[sid] = _normal(body)
    for sid in sorted(found.keys() | wanted.keys()):
        if sid not in found:
            yield f"statement {sid} is missing"
        elif sid not in wanted:
            yield f"statement {sid} is in no list of runbook/access"
        elif found[sid] != wanted[sid]:
            keys = found[sid].keys() | wanted[sid].keys()
            differ = sorted(k for k in keys if found[sid].get(k) != wanted[sid].get(k))
            yield f"{', '.join(differ)} of statement {sid} is not what runbook/access says"


def _normal(body: Mapping[str, Json]) -> dict[str, Json]:
    """Write a statement in one way: lists sorted, single values as lists."""
    for open_ in unknowns(dict(body)):
        raise UnresolvedError(f"{open_.text} is open: {open_.why}")
    normal: dict[str, Json] = {"Effect": body.get("Effect")}
    normal |= {key: sorted(texts(body[key], key)) for key in _LISTS if key in body}
    conditions = body.get("Condition", {})
    normal["Condition"] = {
        operator: {key: _listed(value) for key, value in keys.items()}
        for operator, keys in conditions.items()
    }
    rest = body.keys() - normal.keys() - {"Sid"}
    return normal | {key: body[key] for key in rest}


def _listed(value: Json) -> list[str]:
    return sorted(str(one) for one in (value if isinstance(value, list) else [value]))


def _required(scope: Scope) -> Iterator[str]:
    there = {policy.properties.get("ManagedPolicyName") for policy in scope.resources(MANAGED)}
    for name in limits(scope):
        if name not in there:
            yield f"no stack has the managed policy {name}"


RULE = Rule(
    id="boundaries-hold",
    title="Boundaries, execution policies and the deploy identity's policy say what they must",
    why="They are all that stands between a mistake in a template and the whole account.",
    remedy="Change them in runbook/access, which renders and tests them; never by an override.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST AC-6", "NIST CM-5", "SOC2 CC6.3"),
    types=(MANAGED,),
    concerns=is_limit,
    judge=_judge,
    required=_required,
    waivable=False,
)
