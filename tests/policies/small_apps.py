"""Small applications under the packs, each with one thing spoiled: `... FOLDER` prints verdicts.

A script of its own, so that all of them share one start of jsii, which takes seconds.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node

use_pinned_node()

import jsii  # noqa: E402
from aws_cdk import (  # noqa: E402
    App,
    CfnParameter,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    Stack,
    Stage,
)
from aws_cdk import aws_ec2 as ec2  # noqa: E402

from policies.packs import packs  # noqa: E402
from policies.plugin import synthesize  # noqa: E402
from policies.waivers import Waiver, WaiverEntry  # noqa: E402

HAPPY = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ip": "10.0.0.0/8"}
SPOILED = HAPPY | {"from_port": 22, "to_port": 22, "cidr_ip": "0.0.0.0/0"}


@jsii.implements(IPolicyValidationPlugin)
class Broken:
    """A pack that raises."""

    @property
    def name(self) -> str:
        return "AwsSolutions"

    @property
    def version(self) -> str:
        return "1"

    @property
    def rule_ids(self) -> list[str]:
        return []

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        raise RuntimeError("the pack fell over")


def waiver(path: str, *rules: str) -> Waiver:
    stated = WaiverEntry.model_validate(
        {
            "rules": rules or ("AwsSolutions::AwsSolutions-EC23",),
            "paths": (path,),
            "reason": "Open to the internet for this test.",
            "owner": "platform-engineering",
            "expires": "2027-05-31",
        },
        strict=False,
    )
    return Waiver(stated, f"waiver of {path}")


def verdict(
    folder: Path,
    groups: dict[str, dict[str, Any]],
    waivers: Sequence[Waiver] = (),
    plugins: Sequence[IPolicyValidationPlugin] | None = None,
) -> str | None:
    environment = load_environment("rovn/production")
    app = App(
        analytics_reporting=False, context=cdk_context(), outdir=str(folder), stack_traces=False
    )
    stack = Stack(Stage(app, environment.slug), "Edge")
    address = CfnParameter(stack, "Address").value_as_string
    for name, ingress in groups.items():
        given = ingress | ({"cidr_ip": address} if ingress["cidr_ip"] is None else {})
        ec2.CfnSecurityGroup(
            stack,
            name,
            group_description="A group",
            security_group_ingress=[ec2.CfnSecurityGroup.IngressProperty(**given)],
        )
    try:
        synthesize(app, [environment], waivers, plugins or packs())
    except RefusedError as refused:
        return str(refused)
    return None


def main(root: Path) -> dict[str, str | None]:
    both = {"One": SPOILED, "Two": SPOILED}
    return {
        "happy": verdict(root / "happy", {"One": HAPPY}),
        "spoiled": verdict(root / "spoiled", {"One": SPOILED}),
        "unreadable": verdict(root / "unreadable", {"One": HAPPY | {"cidr_ip": None}}),
        "waived": verdict(root / "waived", both, [waiver("Edge/One")]),
        "no construct": verdict(root / "none", {"One": SPOILED}, [waiver("Edge/Ones")]),
        "unused": verdict(root / "unused", {"One": HAPPY}, [waiver("Edge/One")]),
        "broken": verdict(root / "broken", {"One": HAPPY}, plugins=[Broken(), *packs()[1:]]),
    }


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
