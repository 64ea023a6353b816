"""log-phi-masked (ROVN-LOG-1)."""

from typing import Any

import pytest

from policies.rules.log_phi_masked import RULE
from runbook.model.loader import load_environment
from runbook.phi_identifiers import FIELDS, MANAGED, expression_of
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

NAME = "/ecs/rovn-passport-api"
IDENTIFIERS = [*(f"arn:aws:dataprotection::aws:data-identifier/{n}" for n in MANAGED), *FIELDS]
CUSTOM = [{"Name": name, "Regex": expression_of(fields)} for name, fields in FIELDS.items()]
WITHOUT_SSN = [name for name in IDENTIFIERS if not name.endswith("/Ssn-US")]
MASK: Json = {"Deidentify": {"MaskConfig": {}}}


def audit(to: object) -> Json:
    return {"Audit": {"FindingsDestination": {"CloudWatchLogs": {"LogGroup": to}}}}


def policy(
    audited: Any = IDENTIFIERS,  # noqa: ANN401 - any value of a template
    masked: Any = IDENTIFIERS,  # noqa: ANN401 - any value of a template
    custom: Any = CUSTOM,  # noqa: ANN401 - any value of a template
    mask: Any = MASK,  # noqa: ANN401 - any value of a template
    to: object = "/ecs/rovn-passport-api/phi-findings",
) -> Json:
    return {
        "Statement": [
            {"DataIdentifier": audited, "Operation": audit(to)},
            {"DataIdentifier": masked, "Operation": mask},
        ],
        "Configuration": {"CustomDataIdentifier": custom},
    }


def group(name: object, protection: object = None) -> Json:
    given = {"LogGroupName": name, "DataProtectionPolicy": protection}
    given = {key: value for key, value in given.items() if value is not None}
    return {"Type": "AWS::Logs::LogGroup", "Properties": given}


def verdict(body: Json, **others: Json) -> dict[str | None, str]:
    findings = {"Findings": group("/ecs/rovn-passport-api/phi-findings")}
    return verdicts(RULE, template("platform", {"Group": body, **findings, **others}))


def said(protection: object, name: object = NAME, **others: Json) -> str:
    return verdict(group(name, protection), **others)["Group"]


def test_a_masked_group_passes_and_its_findings_are_not_looked_at() -> None:
    assert verdict(group(NAME, policy())) == {"Group": "pass", "Findings": "not_applicable"}
    assert said(policy(to={"Ref": "Findings"})) == "pass"


def test_more_than_is_wanted_passes() -> None:
    more = [*IDENTIFIERS, "arn:aws:dataprotection::aws:data-identifier/IpAddress"]
    assert said(policy(audited=more, masked=more)) == "pass"
    assert said(policy(audited=more)) == "only one of masked and audited: IpAddress"


def test_an_identifier_that_is_missing_is_named() -> None:
    assert said(policy(masked=WITHOUT_SSN)) == "not masked: Ssn-US"
    assert said(policy(audited=WITHOUT_SSN)) == "not audited: Ssn-US"


def test_a_mask_that_masks_nothing_fails() -> None:
    assert said(policy(mask={"Deidentify": {}})).startswith("not masked: Address, AddressField")


def test_an_expression_of_its_own_fails() -> None:
    other = [CUSTOM[0] | {"Regex": "nothing"}, *CUSTOM[1:]]
    fault = f"{CUSTOM[0]['Name']} is not the expression of runbook/phi_identifiers.py"
    assert said(policy(custom=other)) == fault
    assert said(policy(custom=CUSTOM[1:])) == fault


def test_findings_go_somewhere() -> None:
    fault = "its findings go to no log group of this environment"
    assert said(policy(to="/elsewhere")) == fault
    assert said(policy(to=None)) == fault


def test_a_group_without_policy_fails() -> None:
    assert said(None).startswith("not masked: Address,")


@pytest.mark.parametrize(
    "name",
    [
        "/ecs/rovn-passport-api/collector",
        "/aws/rds/instance/some/postgresql",
        "/aws/rds/cluster/some/upgrade",
    ],
)
def test_all_groups_of_services_and_databases_are_meant(name: str) -> None:
    assert said(policy(), name) == "pass"
    assert said(None, name) != "pass"


def task(name: str) -> Json:
    logging = {"Options": {"awslogs-group": name}}
    containers = {"ContainerDefinitions": [{"LogConfiguration": logging}]}
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": containers}


def test_a_group_that_a_container_writes_is_meant_whatever_its_name() -> None:
    assert said(None, "/other") == "not_applicable"
    assert said(None, "/other", Task=task("/other")).startswith("not masked")


def test_findings_that_a_container_writes_to_are_no_way_out() -> None:
    found = verdict(group(NAME, policy()), Task=task("/ecs/rovn-passport-api/phi-findings"))
    assert found["Findings"].startswith("not masked")


def test_only_records_of_patients_are_meant() -> None:
    staging = template("platform", {"Group": group(NAME)}, environment="rovn/staging")
    assert verdicts(RULE, staging) == {"Group": "not_applicable"}


def test_an_open_value_fails() -> None:
    assert "${SomeParameter}" in said(OPEN)
    assert "${SomeParameter}" in said(policy(masked=OPEN))
    assert "${SomeParameter}" in said(policy(to=OPEN))


def test_only_this_rule_sees_a_group_that_shows_numbers(real: Real) -> None:
    def spoil(body: Json) -> None:
        group = properties(body, "AWS::Logs::LogGroup", "PassportApiLogsApp")
        for statement in group["DataProtectionPolicy"]["Statement"]:
            statement["DataIdentifier"] = WITHOUT_SSN

    holds_phi = load_environment(real.name).tier == "phi"
    expected = {("log-phi-masked", "PassportApiLogsApp")} if holds_phi else set()
    assert real.caught("platform", spoil) == expected


def test_a_class_that_masks_nothing_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        group = properties(body, "AWS::Logs::LogGroup", "DatabasePostgresqlLog")
        group["LogGroupClass"] = "INFREQUENT_ACCESS"

    assert production.caught("data", spoil) == {("log-phi-masked", "DatabasePostgresqlLog")}
