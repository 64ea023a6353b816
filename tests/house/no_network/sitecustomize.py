"""Loaded by every Python with this folder on its path: any connection raises."""

import socket
from typing import NoReturn


def _refuse(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("synthesis must not use the network")


socket.socket.connect = _refuse  # type: ignore[method-assign]
socket.socket.connect_ex = _refuse  # type: ignore[method-assign]
socket.getaddrinfo = _refuse
