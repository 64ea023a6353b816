"""The CDK application: environment files in, two Stages of stacks for each, templates out.

`-c environment=<organisation>/<environment>` synthesizes that one alone; `-c account=` and
`-c region=` place it elsewhere. Everything else that differs stands in the environment's file.
"""

import os
import sys
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
    # Only now: a refused file is told in a fraction of a second, not after the CDK has loaded.
    use_pinned_node()
    from aws_cdk import App

    from policies.plugin import synthesize
    from stacks.bootstrap_stage import BootstrapStage
    from stacks.environment_stage import EnvironmentStage

    app = App(
        analytics_reporting=False,
        context=context,
        outdir=os.environ.get("CDK_OUTDIR", str(OUTPUT)),
        stack_traces=False,
    )
    for environment in environments:
        BootstrapStage(app, environment)
        EnvironmentStage(app, environment)
    synthesize(app, environments, waivers)


if __name__ == "__main__":
    try:
        main()
    except RefusedError as refused:
        sys.exit(str(refused))
