"""Where an environment lives: account, region and availability zones."""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, Field

from runbook.model.validation import impossible

_ACCOUNT = re.compile(r"[0-9]{12}")


@cache
def known_regions() -> frozenset[str]:
    """List the regions of the commercial partition, from the data that botocore ships."""
    text = (files("botocore") / "data" / "partitions.json").read_text(encoding="utf-8")
    partition = next(p for p in json.loads(text)["partitions"] if p["id"] == "aws")
    return frozenset(partition["regions"]) - {"aws-global"}


def _real_account(account: str) -> str:
    if not _ACCOUNT.fullmatch(account) or account == "0" * 12:
        raise impossible(
            f"{account!r} is not an AWS account id",
            'write its 12 digits in quotes, for example "111122223333"',
        )
    return account


def _real_region(region: str) -> str:
    if region not in known_regions():
        raise impossible(
            f"AWS has no region {region!r}",
            "write a region code of the commercial partition, for example us-east-2",
        )
    return region


def _several_zones(zones: Sequence[str]) -> tuple[str, ...]:
    if len(zones) < 2:
        raise impossible(
            "tasks and databases need two zones to survive the loss of one",
            "list at least two availability zones of the region",
        )
    repeated = sorted({zone for zone in zones if zones.count(zone) > 1})
    if repeated:
        raise impossible(f"{', '.join(map(repr, repeated))} is listed twice", "list each zone once")
    return tuple(zones)


AccountId = Annotated[
    str, AfterValidator(_real_account), Field(json_schema_extra={"pattern": "^[0-9]{12}$"})
]
Region = Annotated[
    str,
    AfterValidator(_real_region),
    Field(json_schema_extra={"pattern": "^[a-z]{2}-[a-z]+-[0-9]$"}),
]
Zones = Annotated[
    tuple[str, ...],
    AfterValidator(_several_zones),
    Field(strict=False, json_schema_extra={"minItems": 2, "uniqueItems": True}),
]


def foreign_zones(region: str, zones: Sequence[str]) -> list[str]:
    """Name the zones that do not belong to ``region`` (``us-east-2a`` is of ``us-east-2``)."""
    own = re.compile(re.escape(region) + "[a-z]")
    return [zone for zone in zones if not own.fullmatch(zone)]
