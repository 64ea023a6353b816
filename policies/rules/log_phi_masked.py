"""ROVN-LOG-1: what looks like PHI in a log is masked, and told."""

from collections.abc import Iterable, Iterator

from policies.iam.resource_policies import Statement, listed
from policies.lookups.log_groups import (
    GROUP,
    belongs_to_service_or_database,
    findings_destinations,
    holds_findings_only,
    protection,
)
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known
from runbook.phi_identifiers import FIELDS, MANAGED, expression_of

_MANAGED = "arn:aws:dataprotection::aws:data-identifier/"
_WANTED = {f"{_MANAGED}{name}" for name in MANAGED} | set(FIELDS)
_STANDARD = "STANDARD"
_CUSTOM = "DataProtectionPolicy.Configuration.CustomDataIdentifier"


def _may_hold_phi(group: Resource, scope: Scope) -> bool:
    return (
        scope.environment.tier == "phi"
        and belongs_to_service_or_database(group)
        and not holds_findings_only(group)
    )


def _judge(group: Resource, scope: Scope) -> Iterator[str]:
    kind = group.at("LogGroupClass", _STANDARD)
    if kind != _STANDARD:
        yield f"LogGroupClass is {kind}, not {_STANDARD}: no other masks anything"
    policy = protection(group)
    audits = [s for s in policy if "Audit" in known(s.get("Operation", {}))]
    masks = [s for s in policy if _masks(s)]
    for what, done in (("masked", masks), ("audited", audits)):
        missing = sorted(name.removeprefix(_MANAGED) for name in _WANTED - _identifiers(done))
        if missing:
            yield f"not {what}: {', '.join(missing)}"
    differing = _identifiers(audits) ^ _identifiers(masks)
    others = sorted(name.removeprefix(_MANAGED) for name in differing - _WANTED)
    if others:
        yield f"only one of masked and audited: {', '.join(others)}"
    custom = {known(c)["Name"]: known(known(c)["Regex"]) for c in group.at(_CUSTOM, [])}
    for name, fields in FIELDS.items():
        if custom.get(name) != expression_of(fields):
            yield f"{name} is not the expression of runbook/phi_identifiers.py"
    for audit in audits:
        groups = [find(value, scope, GROUP) for value in findings_destinations(audit)]
        if None in groups or not groups:
            yield "its findings go to no log group of this environment"


def _masks(statement: Statement) -> bool:
    operation = known(statement.get("Operation", {}))
    return bool(known(operation.get("Deidentify")) == {"MaskConfig": {}})


def _identifiers(statements: Iterable[Statement]) -> set[str]:
    return {known(name) for s in statements for name in listed(s.get("DataIdentifier"))}


RULE = Rule(
    id="log-phi-masked",
    title="Logs of services and of the database mask what looks like PHI, and record each finding",
    why="Scrubbing in the code is one mistake away from a patient's name in a log that every "
    "engineer reads.",
    remedy="Make the group with runbook_constructs.phi_log_group; runbook/phi_identifiers.py says "
    "what is PHI.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(a)(1)", "NIST AU-9", "SOC2 C1.1"),
    types=(GROUP,),
    concerns=_may_hold_phi,
    judge=_judge,
    waivable=False,
)
