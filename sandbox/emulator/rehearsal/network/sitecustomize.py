"""The network of functions in a rehearsal: names of AWS and of the service are found on loopback.

Python imports it at the start of each function's process, which the emulator gives the variable
below. Product code knows nothing of it.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

VARIABLE = "SANDBOX_LISTENERS"
_LOCAL = ("127.0.0.1", "::1", "localhost")


def install(ports: dict[str, int]) -> None:
    """Lead names other than this machine's, at a listener's port, to the port in its stead.

    `ports` maps `<port>`, or `<name>:<port>` for one name alone, to a port of loopback; and
    `.<end>`, for names that end so, at any port.
    """
    original, ends = socket.getaddrinfo, [each for each in ports if each.startswith(".")]

    def on_loopback(host: Any, port: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as is
        instead = ports.get(f"{host}:{port}", ports.get(str(port)))
        for end in ends:
            instead = ports[end] if str(host).endswith(end) else instead
        if host not in _LOCAL and instead is not None:
            host, port = "127.0.0.1", instead
        return original(host, port, *rest, **named)

    socket.getaddrinfo = on_loopback


if VARIABLE in os.environ:
    install(json.loads(os.environ[VARIABLE]))
