"""The clauses' data: every demand binds a key that there is, and can fail."""

import pytest
from pydantic import ValidationError

from runbook.clauses import Demand, clauses_of, organisations_with_clauses
from runbook.model.loader import known_environments, load_environment
from tests.model.spoiling import Refuse

VENDORS = ("anthropic", "checkr", "persona", "stripe", "workos")
DEMANDS = [
    (organisation, clause.id, demand)
    for organisation in organisations_with_clauses()
    for clause in clauses_of(organisation)
    for demand in clause.demands
]


def test_every_organisation_with_environments_has_clauses() -> None:
    organisations = {name.split("/")[0] for name in known_environments()}
    assert organisations <= set(organisations_with_clauses())
    with pytest.raises(KeyError):
        clauses_of("nobody")


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("secret", "days"),
    [
        *((f"{vendor}-api-key", 90) for vendor in VENDORS),
        ("mcp-inbound-token", 90),
        ("mcp-outbound-token", 90),
        ("database-master", 90),
        ("jwt-signing-keys", 180),
    ],
)
def test_no_secret_the_documents_name_is_kept_a_day_longer(
    refuse: Refuse, secret: str, days: int
) -> None:
    message = refuse(f"secrets.{secret}.rotation_days", days + 1)
    assert f"{days + 1} breaks ROVN-SEC-3, which demands at most {days}" in message


@pytest.mark.parametrize(("organisation", "clause", "demand"), DEMANDS)
def test_each_demand_is_met_by_the_shipped_files_and_binds_one(
    organisation: str, clause: str, demand: Demand
) -> None:
    names = [name for name in known_environments() if name.startswith(f"{organisation}/")]
    loaded = [load_environment(name) for name in names]
    bound = [environment for environment in loaded if demand.binds(environment)]
    assert bound, f"{clause} demands something of no environment"
    for environment in bound:
        assert not list(demand.refusals(clause, environment))


@pytest.mark.parametrize(
    "bounds",
    [{}, {"exactly": 1, "at_least": {"retention_days": 1}}, {"at_least": 1, "at_most": 2}],
)
def test_a_demand_has_one_bound(bounds: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="one of them"):
        Demand.model_validate({"key": "buckets.audit", **bounds})
