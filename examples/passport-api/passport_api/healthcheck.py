"""`python -m passport_api.healthcheck`: the container's own probe; exit 0 means healthy."""

import http.client
import os
import sys

_TIMEOUT_SECONDS = 4
"""Below the time-out of the HEALTHCHECK, above that of the database."""


def is_healthy(port: int) -> bool:
    """Whether the service on this machine answers `/health` with 200 in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(int(os.environ.get("PORT", "8000"))) else 1)
