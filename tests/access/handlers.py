"""The IAM actions that CloudFormation's handlers ask for, as cfn-lint's schemas carry them."""

import json
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

NOT_GRANTED = Path(__file__).with_name("not_granted.toml")
# As the handlers' lists write them, here and there.
# What the documentation says of types whose schema has no list.
WRITTEN_DOWN = {
    "AWS::CodeBuild::Project": (
        "codebuild:BatchGetProjects",
        "codebuild:CreateProject",
        "codebuild:DeleteProject",
        "codebuild:UpdateProject",
        "iam:PassRole",
    ),
}
MISSPELT = {"CloudTrail": "cloudtrail", "EC2": "ec2"}


@cache
def handler_actions() -> dict[str, frozenset[str]]:
    """Map each resource type to what its create, read, update and delete handlers call.

    A type without such a list is not there: nothing can be said about it.
    """
    found = {kind: frozenset(actions) for kind, actions in WRITTEN_DOWN.items()}
    for file in (files("cfnlint.data.schemas") / "resources").iterdir():
        if not file.name.endswith(".json"):
            continue
        schema = json.loads(file.read_text(encoding="utf-8"))
        handlers = schema.get("handlers", {})
        actions = frozenset(
            _spelt(action)
            for name in ("create", "read", "update", "delete")
            for action in handlers.get(name, {}).get("permissions", [])
        )
        if actions:
            found[schema["typeName"]] = actions
    return found


def not_granted() -> dict[str, str]:
    """Map each action that is withheld on purpose to the reason."""
    entries = tomllib.loads(NOT_GRANTED.read_text("utf-8"))["withheld"]
    return {action: entry["reason"] for entry in entries for action in entry["actions"]}


def _spelt(action: str) -> str:
    service, _, name = action.partition(":")
    return f"{MISSPELT.get(service, service)}:{name}"
