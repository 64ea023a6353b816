"""ROVN-STG-1: staging is production's shape, elsewhere, and shares nothing with it."""

import pytest

from runbook.model.loader import load_environment
from tests.assembly import Assembly

PRODUCTION, STAGING = "rovn-production", "rovn-staging"


def shape(assembly: Assembly, stack: str) -> dict[str, str]:
    return {
        logical_id: resource["Type"]
        for logical_id, resource in assembly.template(stack)["Resources"].items()
    }


@pytest.mark.clause("ROVN-STG-1")
def test_every_stack_has_the_same_resources(assembly: Assembly) -> None:
    parts = [s.removeprefix(PRODUCTION) for s in assembly.templates if s.startswith(PRODUCTION)]
    assert parts
    for part in parts:
        assert shape(assembly, STAGING + part) == shape(assembly, PRODUCTION + part)


@pytest.mark.clause("ROVN-STG-1")
def test_it_lives_in_an_account_and_network_of_its_own() -> None:
    production = load_environment("rovn/production")
    staging = load_environment("rovn/staging")
    assert staging.account != production.account
    assert not staging.network.cidr.overlaps(production.network.cidr)
    assert staging.network.cidr.num_addresses < production.network.cidr.num_addresses


@pytest.mark.clause("ROVN-STG-1")
def test_it_holds_no_patient_data_and_keeps_records_shorter() -> None:
    production = load_environment("rovn/production")
    staging = load_environment("rovn/staging")
    assert (production.tier, staging.tier) == ("phi", "synthetic")
    assert staging.buckets.audit.longest_days < production.buckets.audit.shortest_days
