"""What was observed: by each rule with each verdict, by each alarm's tests, by each drill."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.formats.oscal.subjects import Subjects
from evidence.formats.oscal.terms import (
    Part,
    Uuids,
    instant,
    line,
    markup,
    present,
    prop,
    props,
    title,
)
from evidence.model import AlarmTested, Drill, Evidence, JudgedRule, Rehearsal, Row, Verdict

_SAID: Mapping[Verdict, str] = {
    Verdict.FAIL: "The rule failed at each subject; the remarks there say why.",
    Verdict.ERROR: "The rule could not be judged at each subject: that is no pass.",
    Verdict.WAIVED: "The rule failed at each subject, and a waiver lets it pass until it expires.",
    Verdict.PASS: "The rule was judged at each subject, and passed.",
    Verdict.NO_FINDING: "The judge, which tells failures only, was asked and said nothing. "
    "The rule may not have applied: no pass is claimed.",
    Verdict.NOT_APPLICABLE: "The rule does not apply to what it looked at, which is only counted.",
}
# Why a row is as it is; of the others there is nothing to say.
_EXPLAINED = (Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED)


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation of this environment, or of another.

    ``supports``: it shows something here to be as it should; ``contradicts``: not to be so.
    """

    written: Part
    supports: bool
    contradicts: bool

    @property
    def uuid(self) -> str:
        """Give what others relate to it by."""
        return str(self.written["uuid"])


@dataclass(frozen=True, slots=True)
class Files:
    """The bundle's files that observations show: that of all rows, and that of everything."""

    rows: Part
    everything: Part


@dataclass(frozen=True, slots=True)
class Observations:
    """All observations: of rules by ``judge::rule`` and verdict, of alarms and drills by name."""

    rules: Mapping[tuple[str, Verdict], Observed]
    alarms: Mapping[str, Observed]
    drills: Mapping[str, Observed]

    @property
    def written(self) -> list[Part]:
        """List them as they stand in the document."""
        every = (*self.rules.values(), *self.alarms.values(), *self.drills.values())
        return [each.written for each in every]


def observations(evidence: Evidence, found: Subjects, uuids: Uuids, files: Files) -> Observations:
    """Observe all, with the bundle's files as evidence."""
    collected = instant(evidence.commit.date, "commit.date")
    judged: dict[tuple[str, str, Verdict], list[Row]] = {}
    for row in evidence.rows:
        judged.setdefault((row.judge, row.rule, row.verdict), []).append(row)
    rules = {(each.judge, each.id): each for each in evidence.rules}
    of_rules = {
        (f"{judge}::{rule}", verdict): Observed(
            _rule(rules.get((judge, rule)), rows, found, uuids)
            | {"collected": collected, "relevant-evidence": [files.rows]},
            supports=verdict is Verdict.PASS,
            contradicts=verdict in (Verdict.FAIL, Verdict.ERROR),
        )
        for (judge, rule, verdict), rows in judged.items()
    }
    of_alarms = {
        each.alarm: Observed(
            _alarm(each, found, uuids)
            | {"collected": collected, "relevant-evidence": [files.everything]},
            supports=each.fires > 0,
            contradicts=each.failed > 0,
        )
        for each in evidence.alarm_tests
        # Without a test nothing was observed.
        if each.tests
    }
    return Observations(of_rules, of_alarms, _drills(evidence, found, uuids, files))


def _drills(evidence: Evidence, found: Subjects, uuids: Uuids, files: Files) -> dict[str, Observed]:
    rehearsal = evidence.rehearsal
    if rehearsal is None:
        return {}
    shared = {
        "collected": instant(rehearsal.started, "rehearsal.started"),
        "relevant-evidence": [files.everything],
    }
    unlike = _unlike(rehearsal, evidence)
    return {
        each.name: Observed(
            _drill(each, rehearsal, unlike, found, uuids) | shared,
            # What passed elsewhere shows nothing of what is here; what failed tells on it.
            supports=each.outcome == "passed" and not unlike,
            contradicts=each.outcome == "failed",
        )
        for each in rehearsal.drills
    }


def _unlike(rehearsal: Rehearsal, evidence: Evidence) -> list[str]:
    """Say why drills do not show what the document is of; nothing where they do."""
    elsewhere = "It is another environment than this document's."
    why = rehearsal.unlike(evidence.commit)
    return [
        *([elsewhere] if rehearsal.environment != evidence.name else []),
        *([f"It does not show this document's commit: {why}."] if why else []),
    ]


def _rule(rule: JudgedRule | None, rows: list[Row], found: Subjects, uuids: Uuids) -> Part:
    first = rows[0]
    verdict = first.verdict
    explained = verdict in _EXPLAINED
    cited = [clause for row in rows for clause in row.clauses] + list(rule.clauses if rule else ())
    levels = dict.fromkeys(row.level for row in rows) if verdict is Verdict.FAIL else ()
    wanted = [markup(each) for each in (rule.title, rule.why)] if rule else []
    return present(
        uuid=uuids.new("rule", first.judge, first.rule, verdict.value),
        title=title(f"{first.judge}: {first.rule}: {verdict.value.replace('_', ' ')}"),
        description="\n\n".join([each for each in wanted if each] + [_SAID[verdict]]),
        props=props(
            prop("judge", first.judge),
            prop("rule", first.rule),
            prop("verdict", verdict.value),
            prop("count", len(rows)),
            *(prop("level", each) for each in levels),
            *(prop("clause", each) for each in dict.fromkeys(cited)),
        ),
        methods=["EXAMINE"],
        types=_types(rows, explained=explained),
        origins=[{"actors": [{"type": "tool", "actor-uuid": found.judges[first.judge]}]}],
        subjects=_subjects(rows, found) if verdict is not Verdict.NOT_APPLICABLE else [],
        remarks=markup(rule.remedy) if rule and explained else "",
    )


def _types(rows: list[Row], *, explained: bool) -> list[str]:
    """Call it a discovery, in OSCAL's words, where a failure is none of a control's."""
    if any(row.controls for row in rows):
        return ["control-objective"]
    return ["discovery"] if explained else []


def _subjects(rows: list[Row], found: Subjects) -> list[Part]:
    """Name each subject once, with all that was said of it."""
    named: dict[str, Part] = {}
    said: dict[str, dict[str, None]] = {}
    for row in rows:
        reference = found.reference(row)
        uuid = reference["subject-uuid"]
        named[uuid] = reference
        if row.verdict in _EXPLAINED:
            why = (row.message, f"Waived: {row.reason}" if line(row.reason) else "")
            said.setdefault(uuid, {}).update(dict.fromkeys(markup(each) for each in why))
    for uuid, words in said.items():
        remarks = "\n\n".join(each for each in words if each)
        if remarks:
            named[uuid]["remarks"] = remarks
    return list(named.values())


def _alarm(tested: AlarmTested, found: Subjects, uuids: Uuids) -> Part:
    return present(
        uuid=uuids.new("alarm", tested.alarm),
        title=title(
            f"Alarm {tested.alarm}: {tested.tests - tested.failed} of {tested.tests} tests passed"
        ),
        description="Recorded or written series were replayed against the synthesized alarm by "
        "this repository's own model of CloudWatch; no metric of a running system was seen.",
        props=props(
            prop("alarm", tested.alarm),
            prop("tests", tested.tests),
            prop("failed", tested.failed),
            prop("fires", tested.fires),
            prop("stays-quiet", tested.stays_quiet),
            *(prop("clause", each) for each in tested.clauses),
        ),
        methods=["TEST"],
        types=["control-objective"],
        subjects=[{"subject-uuid": found.system, "type": "component"}],
    )


def _drill(
    drill: Drill, rehearsal: Rehearsal, unlike: list[str], found: Subjects, uuids: Uuids
) -> Part:
    told = [f"The last rehearsal on record was of {markup(rehearsal.environment)}.", *unlike]
    told += [f"Checked: {title(each)}." for each in drill.checked]
    if line(drill.reason):
        told.append(markup(drill.reason))
    return present(
        uuid=uuids.new("drill", drill.name),
        title=title(f"Drill {drill.name}: {drill.outcome}"),
        description="\n\n".join(told),
        props=props(
            prop("drill", drill.name),
            prop("outcome", drill.outcome),
            prop("seconds", drill.seconds),
            prop("environment", rehearsal.environment),
            prop("commit", rehearsal.commit.id if rehearsal.commit else ""),
            prop("report-sha-256", rehearsal.sha256),
            *(prop("clause", each) for each in drill.clauses),
        ),
        methods=["TEST"],
        types=["control-objective"],
        subjects=[] if unlike else [{"subject-uuid": found.system, "type": "component"}],
    )
