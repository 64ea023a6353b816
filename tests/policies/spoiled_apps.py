"""The staging environment, spoiled in one place each: `... FOLDER` prints what synthesis said.

A script of its own, so that all of them share one start of jsii, which takes seconds.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node

use_pinned_node()

from aws_cdk import (  # noqa: E402
    App,
    CfnParameter,
    CfnResource,
    NestedStack,
    Stack,
    Stage,
)
from constructs import Construct  # noqa: E402

from policies.plugin import synthesize  # noqa: E402
from policies.rule import Rule  # noqa: E402
from policies.rules import all_rules  # noqa: E402
from policies.waivers import Waiver, load_waivers  # noqa: E402
from stacks.bootstrap_stage import BootstrapStage  # noqa: E402
from stacks.environment_stage import EnvironmentStage  # noqa: E402
from stacks.runbook_stack import RunbookStack  # noqa: E402

ENVIRONMENT = load_environment("rovn/staging")
Spoil = Callable[[EnvironmentStage], object]


def still_key(scope: Construct, **properties: object) -> CfnResource:
    """Make a key by its bare type, which the CDK's own rule packs do not look at."""
    return CfnResource(scope, "StillKey", type="AWS::KMS::Key", properties=properties)


def override(stage: EnvironmentStage) -> None:
    bucket = stage.audit.node.find_child("AuditRecords").node.default_child
    assert isinstance(bucket, CfnResource)
    path = "ObjectLockConfiguration.Rule.DefaultRetention.Mode"
    bucket.add_property_override(path, "GOVERNANCE")


def in_a_stage(stage: EnvironmentStage) -> None:
    stack = RunbookStack(
        Stage(stage, "Inner"),
        "Inner",
        environment=ENVIRONMENT,
        part="inner",
        description="An inner stack",
        stateful=True,
    )
    still_key(stack)


def open_value(stage: EnvironmentStage) -> None:
    still_key(stage.audit, EnableKeyRotation=CfnParameter(stage.audit, "Rotates").value_as_string)


def relabel(stage: EnvironmentStage) -> None:
    stage.audit.template_options.metadata = {}


def without_audit(stage: EnvironmentStage) -> None:
    # And without what writes into its bucket, and what those page by.
    paging = ("IdentityEvents", "SecretReaders", "SecretWatch", "EventWatch", "Slack", "Alarms")
    for name in ("Delivery", *paging, "Paging", "Records", "Audit"):
        stage.node.try_remove_child(name)


SPOILED: dict[str, Spoil] = {
    "nothing": lambda _: None,
    "nested stack": lambda stage: still_key(NestedStack(stage.audit, "Nested")),
    "stage": in_a_stage,
    "override": override,
    "generic resource": lambda stage: still_key(stage.audit),
    "open value": open_value,
    "no label": relabel,
    "stack without label": lambda stage: still_key(Stack(stage, "Bare")),
}


def verdict(
    folder: Path,
    spoil: Spoil,
    rules: Sequence[Rule] | None = None,
    waivers: Sequence[Waiver] | None = None,
) -> str | None:
    """Synthesize staging, spoiled, and give the refusal."""
    app = App(
        analytics_reporting=False, context=cdk_context(), outdir=str(folder), stack_traces=False
    )
    BootstrapStage(app, ENVIRONMENT)
    spoil(EnvironmentStage(app, ENVIRONMENT))
    try:
        synthesize(app, [ENVIRONMENT], load_waivers() if waivers is None else waivers, rules=rules)
    except RefusedError as refused:
        return str(refused)
    return None


def main(root: Path) -> dict[str, str | None]:
    """Spoil each in a folder of its name, and once a rule instead."""
    from tests.policies.crashing_rule import CRASHING

    crashed = verdict(root / "crashed rule", SPOILED["nothing"], [*all_rules(), CRASHING])
    said = {name: verdict(root / name, spoil) for name, spoil in SPOILED.items()}
    # Without waivers: those for the stack that is gone would be refused first.
    missing = verdict(root / "missing stack", without_audit, waivers=())
    return said | {"missing stack": missing, "crashed rule": crashed}


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
