"""The command ``runbook``, also as ``python -m runbook``."""

import gc
import os
import signal


def main() -> None:
    """Run the command line, its imports included, without collecting garbage.

    What a check makes lives until the process ends, and looking through it takes a tenth of the
    time; commands that wait for AWS collect again (``runbook.operations.commands.begin``). Nor
    does pydantic look through what is installed here for plugins: there are none of ours.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Who presses Ctrl-C before anything has begun gets no traceback of our imports.
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from runbook.cli import main as run

    signal.signal(signal.SIGINT, before or signal.SIG_DFL)
    run()


if __name__ == "__main__":
    main()
