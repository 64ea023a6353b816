"""The document as a whole, which trestle validates before anybody gets it."""

import json

from evidence.bundle_files import EVIDENCE, RESULTS
from evidence.formats.oscal.findings import findings, objectives, reviewed_controls
from evidence.formats.oscal.observations import Files, observations
from evidence.formats.oscal.risks import risks
from evidence.formats.oscal.subjects import subjects
from evidence.formats.oscal.terms import (
    NAMESPACE,
    Part,
    Uuids,
    bullets,
    instant,
    line,
    markup,
    present,
    prop,
    props,
    title,
    token,
)
from evidence.model import Commit, Evidence
from runbook.model.refusal import Refusal, RefusedError

# Of the organisation, which no waiver names.
_OPERATOR = "system-owner"
# The bundle's files that the document points at, beside it, with their media types.
_ROWS = (RESULTS, "text/csv")
_EVERYTHING = (EVIDENCE, "application/json")
_NO_PLAN = (
    "There is no assessment plan as an OSCAL document. The resource says what was planned: the "
    "judges, each in its version, that look at every synthesized template of the commit."
)
_NO_VERDICT = (
    "Machines wrote this from synthesized templates, tests and drills. No assessor has confirmed "
    "it, and it does not say that the organisation complies with any framework: each finding is "
    "of an objective defined here, which asks less than its control."
)


def refuse_unwritable(commit: Commit) -> None:
    """Raise ``RefusedError`` where no document of a commit can be written, whatever is found.

    A command asks before it judges anything.
    """
    oscal_version()
    instant(commit.date, "commit.date")


def oscal_version() -> str:
    """Name the version of OSCAL that trestle validates; raises ``RefusedError`` without it."""
    try:
        from trestle.oscal import OSCAL_VERSION
    except ModuleNotFoundError:
        reason = "compliance-trestle is not installed, which validates it"
        refusal = Refusal("OSCAL", reason, "in the checkout: make setup, or pip install '.[oscal]'")
        raise RefusedError("runbook evidence --oscal", [refusal]) from None
    return OSCAL_VERSION


def as_bytes(evidence: Evidence) -> bytes:
    """Write OSCAL assessment results as JSON.

    Raises ``RefusedError`` without compliance-trestle, for dates without a time zone, for evidence
    without controls, and for what trestle finds invalid.
    """
    document = _results(evidence, oscal_version())
    _validate(document)
    written = json.dumps({"assessment-results": document}, ensure_ascii=False, indent=1)
    return written.encode() + b"\n"


def _results(evidence: Evidence, version: str) -> Part:
    uuids = Uuids(evidence.name)
    party = uuids.new("organisation")
    plan = uuids.new("plan")
    rows, everything = uuids.new("file", _ROWS[0]), uuids.new("file", _EVERYTHING[0])
    return present(
        uuid=uuids.new("document"),
        metadata=_metadata(evidence, party, version),
        import_ap={"href": f"#{plan}", "remarks": _NO_PLAN},
        local_definitions={"objectives-and-methods": objectives(evidence)},
        results=[_result(evidence, party, _files(rows, everything), uuids)],
        back_matter={
            "resources": [
                _plan(evidence, plan),
                _file(rows, _ROWS, "Every rule at every resource"),
                _file(everything, _EVERYTHING, "All that the bundle says"),
            ]
        },
    )


def _metadata(evidence: Evidence, party: str, version: str) -> Part:
    owners = dict.fromkeys(waiver.owner for waiver in evidence.waivers)
    roles = {_OPERATOR: "Runs the environment"}
    roles |= {token(owner): owner for owner in owners if token(owner) not in roles}
    return present(
        title=title(f"What was judged of {evidence.name}"),
        last_modified=instant(evidence.commit.date, "commit.date"),
        version=line(evidence.commit.id),
        oscal_version=version,
        document_ids=[{"scheme": NAMESPACE, "identifier": line(evidence.name)}],
        roles=[{"id": role, "title": title(said)} for role, said in roles.items()],
        parties=[{"uuid": party, "type": "organization", "name": line(evidence.organisation)}],
        responsible_parties=[{"role-id": _OPERATOR, "party-uuids": [party]}],
        remarks=_NO_VERDICT,
    )


def _result(evidence: Evidence, party: str, files: Files, uuids: Uuids) -> Part:
    date = instant(evidence.commit.date, "commit.date")
    found = subjects(evidence, uuids)
    observed = observations(evidence, found, uuids, files)
    waived = risks(evidence, observed, party, uuids)
    counts = evidence.summary.items()
    return present(
        uuid=uuids.new("result", evidence.commit.id),
        title=title(f"{evidence.name} at commit {evidence.commit.id}"),
        description="What the judges said of the templates that the commit synthesizes to, what "
        "the alarms' tests and the last rehearsal on record showed. Start and end are the "
        "commit's date: the same commit gives the same document.",
        start=date,
        end=date,
        props=props(
            prop("commit", evidence.commit.id),
            prop("clean", "yes" if evidence.commit.clean else "no"),
            *(prop(f"rows-{name.replace('_', '-')}", count) for name, count in counts),
        ),
        local_definitions=found.definitions,
        reviewed_controls=reviewed_controls(evidence),
        observations=observed.written,
        risks=[each.written for each in waived],
        findings=findings(evidence, observed, waived, uuids),
        remarks=bullets(evidence.gaps),
    )


def _files(rows: str, everything: str) -> Files:
    return Files(
        {"href": f"#{rows}", "description": "The rows, with every message."},
        {"href": f"#{everything}", "description": "The counts, and what they were counted of."},
    )


def _file(uuid: str, file: tuple[str, str], said: str) -> Part:
    name, media_type = file
    return {
        "uuid": uuid,
        "title": name,
        "description": f"{said}. The bundle's manifest.json has its SHA-256.",
        "rlinks": [{"href": name, "media-type": media_type}],
    }


def _plan(evidence: Evidence, uuid: str) -> Part:
    """Say what was planned, in place of a plan."""
    judges = tuple(f"{each.name} {each.version}" for each in evidence.judges)
    name, media_type = _EVERYTHING
    return present(
        uuid=uuid,
        title="What was planned",
        description="Each judge asks all its rules of every synthesized template:\n\n"
        + (bullets(judges) or "- no judge is recorded"),
        props=props(*(prop("judge", each) for each in judges)),
        rlinks=[{"href": name, "media-type": media_type}],
        remarks=f"The rules stand in {name}, under judges and rules. {markup(evidence.tier)} is "
        "the environment's tier, which decides what some of them ask.",
    )


def _validate(document: Part) -> None:
    """Have trestle read the document; what it refuses, nobody gets."""
    from pydantic.v1 import ValidationError
    from trestle.oscal.assessment_results import AssessmentResults

    try:
        AssessmentResults.parse_obj(document)
    except ValidationError as error:
        fix = "change what it was written from; if that is in order, it is a fault in here"
        refusals = [
            Refusal(".".join(str(each) for each in one["loc"]), one["msg"], fix)
            for one in error.errors()
        ]
        raise RefusedError("OSCAL assessment results", refusals) from None
