"""`python -m local`: the service on this machine, with a database of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from local.postgres import embedded_postgres
from local.signing_keys import first_document


def main() -> int:
    """Run the service until it is interrupted; returns its exit code."""
    # Stopped either way, it takes service and database with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = os.environ.get("PORT", "8000")
    with (
        tempfile.TemporaryDirectory(prefix="passport-api-") as folder,
        embedded_postgres(Path(folder) / "data") as database,
    ):
        made_up = {"APP_VERSION": "local", "JWT_SIGNING_KEYS": first_document(datetime.now(UTC))}
        variables = made_up | os.environ | database | {"PORT": port}
        command = [sys.executable, "-m", "passport_api"]
        service = subprocess.Popen(command, env=variables)  # noqa: S603  # a fixed command
        sys.stderr.write(f"http://127.0.0.1:{port}/health  (Ctrl-C stops it)\n")
        with contextlib.suppress(KeyboardInterrupt):
            service.wait()
        service.terminate()
        return service.wait()


if __name__ == "__main__":
    sys.exit(main())
