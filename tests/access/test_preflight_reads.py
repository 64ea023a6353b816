"""Who may look at alarms and snapshots before a release, where the file asks for a preflight."""

import pytest

from runbook.access.boundaries import boundaries
from runbook.access.deploy_policy import deploy_statements
from runbook.access.guard_rails import DELIVERY_BOUNDARY, DEPLOY_BOUNDARY
from runbook.access.policy import Statement
from runbook.access.preflight_reads import preflight_reads
from runbook.access.principals import Principals
from runbook.model.preflight import Preflight

READS = ("cloudwatch:DescribeAlarms", "rds:DescribeDBSnapshots")


@pytest.fixture
def asking(principals: Principals) -> Principals:
    """Let the environment ask for a preflight."""
    preflight = Preflight(staging="rehearsal", snapshot_hours=24)
    return Principals(principals.environment.model_copy(update={"preflight": preflight}))


def reach(statements: list[Statement]) -> dict[str, set[str]]:
    return {
        action: {r for each in statements if action in each.actions for r in each.resources}
        for action in READS
    }


@pytest.mark.clause("SCR-DEP-1")
def test_who_releases_may_look_and_no_further(asking: Principals) -> None:
    environment = asking.environment
    place = f"{environment.region}:{environment.account}"
    expected = {
        # Of composite alarms CloudWatch tells nobody whose right is narrower.
        READS[0]: {"*"},
        READS[1]: {
            f"arn:aws:rds:{place}:db:{environment.slug}-postgres",
            f"arn:aws:rds:{place}:snapshot:*",
        },
    }
    assert reach(deploy_statements(asking)) == expected
    assert reach(preflight_reads(asking)) == expected
    for name in (DELIVERY_BOUNDARY, DEPLOY_BOUNDARY):
        (boundary,) = (b for b in boundaries(asking) if b.name == asking.named(name))
        assert reach(list(boundary.statements)) == expected


def test_the_pipeline_of_another_environment_looks_at_none(principals: Principals) -> None:
    assert preflight_reads(principals) == []
    named = principals.named(DELIVERY_BOUNDARY)
    (boundary,) = (b for b in boundaries(principals) if b.name == named)
    assert reach(list(boundary.statements)) == {action: set() for action in READS}
