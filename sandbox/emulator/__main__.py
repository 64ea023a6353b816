"""Start the emulator: `python -m sandbox.emulator --port PORT`, in the sandbox's own environment.

The caller sets the emulator's environment variables (sandbox.emulator_process). With
`--until-stdin-closes` it ends when the process that started it has gone, however that went.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import signal
import sys
import threading

from sandbox.emulator import moto_fallback, own_calls, resource_types, services
from sandbox.emulator.patching import PATCHES, UnexpectedEmulatorError
from sandbox.emulator.rehearsal.start import install_if_told

PATCHES.needs("ministack.app", "app", "main")


def main() -> int:
    """Adapt ministack and serve until told to end; 3 if this is not the ministack we know."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.emulator")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--until-stdin-closes", action="store_true")
    arguments = parser.parse_args()
    if arguments.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.environ["GATEWAY_PORT"] = str(arguments.port)
    try:
        adapt()
        import ministack.app
    except (ImportError, UnexpectedEmulatorError) as error:
        what = " ".join(str(error).split())
        sys.stderr.write(
            f"sandbox: the emulator is not the one its adapters were written for: {what}. "
            "`rm -r sandbox/.venv && make setup` installs the known one again; or adapt "
            "sandbox/emulator/ to the new one.\n"
        )
        return 3
    sys.argv = sys.argv[:1]  # ministack parses the command line again
    ministack.app.main()
    return 0


def adapt() -> None:
    """Discover every service module, check all that they expect of ministack, then apply it."""
    for module in pkgutil.iter_modules(services.__path__):
        importlib.import_module(f"{services.__name__}.{module.name}")
    rehearsed = install_if_told()
    import ministack.app

    PATCHES.apply()
    resource_types.install()
    moto = moto_fallback.with_moto(
        ministack.app.app, getattr(ministack.app, "SERVICE_REGISTRY", None)
    )
    ministack.app.app = rehearsed(own_calls.with_own_calls(moto))


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
