"""The CDK application: environment files in, one Stage of stacks for each, templates out.

`-c environment=<organisation>/<environment>` synthesizes that one alone; `-c account=` and
`-c region=` place it elsewhere. Everything else that differs stands in the environment's file.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import Refusal, RefusedError
from stacks.jsii_runtime import use_pinned_node

HERE = Path(__file__).resolve().parent


def context() -> dict[str, Any]:
    """Merge cdk.json's context, which `python app.py` alone would miss, with the CLI's."""
    given: dict[str, Any] = json.loads((HERE / "cdk.json").read_text("utf-8"))["context"]
    given |= json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    return given


def chosen(given: dict[str, Any]) -> list[Environment]:
    """Load the environments that the context asks for: one, or all of them."""
    account, region = given.get("account"), given.get("region")
    if name := given.get("environment"):
        return [load_environment(name, account=account, region=region)]
    if account or region:
        reason = "only one environment at a time can be placed elsewhere"
        fix = "add -c environment=<organisation>/<environment>"
        raise RefusedError("-c account, -c region", [Refusal("environment", reason, fix)])
    names = known_environments()
    if not names:
        fix = "add environments/<organisation>/<environment>.toml"
        raise RefusedError("environments/", [Refusal("environment", "no environment file", fix)])
    return [load_environment(name) for name in names]


def main() -> None:
    """Synthesize into CDK_OUTDIR, or into cdk.out when called without the CLI."""
    given = context()
    environments = chosen(given)
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
