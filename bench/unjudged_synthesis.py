"""An application for `cdk synth --app` without rule packs, for comparison alone.

What it writes nobody deploys: app.py itself knows no way around the packs.
"""

import gc
import os

from runbook.model.selection import selected_environments
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node


def main() -> None:
    """Synthesize what app.py does, as it does, but for the packs."""
    context = cdk_context()
    environments = selected_environments(context)
    gc.disable()
    use_pinned_node()
    from stacks.application import application

    application(environments, context, outdir=os.environ["CDK_OUTDIR"]).synth()


if __name__ == "__main__":
    main()
