"""The waivers that an environment has, with the findings that each covers there."""

from datetime import date

import pytest

from evidence.collected.waivers_in_force import waiver_entries
from evidence.model import Row, Verdict
from policies.waivers import Waiver, WaiverEntry
from runbook.model.loader import load_environment
from tests.evidence.samples import row

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))


def waiver(*rules: str, environments: tuple[str, ...] | None = None) -> Waiver:
    stated = WaiverEntry(
        rules=rules,
        paths=("Audit/Records/Resource", "Data/Key/Resource"),
        environments=environments,
        reason="It cannot\nlog itself at all.",
        owner="platform",
        expires=date(2027, 5, 31),
    )
    return Waiver(stated, "waiver[0] (line 1)")


def found(verdict: Verdict, path: str = "rovn-production/Audit/Records/Resource") -> Row:
    return row(verdict, "CKV_AWS_18", judge="checkov", construct_path=path)


@pytest.mark.clause("ALL-4")
def test_a_waiver_stands_as_in_its_file_with_what_it_covers() -> None:
    rows = [
        found(Verdict.WAIVED),
        found(Verdict.WAIVED, "rovn-production/Data/Key/Resource"),
        found(Verdict.WAIVED, "rovn-production/Other/Resource"),
        found(Verdict.FAIL),
    ]
    [entry] = waiver_entries(PRODUCTION, [waiver("checkov::CKV_AWS_18")], rows)
    assert entry.entry == "waiver[0] (line 1)"
    assert entry.rules == ("checkov::CKV_AWS_18",)
    assert entry.paths == ("Audit/Records/Resource", "Data/Key/Resource")
    assert (entry.reason, entry.expires) == ("It cannot log itself at all.", "2027-05-31")
    assert entry.findings == 2


def test_a_rule_that_names_what_it_found_covers_that_alone() -> None:
    waived = waiver("AwsSolutions::AwsSolutions-IAM5[Resource::arn:{account}]")
    path = "rovn-production/Data/Key/Resource"
    rows = [
        row(
            Verdict.WAIVED,
            "AwsSolutions-IAM5",
            judge="AwsSolutions",
            construct_path=path,
            message=f"AwsSolutions-IAM5[{found_}]: it has a wildcard",
        )
        for found_ in (f"Resource::arn:{PRODUCTION.account}", "Resource::*")
    ]
    [entry] = waiver_entries(PRODUCTION, [waived], rows)
    assert entry.findings == 1


def test_an_environment_has_no_waiver_of_another() -> None:
    only = waiver("checkov::CKV_AWS_18", environments=("rovn/staging",))
    assert waiver_entries(PRODUCTION, [only], []) == ()
    assert len(waiver_entries(STAGING, [only], [])) == 1
