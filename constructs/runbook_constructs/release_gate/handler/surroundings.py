"""What the functions are told by their environment variables, and their clients."""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# A step waits for nobody: what is slower than this is tried again by the state machine.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3, read_timeout=10
)


@cache
def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """Make the client of a service, once in the life of a function."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]


def setting(name: str) -> str:
    """Read an environment variable; raises ``KeyError`` when it is not set."""
    return os.environ[name]
