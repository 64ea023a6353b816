"""Applications for `cdk synth --app` under the packs alone, or under nothing, for comparison.

What they write nobody deploys: the command line of app.py knows no way around its judges.
"""

import gc
import os
import sys
from typing import TYPE_CHECKING

import app
from runbook.model.selection import selected_environments
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node

if TYPE_CHECKING:
    from aws_cdk import IPolicyValidationPlugin


def under_packs() -> None:
    """Synthesize as app.py does, but for the runbook's own rules."""
    app.main(_packs)


def _packs() -> "list[IPolicyValidationPlugin]":
    # Not before app.py has chosen the Node.js of the CDK.
    from policies.packs import packs

    return packs()


def under_nothing() -> None:
    """Synthesize what app.py does, as it does, but for the packs and the rules."""
    context = cdk_context()
    environments = selected_environments(context)
    gc.disable()
    use_pinned_node()
    from stacks.application import application

    application(environments, context, outdir=os.environ["CDK_OUTDIR"]).synth()


if __name__ == "__main__":
    {"packs": under_packs, "nothing": under_nothing}[sys.argv[1]]()
