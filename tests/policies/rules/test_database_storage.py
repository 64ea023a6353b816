"""database-storage."""

import pytest

from policies.rules.database_storage import RULE
from tests.policies.rules.databases import NOTHING, caught, said, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

ROLE = "arn:aws:iam::111122223333:role/rovn-production-database-monitoring"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"AllocatedStorage": 100, "MaxAllocatedStorage": "500"}, "pass"),
        ({"MonitoringInterval": 15}, "pass"),
        ({"MaxAllocatedStorage": None}, "MaxAllocatedStorage is None, not 500"),
        ({"MaxAllocatedStorage": 100}, "MaxAllocatedStorage is 100, not 500"),
        ({"AllocatedStorage": "500"}, "AllocatedStorage is 500, not 100"),
        ({"DBInstanceClass": "db.m5.large"}, "DBInstanceClass is db.m5.large, not db.m7g.large"),
        ({"EngineVersion": "16.1"}, "EngineVersion is 16.1, not 17.9"),
        ({"DBName": None}, "DBName is None, not passport"),
        (
            {"PreferredMaintenanceWindow": "mon:01:00-mon:02:00"},
            "PreferredMaintenanceWindow is mon:01:00-mon:02:00, not sun:07:00-sun:08:00",
        ),
        ({"MonitoringInterval": None}, "MonitoringInterval is 0, not 1 to 60 seconds"),
        ({"MonitoringInterval": 300}, "MonitoringInterval is 300, not 1 to 60 seconds"),
        ({"MonitoringRoleArn": "other"}, f"MonitoringRoleArn is other, not {ROLE}"),
        (
            {"DBInstanceClass": OPEN},
            "DBInstanceClass: ${SomeParameter} is open: the parameter SomeParameter is given when "
            "it is deployed",
        ),
    ],
)
def test_the_instance_is_the_files(changed: Json, message: str) -> None:
    assert said(RULE, **changed) == message


def test_a_replica_takes_the_rest_from_its_source() -> None:
    assert said_of_replica(RULE) == "pass"
    assert said_of_replica(RULE, DBInstanceClass="db.t4g.micro") == (
        "DBInstanceClass is db.t4g.micro, not db.m7g.large"
    )


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_storage_that_cannot_grow(real: Real) -> None:
    assert caught(real, MaxAllocatedStorage=20) == {(RULE.id, "DatabaseInstance")}
