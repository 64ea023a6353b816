"""database-tls."""

import pytest

from policies.rules.database_tls import RULE
from tests.policies.rules.databases import (
    NOTHING,
    caught_parameter,
    data,
    instance,
    said,
    said_of_replica,
)
from tests.policies.rules.harness import OPEN, Real, template, verdicts


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1", "pass"),
        (1, "pass"),
        ("0", "rds.force_ssl is 0, not 1: connections without TLS are taken"),
        (None, "rds.force_ssl is not set, not 1: connections without TLS are taken"),
        (
            OPEN,
            "${SomeParameter} cannot be known before the deploy: the parameter SomeParameter "
            "is given when it is deployed",
        ),
    ],
)
def test_tls_is_forced(value: object, message: str) -> None:
    assert said(RULE, {"rds.force_ssl": value}) == message


@pytest.mark.parametrize("group", [None, "default.postgres17"])
def test_a_default_group_is_not_enough(group: str | None) -> None:
    assert said(RULE, DBParameterGroupName=group) == (
        "rds.force_ssl is not set, not 1: connections without TLS are taken"
    )


def test_a_group_of_no_template_fails() -> None:
    assert said(RULE, DBParameterGroupName="other") == (
        "the parameter group other is in no template"
    )


def test_a_replica_takes_its_sources_group() -> None:
    assert said_of_replica(RULE) == "pass"
    assert said_of_replica(RULE, DBParameterGroupName="default.postgres17") != "pass"


def test_a_group_may_be_named() -> None:
    group = {"DBParameterGroupName": "mine", "Parameters": {"rds.force_ssl": "1"}}
    own = {"Type": "AWS::RDS::DBParameterGroup", "Properties": group}
    database = instance(DBParameterGroupName="mine")
    assert verdicts(RULE, data(database, Own=own))["Database"] == "pass"


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_plain_connections_taken(real: Real) -> None:
    assert caught_parameter(real, rds__force_ssl="0") == {(RULE.id, "DatabaseInstance")}


@pytest.mark.parametrize("oldest", ["TLSv1", "TLSv1.1"])
def test_old_tls_fails(oldest: str) -> None:
    parameters = {"rds.force_ssl": "1", "ssl_min_protocol_version": oldest}
    fault = f"ssl_min_protocol_version is {oldest}, not TLSv1.2 or TLSv1.3"
    assert said(RULE, parameters) == fault
    assert said(RULE, parameters | {"ssl_min_protocol_version": "TLSv1.3"}) == "pass"
