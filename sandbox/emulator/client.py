"""AWS clients by which the added resource handlers speak to the emulator they run in."""

from __future__ import annotations

import functools
import os
import threading
from typing import Any

from botocore.config import Config
from botocore.session import Session
from ministack.core.responses import get_account_id, get_region

# A session is not safe to share between threads while it makes a client.
_MAKING = threading.Lock()
_SESSION = Session()


PATIENCE_SECONDS = 60
# By this each service's calls in here can be told from an operator's.
INVOKED_BY = "invoked-by"
CLOUDFORMATION = "cloudformation.amazonaws.com"


def client(
    service: str,
    region: str | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
    caller: str = CLOUDFORMATION,
) -> Any:  # noqa: ANN401 - made at run time
    """Return the client of a service, in the account of the request being answered.

    The region is that of the request, too, unless another is given; `caller` is the AWS service
    that calls.
    """
    with _MAKING:
        return _client(service, get_account_id(), region or get_region(), patience_seconds, caller)


@functools.cache
def _client(service: str, account: str, region: str, patience_seconds: float, caller: str) -> Any:  # noqa: ANN401 - as above
    return _SESSION.create_client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        # The emulator takes a twelve-digit access key id for the account.
        aws_access_key_id=account,
        aws_secret_access_key="sandbox",  # noqa: S106 - no secret: the emulator checks none
        config=Config(
            read_timeout=patience_seconds,
            user_agent_extra=f"{INVOKED_BY}/{caller}",
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        ),
    )
