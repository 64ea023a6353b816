"""Who reads Sentry's token: who rolls back, that one secret, through Secrets Manager alone."""

import pytest

from runbook.access.boundaries import boundaries
from runbook.access.deploy_policy import deploy_statements
from runbook.access.policy import Statement
from runbook.access.principals import Principals
from runbook.model.secrets import Secret
from runbook.model.sentry import SentryProject

TOKEN = "sentry-token"  # noqa: S105 - a name
READS = ("secretsmanager:GetSecretValue", "kms:Decrypt")


@pytest.fixture
def asking(principals: Principals) -> Principals:
    """Give the environment a project of Sentry for its one service."""
    environment = principals.environment
    project = SentryProject(organisation="acme", project="api", token_secret=TOKEN)
    ((key, service),) = environment.services.items()
    secret = Secret(
        mechanism="operator_supplied",
        rotation_days=90,
        owner="platform-engineering",
        consumers=(),
        variables=(),
    )
    changed = {
        "services": {key: service.model_copy(update={"sentry": project})},
        "secrets": {**environment.secrets, TOKEN: secret},
    }
    return Principals(environment.model_copy(update=changed))


def reading(statements: list[Statement]) -> dict[str, Statement]:
    return {
        action: each
        for each in statements
        for action in each.actions
        if action in READS and each.sid != "UseKeys"
    }


@pytest.mark.clause("ROVN-SEC-6")
def test_the_deploy_identity_reads_that_one_secret(asking: Principals) -> None:
    environment = asking.environment
    place = f"{environment.region}:{environment.account}"
    found = reading(deploy_statements(asking))
    (secret,) = found["secretsmanager:GetSecretValue"].resources
    assert secret == f"arn:aws:secretsmanager:{place}:secret:{environment.name}/{TOKEN}-??????"
    decrypt = found["kms:Decrypt"]
    assert decrypt.conditions == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{environment.slug}/secrets"},
        "StringEquals": {"kms:ViaService": f"secretsmanager.{environment.region}.amazonaws.com"},
    }
    (boundary,) = (each for each in boundaries(asking) if each.statements and "deploy" in each.name)
    assert reading(list(boundary.statements)) == found


def test_the_secret_lets_it_and_people_in_and_nobody_writes_but_people(asking: Principals) -> None:
    assert asking.may_read(TOKEN) == (asking.deploy_identity, *asking.break_glass)
    assert asking.may_write(TOKEN) == asking.break_glass
    others = [name for name in asking.environment.secrets if name != TOKEN]
    assert not any(asking.deploy_identity in asking.may_read(name) for name in others)


def test_without_a_project_it_reads_no_secret(principals: Principals) -> None:
    assert reading(deploy_statements(principals)) == {}
    secrets = principals.environment.secrets
    assert not any(principals.deploy_identity in principals.may_read(name) for name in secrets)
