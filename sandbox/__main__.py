"""`python -m sandbox`: no end of it shows a traceback, not even one amid the imports."""

import sys

try:
    from sandbox.interruption import (
        Interrupted,
        exit_on_signals,
        ignore_signals,
        unwind_on_signals,
    )

    exit_on_signals()
except KeyboardInterrupt:
    sys.stderr.write("\nsandbox: interrupted; nothing was started\n")
    sys.exit(130)

try:
    from sandbox.cli import main

    unwind_on_signals()
    main()
except Interrupted as interrupted:
    ignore_signals()
    sys.stderr.write(f"{interrupted}\n")
    sys.exit(interrupted.exit_code)
except ImportError as error:
    sys.stderr.write(
        f"sandbox: {error}: the project's environment is not complete. "
        "`rm -r .venv && make setup` makes it anew\n"
    )
    sys.exit(1)
