"""Stands in for the AWS CLI in a build: `s3 cp` from a bucket, and `ecr get-login-password`.

Stands alone. Every other command is refused with the CLI's own exit code for a command it cannot
read.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

UNUSABLE = 252


def main(words: list[str]) -> int:
    """Run one command; return the exit code."""
    try:
        if words[:2] == ["ecr", "get-login-password"] and len(words) == 2:
            return _login_password()
        if words[:3] == ["s3", "cp", "--only-show-errors"] and len(words) == 5:
            return _copy(*words[3:])
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"aws: {error}\n")
        return 1
    sys.stderr.write(f"aws: this stand-in does not know: {' '.join(words)}\n")
    return UNUSABLE


def _login_password() -> int:
    answer = _client("ecr").get_authorization_token()
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"])
    sys.stdout.write(token.decode().partition(":")[2] + "\n")
    return 0


def _copy(source: str, target: str) -> int:
    address = urlsplit(source)
    if address.scheme != "s3" or target.startswith("s3:"):
        sys.stderr.write("aws: this stand-in copies from a bucket to a file only\n")
        return UNUSABLE
    answer = _client("s3").get_object(Bucket=address.netloc, Key=address.path.lstrip("/"))
    Path(target).write_bytes(answer["Body"].read())
    return 0


def _client(service: str) -> Any:  # noqa: ANN401 - made at run time
    return Session().create_client(service, region_name=os.environ["AWS_REGION"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
