"""Waivers as accepted risks: why, by which role, until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evidence.formats.oscal.observations import Observations, Observed
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
    token,
)
from evidence.model import Evidence, JudgedRule, Verdict, WaiverEntry


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver as a risk; ``rules`` are those judged, ``judge::rule``, that it covers.

    ``verdict`` is how they were judged for it: ``WAIVED``, ``FAIL`` once it has expired.
    """

    written: Part
    rules: tuple[str, ...]
    verdict: Verdict

    @property
    def uuid(self) -> str:
        """Give what findings relate to it by."""
        return str(self.written["uuid"])


def risks(
    evidence: Evidence, observed: Observations, party: str, uuids: Uuids
) -> tuple[Waived, ...]:
    """Write each waiver as a risk that the organisation accepts until it expires."""
    rules = {f"{each.judge}::{each.id}": each for each in evidence.rules}
    return tuple(
        _risk(each, evidence, rules, observed.rules, party, uuids) for each in evidence.waivers
    )


def _risk(
    waiver: WaiverEntry,
    evidence: Evidence,
    rules: Mapping[str, JudgedRule],
    observed: Mapping[tuple[str, Verdict], Observed],
    party: str,
    uuids: Uuids,
) -> Waived:
    at = instant(evidence.commit.date, "commit.date")
    # The last day on which it holds.
    deadline = instant(f"{waiver.expires}T23:59:59+00:00", f"{waiver.entry}: expires")
    expired = datetime.fromisoformat(deadline) < datetime.fromisoformat(at)
    # What it covered fails after that day.
    told = Verdict.FAIL if expired else Verdict.WAIVED
    # A pack's finding may name more than its rule: AwsSolutions-IAM5[Resource::*].
    covered = tuple(
        rule
        for rule, verdict in observed
        if verdict is told
        and any(each == rule or each.startswith(f"{rule}[") for each in waiver.rules)
    )
    meant = [rules[each].why for each in covered if each in rules]
    actor = {"type": "party", "actor-uuid": party, "role-id": token(waiver.owner)}
    origins = [{"actors": [actor]}]
    written = present(
        uuid=uuids.new("risk", *_key(waiver)),
        title=title(f"Waiver until {waiver.expires}: {', '.join(waiver.rules)}"),
        description=markup(waiver.reason) or "The waiver gives no reason.",
        statement="\n\n".join(dict.fromkeys(markup(each) for each in meant if line(each)))
        or "The judge does not say what a failure of the rule would mean.",
        props=props(
            prop("waiver", waiver.entry),
            prop("owner-role", waiver.owner),
            prop("expires", waiver.expires),
            prop("findings", waiver.findings),
            *(prop("rule", each) for each in waiver.rules),
            *(prop("path", each) for each in waiver.paths),
        ),
        status="open" if expired else "deviation-approved",
        origins=origins,
        deadline=deadline,
        remediations=_responses(waiver, origins, covered, rules, uuids),
        risk_log={"entries": [_seen(waiver, evidence, party, uuids, expired=expired)]},
        related_observations=[{"observation-uuid": observed[each, told].uuid} for each in covered],
    )
    return Waived(written, covered, told)


def _key(waiver: WaiverEntry) -> tuple[str, ...]:
    """Name a waiver, not by its entry: that has the line it stands in."""
    return (*waiver.rules, "", *waiver.paths)


def _seen(
    waiver: WaiverEntry, evidence: Evidence, party: str, uuids: Uuids, *, expired: bool
) -> Part:
    """Log what is known of the waiver's course: how it stood at this commit."""
    at = instant(evidence.commit.date, "commit.date")
    return present(
        uuid=uuids.new("risk-log", evidence.commit.id, *_key(waiver)),
        title=f"{'Expired' if expired else 'In force'} when the commit was made",
        description="The waiver stands in the repository, whose history tells who approved it "
        "and when.",
        start=at,
        end=at,
        logged_by=[{"party-uuid": party, "role-id": token(waiver.owner)}],
    )


def _responses(
    waiver: WaiverEntry,
    origins: list[Part],
    covered: tuple[str, ...],
    rules: Mapping[str, JudgedRule],
    uuids: Uuids,
) -> list[Part]:
    """Say that it is accepted, and what each judge would have one do."""
    accepted = present(
        uuid=uuids.new("accepted", *_key(waiver)),
        lifecycle="planned",
        title=title(f"Accepted until {waiver.expires}"),
        description=markup(waiver.reason) or "The waiver gives no reason.",
        # OSCAL's own property: how a risk is responded to.
        props=[{"name": "type", "value": "accept"}],
        origins=origins,
    )
    remedies = [
        present(
            uuid=uuids.new("remedy", rule, *_key(waiver)),
            lifecycle="recommendation",
            title=title(f"What {rules[rule].judge} recommends for {rules[rule].id}"),
            description=markup(rules[rule].remedy),
        )
        for rule in covered
        if rule in rules and line(rules[rule].remedy)
    ]
    return [accepted, *remedies]
