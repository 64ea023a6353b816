"""Where the emulated AWS of one account and region answers, and clients for it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

from botocore.config import Config
from botocore.session import Session


@dataclass(frozen=True)
class Endpoint:
    """An account and region of the emulator; `url` is on loopback."""

    url: str
    account: str
    region: str

    # The emulator's secrets are nobody's: their values can be compared with what is declared.
    reads_secret_values = True

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables by which any AWS client finds it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            # The CDK CLI's S3 client reads this one only.
            "AWS_ENDPOINT_URL_S3": self.url,
            # The emulator takes a twelve-digit access key id for the account.
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def elsewhere(self, region: str) -> Endpoint:
        """Return the same account in another region."""
        return replace(self, region=region)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """Return the boto3 client of a service, always the same one."""
        return _client(self, service)


@functools.cache
def _client(endpoint: Endpoint, service: str) -> Any:  # noqa: ANN401 - as above
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        # None would mean those of the environment, which know nothing of this loopback.
        proxies={},
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
    )
    # botocore's own call: boto3's is typed for the services whose stubs are installed.
    return Session().create_client(
        service,
        region_name=endpoint.region,
        endpoint_url=endpoint.url,
        aws_access_key_id=endpoint.account,
        aws_secret_access_key="sandbox",  # noqa: S106 - no secret: the emulator checks none
        config=config,
    )
