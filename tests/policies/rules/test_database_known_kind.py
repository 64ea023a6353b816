"""database-known-kind."""

import pytest

from policies.rules.database_known_kind import OTHERS, RULE
from tests.policies.rules.databases import data, instance, replica, said, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts
from tests.policies.rules.spoiling import file_says_of_database


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"Engine": "mysql"}, "Engine is mysql, not postgres"),
        ({"Engine": None}, "Engine is None, not postgres"),
        (
            {"DBClusterIdentifier": "other"},
            "DBClusterIdentifier is set: a cluster's settings would replace the instance's own",
        ),
        (
            {"DBInstanceIdentifier": "other"},
            "DBInstanceIdentifier is other, not rovn-production-postgres",
        ),
        (
            {"DBInstanceIdentifier": None},
            "DBInstanceIdentifier is None, not rovn-production-postgres",
        ),
        (
            {"Engine": OPEN},
            "Engine: ${SomeParameter} is open: the parameter SomeParameter is given when it is "
            "deployed",
        ),
    ],
)
def test_an_instance_is_postgresql_under_its_name(changed: Json, message: str) -> None:
    assert said(RULE, **changed) == message


def test_a_replica_is_refused_where_none_is_declared() -> None:
    assert said_of_replica(RULE) == "it is a replica, and database.read_replica is false"


@pytest.mark.parametrize("kind", OTHERS)
def test_another_kind_is_refused(kind: str) -> None:
    found = verdicts(RULE, data(instance(), Other={"Type": kind}))
    assert found == {"Database": "pass", "Other": f"no rule here can judge {kind}"}


def test_the_instance_must_exist() -> None:
    assert verdicts(RULE, template("data", {}), whole=True) == {
        None: "there are 0 of the instance rovn-production-postgres, not one"
    }


def test_one_instance_is_enough_where_no_replica_is_declared() -> None:
    assert verdicts(RULE, data(instance()), whole=True) == {"Database": "pass"}


def test_a_declared_replica_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    file_says_of_database(monkeypatch, read_replica=True)
    assert verdicts(RULE, data(instance()), whole=True) == {
        None: "there are 0 of the instance rovn-production-postgres-replica, not one",
        "Database": "pass",
    }
    both = data(instance(), Replica=replica())
    assert verdicts(RULE, both, whole=True) == {"Database": "pass", "Replica": "pass"}
    alone = template("data", {"Replica": replica(SourceDBInstanceIdentifier="other")})
    assert verdicts(RULE, alone, whole=True) == {
        None: "there are 0 of the instance rovn-production-postgres, not one",
        "Replica": "pass",
    }


def test_only_this_rule_sees_another_database(real: Real) -> None:
    def spoil(body: Json) -> None:
        kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        body["Resources"]["Second"] = {"Type": "AWS::RDS::DBCluster"} | kept

    assert real.caught("data", spoil) == {(RULE.id, "Second")}
