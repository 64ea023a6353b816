"""``python -m bench.unjudged_synthesis``: the synthesis without rule packs, for comparison alone.

It writes no templates that anybody deploys: the application itself knows no way around the packs.
"""

import tempfile

from runbook.model.loader import known_environments, load_environment
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node


def main() -> None:
    """Synthesize the first environment into a folder that is gone afterwards."""
    environment = load_environment(known_environments()[0])
    use_pinned_node()
    from aws_cdk import App

    from stacks.bootstrap_stage import BootstrapStage
    from stacks.environment_stage import EnvironmentStage

    with tempfile.TemporaryDirectory() as outdir:
        app = App(
            analytics_reporting=False, context=cdk_context(), outdir=outdir, stack_traces=False
        )
        BootstrapStage(app, environment)
        EnvironmentStage(app, environment)
        app.synth()


if __name__ == "__main__":
    main()
