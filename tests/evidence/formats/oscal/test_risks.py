"""Waivers as risks that somebody accepts until a day."""

from dataclasses import replace

import pytest

from evidence.model import Standing, Verdict
from tests.evidence.formats.oscal.reading import observed, result, values, written
from tests.evidence.samples import evidence


def test_a_waiver_is_a_risk_that_its_owners_role_accepts_until_it_expires() -> None:
    document = written(evidence())
    (of,) = document["results"]
    (risk,) = of["risks"]
    assert risk["status"] == "deviation-approved"
    assert risk["deadline"] == "2027-05-31T23:59:59+00:00"
    assert risk["description"] == "It holds what is public anyway."
    assert values(risk, "owner-role") == ["platform-engineering"]
    assert {each["role-id"] for each in risk["origins"][0]["actors"]} == {"platform-engineering"}
    (accepted,) = risk["remediations"]
    assert accepted["props"] == [{"name": "type", "value": "accept"}]
    waived = observed(of, "bucket-locked", Verdict.WAIVED)
    assert risk["related-observations"] == [{"observation-uuid": waived["uuid"]}]
    excused = [each for each in of["findings"] if "related-risks" in each]
    assert [values(each, "control-id") for each in excused] == [["SOC2 CC6.1"]]
    assert excused[0]["related-risks"] == [{"risk-uuid": risk["uuid"]}]


@pytest.mark.parametrize(
    ("expires", "status"), [("2026-05-04", "deviation-approved"), ("2026-05-03", "open")]
)
def test_a_waiver_holds_on_its_last_day(expires: str, status: str) -> None:
    (waiver,) = evidence().waivers
    (risk,) = result(evidence(waivers=(replace(waiver, expires=expires),)))["risks"]
    assert risk["status"] == status


@pytest.mark.clause("ALL-4")
def test_a_waiver_that_has_expired_is_an_open_risk_of_what_fails() -> None:
    made = evidence()
    (waiver,) = made.waivers
    rows = tuple(
        replace(row, verdict=Verdict.FAIL, reason="") if row.verdict is Verdict.WAIVED else row
        for row in made.rows
    )
    controls = tuple(
        replace(each, standing=Standing.BROKEN, rules={"Runbook::bucket-locked": {Verdict.FAIL: 1}})
        if each.id == "SOC2 CC6.1"
        else each
        for each in made.controls
    )
    late = replace(waiver, expires="2026-05-03", findings=0)
    of = result(evidence(waivers=(late,), rows=rows, controls=controls))
    (risk,) = of["risks"]
    assert risk["status"] == "open"
    assert risk["risk-log"]["entries"][0]["title"] == "Expired when the commit was made"
    failed = observed(of, "bucket-locked", Verdict.FAIL)
    assert risk["related-observations"] == [{"observation-uuid": failed["uuid"]}]
    (finding,) = [each for each in of["findings"] if "related-risks" in each]
    assert values(finding, "control-id") == ["SOC2 CC6.1"]
    assert finding["target"]["status"]["reason"] == "fail"
    assert finding["related-risks"] == [{"risk-uuid": risk["uuid"]}]


def test_a_waiver_of_one_finding_of_a_rule_is_related_to_the_rule() -> None:
    (waiver,) = evidence().waivers
    given = replace(waiver, rules=("Runbook::bucket-locked[Resource::*]",))
    (risk,) = result(evidence(waivers=(given,)))["risks"]
    assert len(risk["related-observations"]) == 1
