"""An attempt on a version under lock: what it does, how it must end, and what shows that it works.

A refusal is evidence of the lock only if the same attempt goes through without it. So an attempt
that counts as denied is also made at a control, a version that the lock does not hold; where that
has no meaning, `note` says why.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError

# What S3 answers to what a lock forbids, as opposed to failing or not knowing the call.
LOCKED = frozenset({"AccessDenied"})


class Outcome(Enum):
    """How an attempt ended."""

    DENIED = "denied"
    REFUSED = "refused, lock or not"
    HARMLESS = "permitted, harmless"
    LEFT_TO_POLICY = "permitted here"
    UNPROVED = "NO EVIDENCE"
    BREACH = "BREACH"


class Control(Enum):
    """The version at which a denied attempt must succeed."""

    UNLOCKED = "unlocked"
    GOVERNANCE = "GOVERNANCE"


class Birth(Enum):
    """How the version that is tampered with comes to be; each must come under the lock."""

    PUT = "PutObject"
    COPY = "CopyObject"
    MULTIPART = "CompleteMultipartUpload"


@dataclass(frozen=True)
class Target:
    """A version in a bucket with the configuration that the stack gave it.

    `encryption` is the algorithm and key that the version was written with.
    """

    s3: Any
    bucket: str
    key: str
    version: str
    until: datetime
    encryption: tuple[str | None, str | None] = (None, None)

    @property
    def object(self) -> dict[str, str]:
        """Name the version in a call's arguments."""
        return {"Bucket": self.bucket, "Key": self.key, "VersionId": self.version}


@dataclass(frozen=True)
class Attempt:
    """One way to try, and how it must end.

    `refusals` are the codes by which S3 may refuse it. `statement` names the statement of the
    bucket's policy that denies it on AWS, where S3's lock itself permits it.
    """

    name: str
    act: Callable[[Target], None]
    expected: Outcome = Outcome.DENIED
    refusals: frozenset[str] = LOCKED
    control: Control | None = None
    birth: Birth = Birth.PUT
    note: str = ""
    statement: str = ""


class RefusedInBatchError(Exception):
    """DeleteObjects answers 200 and tells of each refusal inside."""

    def __init__(self, code: str) -> None:
        """Keep the error code of the one object."""
        super().__init__(code)
        self.code = code


class NotTriedError(Exception):
    """A step before the decisive one was refused, so that the decisive one was never tried."""


@contextlib.contextmanager
def preparing(step: str) -> Iterator[None]:
    """Tell the refusal of a preparing step from that of the attempt itself."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise NotTriedError(f"not tried: {code} already at the step “{step}”") from error
