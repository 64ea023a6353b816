"""The CDK application: environment files in, one Stage of stacks for each, templates out.

`-c environment=<organisation>/<environment>` synthesizes that one alone; `-c account=` and
`-c region=` place it elsewhere. Everything else that differs stands in the environment's file.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from runbook.model.refusal import RefusedError
from runbook.model.selection import selected_environments
from stacks.jsii_runtime import use_pinned_node

HERE = Path(__file__).resolve().parent
# Creation traces name the CDK's own unpacking folder: no two syntheses would be alike.
NO_TRACES = {"aws:cdk:disable-creation-stack-traces": True}


def context() -> dict[str, Any]:
    """Merge cdk.json's context, which `python app.py` alone would miss, with the CLI's."""
    flags = json.loads((HERE / "cdk.json").read_text("utf-8"))["context"]
    return {**flags, **json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}")), **NO_TRACES}


def main() -> None:
    """Synthesize into CDK_OUTDIR, or into cdk.out when called without the CLI."""
    given = context()
    environments = selected_environments(given)
    # Only now: a refused file is told in a fraction of a second, not after the CDK has loaded.
    use_pinned_node()
    from aws_cdk import App

    from stacks.environment_stage import EnvironmentStage

    app = App(
        analytics_reporting=False,
        context=given,
        outdir=os.environ.get("CDK_OUTDIR", str(HERE / "cdk.out")),
        stack_traces=False,
    )
    for environment in environments:
        EnvironmentStage(app, environment)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except RefusedError as refused:
        sys.exit(str(refused))
