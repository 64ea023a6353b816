"""The first rotation begins with what CloudFormation generated: each mechanism can read that."""

import json
from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook_constructs.secret_rotation.handler import entry
from runbook_constructs.secret_rotation.handler.steps import Values
from tests.assembly import Assembly
from tests.constructs.secret_rotation.rotated_secret import KEY_ARN, kms_with

MADE_HERE = ("generated_token", "signing_key")


def first_value(rules: dict[str, Any]) -> str:
    """Make a value as Secrets Manager does by these rules, of the same letter throughout."""
    assert rules["ExcludePunctuation"] is True
    made = {rules["GenerateStringKey"]: "x" * rules["PasswordLength"]}
    return json.dumps(json.loads(rules["SecretStringTemplate"]) | made)


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("mechanism", MADE_HERE)
def test_the_first_rotation_reads_the_generated_value(
    mechanism: str,
    assembly: Assembly,
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entry, "_client", {"kms": kms_with(8)}.__getitem__)
    names = [name for name, each in environment.secrets.items() if each.mechanism == mechanism]
    assert names
    for name in names:
        found = assembly.named(
            f"{environment.slug}-secrets",
            "AWS::SecretsManager::Secret",
            f"Secrets{name.title().replace('-', '')}",
        )
        current = first_value(found["Properties"]["GenerateSecretString"])
        function = assembly.named(
            f"{environment.slug}-rotation",
            "AWS::Lambda::Function",
            f"{name.title().replace('-', '')}Function",
        )
        variables = function["Properties"]["Environment"]["Variables"]
        told = {
            key: value if isinstance(value, str) else KEY_ARN for key, value in variables.items()
        }
        pending = entry.strategy(told, None).create(current)
        strategy = entry.strategy(told, None)
        strategy.set(Values(current, pending, None))
        strategy.test(Values(current, pending, None))
