"""The CDK application: two Stages for each environment, not yet synthesized."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import App

from runbook.model.environment import Environment
from stacks.bootstrap_stage import BootstrapStage
from stacks.context import source_lines
from stacks.environment_stage import EnvironmentStage


def application(
    environments: Iterable[Environment], context: dict[str, Any], *, outdir: str
) -> App:
    """Make the constructs of every environment; ``outdir`` is where a synthesis will write."""
    app = App(
        analytics_reporting=False, context=context, outdir=outdir, stack_traces=source_lines()
    )
    for environment in environments:
        BootstrapStage(app, environment)
        EnvironmentStage(app, environment)
    return app
