"""The CDK application: environment files in, two Stages of stacks for each, templates out.

`-c environment=<organisation>/<environment>` synthesizes that one alone; `-c account=` and
`-c region=` place it elsewhere. Everything else that differs stands in the environment's file.
"""

import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from policies.waivers import load_waivers
from runbook.model.refusal import RefusedError
from runbook.model.selection import selected_environments
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node

OUTPUT = Path(__file__).resolve().parent / "cdk.out"


def main() -> None:
    """Synthesize into CDK_OUTDIR, or into cdk.out when called without the CLI."""
    context = cdk_context()
    environments = selected_environments(context)
    waivers = load_waivers()
    # Seconds of work on objects that all stay: collecting would take a fifth of them.
    gc.disable()
    # Only now: a refused file is told in a fraction of a second, not after the CDK has loaded.
    use_pinned_node()
    import aws_cdk  # noqa: F401 - whole, before two threads ask for it

    with ThreadPoolExecutor(max_workers=1) as beside:
        # Node.js readies the packs while Python imports the stacks, which may not call it then.
        packs = beside.submit(_ready_packs)
        from stacks.application import application
    packs.result()
    from policies.plugin import synthesize

    app = application(environments, context, outdir=os.environ.get("CDK_OUTDIR", str(OUTPUT)))
    synthesize(app, environments, waivers)


def _ready_packs() -> None:
    from policies.plugin import warm_up

    warm_up()


if __name__ == "__main__":
    try:
        main()
    except RefusedError as refused:
        sys.exit(str(refused))
