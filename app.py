"""The CDK application: environment files in, two Stages of stacks for each, templates out.

`-c environment=<organisation>/<environment>` synthesizes that one alone; `-c account=` and
`-c region=` place it elsewhere. Everything else that differs stands in the environment's file.
"""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from policies.rules import all_rules
from policies.waivers import load_waivers
from runbook.model.refusal import RefusedError
from runbook.model.selection import selected_environments
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node

if TYPE_CHECKING:
    from aws_cdk import IPolicyValidationPlugin

OUTPUT = Path(__file__).resolve().parent / "cdk.out"


def main(plugins: Callable[[], Sequence["IPolicyValidationPlugin"]] | None = None) -> None:
    """Synthesize into CDK_OUTDIR, or into cdk.out when called without the CLI.

    Under the packs and the runbook's own rules; a benchmark asks for other ``plugins``.
    """
    context = cdk_context()
    environments = selected_environments(context)
    waivers = load_waivers()
    # Seconds of work on objects that all stay: collecting would take a fifth of them.
    gc.disable()
    # Only now: a refused file is told in a fraction of a second, not after the CDK has loaded.
    use_pinned_node()
    with ThreadPoolExecutor(max_workers=1) as beside:
        # Node.js readies the CDK and its packs while Python imports what may not call it then.
        cdk = beside.submit(import_module, "aws_cdk")
        packs = beside.submit(_ready_packs)
        all_rules()
        # Whole, before two threads ask for it.
        cdk.result()
        from stacks.application import application
    packs.result()
    from policies.plugin import synthesize

    app = application(environments, context, outdir=os.environ.get("CDK_OUTDIR", str(OUTPUT)))
    synthesize(app, environments, waivers, plugins() if plugins else None)


def _ready_packs() -> None:
    from policies.packs import warm_up

    warm_up()


if __name__ == "__main__":
    try:
        main()
    except RefusedError as refused:
        sys.exit(str(refused))
