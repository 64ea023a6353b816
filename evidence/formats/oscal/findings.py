"""How each control stands: a local objective that says what was asked, and a finding of it."""

from collections.abc import Iterable, Mapping, Sequence

from evidence.formats.oscal.observations import Observations, Observed
from evidence.formats.oscal.risks import Waived
from evidence.formats.oscal.terms import (
    NAMESPACE,
    Part,
    Uuids,
    bullets,
    line,
    markup,
    present,
    prop,
    props,
    title,
    token,
)
from evidence.model import ControlEntry, Evidence, Standing, Verdict
from runbook.model.refusal import Refusal, RefusedError

# Why a control is not satisfied; OSCAL takes other reasons than its own pass, fail and other.
_REASONS: Mapping[Standing, str] = {
    Standing.BROKEN: "fail",
    Standing.EXCEPTIONS: "exceptions",
    Standing.WEAK: "weak",
    Standing.GAP: "gap",
}
_MEANT: Mapping[Standing, str] = {
    Standing.HELD: "All that was judged passes.",
    Standing.BROKEN: "Something that speaks for the control failed or could not be judged.",
    Standing.EXCEPTIONS: "What was judged passes, but for findings that a waiver lets pass and "
    "clauses that are open in part, or what was not asked or not shown: the related risks and the "
    "remarks say which. OSCAL calls "
    "satisfied what is so completely; whoever accepts the exceptions may conclude more.",
    Standing.WEAK: "Nothing passes: judges that tell failures alone said nothing, or all that was "
    "found is waived. No pass is claimed.",
    Standing.GAP: "Nothing here speaks for the control.",
}
_UNSUPPORTED = "The control is said to hold, but no observation of this environment shows it."
_CONTRADICTED = "The control is said to hold, but something observed here contradicts it."


def objective_id(control: str) -> str:
    """Name our objective of a control: no token of a control ends so."""
    return f"{token(control)}_obj"


def objectives(evidence: Evidence) -> list[Part]:
    """Define what is asked of each control here, which is less than the control asks."""
    return [
        present(
            control_id=token(control.id),
            description=title(f"{control.id}: {control.title}"),
            props=props(prop("control-id", control.id), prop("framework", control.framework)),
            links=_links(control),
            parts=[
                {
                    "id": objective_id(control.id),
                    "name": "assessment-objective",
                    # In OSCAL's own namespace it would need a method of a catalog.
                    "ns": NAMESPACE,
                    "prose": f"For {markup(evidence.name)}, all rules, alarm tests and drills of "
                    "this repository that speak for the control pass without a waiver, and the "
                    "clauses that cite it are kept in full. The control asks more: of people, of "
                    "contracts, of what runs.",
                }
            ],
        )
        for control in evidence.controls
    ]


def reviewed_controls(evidence: Evidence) -> Part:
    """Select the controls, framework by framework.

    Raises ``RefusedError`` where there is none: OSCAL has no results without.
    """
    if not evidence.controls:
        reason = "the evidence names no control, and OSCAL has no results without one"
        fix = "name controls in policies/controls.toml, or leave --oscal out"
        raise RefusedError("OSCAL", [Refusal("controls", reason, fix)])
    by_framework: dict[str, list[ControlEntry]] = {}
    for control in evidence.controls:
        by_framework.setdefault(control.framework, []).append(control)
    ids = [objective_id(each.id) for each in evidence.controls]
    return {
        "control-selections": [
            present(
                description=markup(framework),
                props=props(prop("framework", framework)),
                include_controls=[{"control-id": token(each.id)} for each in controls],
            )
            for framework, controls in by_framework.items()
        ],
        "control-objective-selections": [
            {"include-objectives": [{"objective-id": each} for each in ids]}
        ],
    }


def findings(
    evidence: Evidence, observed: Observations, waived: Sequence[Waived], uuids: Uuids
) -> list[Part]:
    """Say of each control how it stands."""
    failed = {
        control
        for row in evidence.rows
        if row.verdict in (Verdict.FAIL, Verdict.ERROR)
        for control in row.controls
    }
    return [
        _finding(each, observed, waived, uuids, failed=each.id in failed)
        for each in evidence.controls
    ]


def _finding(
    control: ControlEntry,
    observed: Observations,
    waived: Sequence[Waived],
    uuids: Uuids,
    *,
    failed: bool,
) -> Part:
    related = tuple(_related(control, observed))
    return present(
        uuid=uuids.new("finding", control.id),
        title=title(f"{control.id}: {control.title}: {control.standing.value}"),
        description=_MEANT[control.standing],
        props=props(
            prop("control-id", control.id),
            prop("framework", control.framework),
            prop("standing", control.standing.value),
            prop("resources", control.resources),
            *(prop("clause", each) for each in control.clauses),
        ),
        links=_links(control),
        target=present(
            type="objective-id",
            target_id=objective_id(control.id),
            title=title(f"What this repository shows of {control.id}"),
            status=_status(control.standing, related, failed=failed),
        ),
        related_observations=[{"observation-uuid": each.uuid} for each in related],
        related_risks=[
            {"risk-uuid": each.uuid}
            for each in waived
            if any(control.rules.get(rule, {}).get(each.verdict) for rule in each.rules)
        ],
        remarks=bullets(control.gaps),
    )


def _status(standing: Standing, related: Sequence[Observed], *, failed: bool) -> Part:
    """Say satisfied only of what holds, is shown to by an observation, and by none not to."""
    if standing is not Standing.HELD:
        return _not_satisfied(_REASONS[standing], _MEANT[standing])
    if failed or any(each.contradicts for each in related):
        return _not_satisfied("contradicted", _CONTRADICTED)
    if not any(each.supports for each in related):
        return _not_satisfied("unsupported", _UNSUPPORTED)
    return {"state": "satisfied", "reason": "pass", "remarks": _MEANT[standing]}


def _not_satisfied(reason: str, remarks: str) -> Part:
    return {"state": "not-satisfied", "reason": reason, "remarks": remarks}


def _related(control: ControlEntry, observed: Observations) -> Iterable[Observed]:
    """Find what was observed for a control; what did not apply says nothing of it."""
    for rule, counts in sorted(control.rules.items()):
        for verdict in Verdict:
            found = observed.rules.get((rule, verdict))
            if found and counts.get(verdict) and verdict is not Verdict.NOT_APPLICABLE:
                yield found
    yield from (observed.alarms[each] for each in control.alarms if each in observed.alarms)
    yield from (observed.drills[each] for each in control.drills if each in observed.drills)


def _links(control: ControlEntry) -> list[Part]:
    return [{"href": line(control.url), "rel": "reference"}] if line(control.url) else []
