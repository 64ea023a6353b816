"""POST_TEST_TRAFFIC_SHIFT: the new tasks answer, and it is they who do (ROVN-DEP-4, ROVN-HLT-1).

Asked through the test listener as a client would, for its host name: the name alone, because the
listener's rule compares the whole Host header and a rule cannot hold a port.
"""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import journal
from .faults import Failed
from .revisions import call_of, target_of
from .surroundings import setting

STAGE = "POST_TEST_TRAFFIC_SHIFT"
IN_A_ROW = 3
PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 5
_LONGEST_BODY = 64 * 1024
_HEALTHY = 200


class _Connection(http.client.HTTPSConnection):
    """A connection to the balancer's own name, under the certificate of the service's."""

    def __init__(self, address: tuple[str, int], hostname: str, context: ssl.SSLContext) -> None:
        super().__init__(hostname, timeout=TIMEOUT_SECONDS, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection(self._address, timeout=TIMEOUT_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer ECS: SUCCEEDED when the right version answered often enough, else FAILED."""
    where = {"deployment": event.get("resourceArn"), "stage": STAGE}
    try:
        call = call_of(event, STAGE)
        seen = _probe(target_of(call).image_tag)
    except Failed as reason:
        return _no(str(reason), **where)
    except (BotoCoreError, ClientError) as error:
        return _no(f"AWS did not answer as it must: {error}", **where)
    except Exception as error:  # noqa: BLE001 - a gate that breaks must be closed
        return _no(f"the probe itself broke: {type(error).__name__}: {error}", **where)
    journal.write("let through", why=seen, **where)
    return {"hookStatus": "SUCCEEDED", "hookDetails": {"why": seen}}


def _probe(version: str) -> str:
    """Ask until the version answered often enough in a row; raises ``Failed`` at the deadline."""
    deadline = time.monotonic() + float(setting("PROBE_SECONDS"))
    in_a_row, last = 0, "nothing"
    while time.monotonic() < deadline:
        last = asked()
        in_a_row = in_a_row + 1 if last == f"200 {version}" else 0
        if in_a_row == IN_A_ROW:
            return f"{version} answered {IN_A_ROW} times in a row"
        time.sleep(PAUSE_SECONDS)
    raise Failed(f"{version} did not answer {IN_A_ROW} times in a row; seen last: {last}")


def asked() -> str:
    """Ask once: ``200 <version>``, another status, or what went wrong with the connection."""
    hostname = setting("HOSTNAME_OF_SERVICE")
    connection = _Connection(
        (setting("BALANCER"), int(setting("TEST_PORT"))), hostname, ssl.create_default_context()
    )
    try:
        connection.request(
            "GET", setting("HEALTH_PATH"), headers={"Host": hostname, "Connection": "close"}
        )
        response = connection.getresponse()
        body = response.read(_LONGEST_BODY)
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    if response.status != _HEALTHY:
        return f"status {response.status}"
    return f"200 {_version(body)}"


def _version(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return "without JSON"
    version = answer.get("version") if isinstance(answer, dict) else None
    return version if isinstance(version, str) else "without a version"


def _no(why: str, **where: object) -> dict[str, Any]:
    journal.write("held", why=why, next="production traffic stays where it is", **where)
    return {"hookStatus": "FAILED", "hookDetails": {"why": why}}
