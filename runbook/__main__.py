"""The command ``runbook``, also as ``python -m runbook``."""

import gc
import os


def main() -> None:
    """Run the command line, its imports included, without collecting garbage.

    What a check makes lives until the process ends, and looking through it takes a tenth of the
    time; commands that wait for AWS collect again (``runbook.operations.commands.begin``). Nor
    does pydantic look through what is installed here for plugins: there are none of ours.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from runbook.cli import main as run

    run()


if __name__ == "__main__":
    main()
