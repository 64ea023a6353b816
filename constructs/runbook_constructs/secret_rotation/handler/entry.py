"""Entry of every rotation function: which mechanism, and what it is given (ROVN-SEC-3)."""

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from .steps import Client, Strategy, rotate

logging.getLogger().setLevel(logging.INFO)


def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001
    """Do one step of the rotation of this function's secret.

    Raises ValueError for an event that does not fit the secret, KeyError for a setting that is
    missing, and what the mechanism raises: Secrets Manager tries again, and tells when it gives up.
    """
    secrets = _client("secretsmanager")
    rotate(event, secrets, strategy(os.environ, secrets))


def strategy(variables: Mapping[str, str], secrets: Client) -> Strategy:
    """Choose by ``MECHANISM``, and read what that mechanism needs of the environment."""
    now = datetime.now(UTC)
    match variables["MECHANISM"]:
        case "database_master":
            return _database_master(variables, secrets)
        case "database_user":
            return _database_user(variables, secrets)
        case "generated_token":
            # Each mechanism loads its own: what one needs is no burden of the others.
            from .tokens import TokenStrategy

            return TokenStrategy(int(variables["OVERLAP_HOURS"]), now)
        case "signing_key":
            from .signing_keys import SigningKeyStrategy

            overlap_hours = int(variables["OVERLAP_HOURS"])
            return SigningKeyStrategy(_client("kms"), variables["ENVELOPE_KEY"], overlap_hours, now)
        case unknown:
            raise ValueError(f"MECHANISM {unknown} is none that a function carries out")


def _database_master(variables: Mapping[str, str], secrets: Client) -> Strategy:
    from .database import server
    from .database_master import DatabaseMaster

    return DatabaseMaster(secrets, server(variables))


def _database_user(variables: Mapping[str, str], secrets: Client) -> Strategy:
    from .database import server
    from .database_user import DatabaseUser

    return DatabaseUser(
        secrets,
        server(variables),
        master=variables["MASTER_SECRET"],
        owner=variables["OWNER_ROLE"],
        makes_schemas=variables["MAKES_SCHEMAS"] == "yes",
    )


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - the runtime has boto3, not its types
    retries: Any = {"mode": "standard", "max_attempts": 5}
    make: Any = boto3.client
    return make(service, config=Config(retries=retries, connect_timeout=3, read_timeout=10))
