"""What tests read in the OSCAL document."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from evidence.formats.oscal import as_bytes
from evidence.formats.oscal.terms import NAMESPACE
from evidence.model import Evidence, Verdict
from tests.evidence.samples import evidence, row

Json = dict[str, Any]


def written(given: Evidence) -> Json:
    """Write evidence, and read the document back."""
    document: Json = json.loads(as_bytes(given))["assessment-results"]
    return document


def result(given: Evidence) -> Json:
    """Write evidence, and read its one result back."""
    (one,) = written(given)["results"]
    return dict(one)


def values(part: Json, name: str) -> list[str]:
    """Read our properties of a name."""
    props = part.get("props", [])
    return [each["value"] for each in props if each["name"] == name and each["ns"] == NAMESPACE]


def observed(of: Json, rule: str, verdict: Verdict) -> Json:
    """Find the one observation of a rule with a verdict."""
    (one,) = (
        each
        for each in of["observations"]
        if values(each, "rule") == [rule] and values(each, "verdict") == [verdict.value]
    )
    return dict(one)


def finding(of: Json, control: str) -> Json:
    """Find the one finding of a control."""
    (one,) = (each for each in of["findings"] if values(each, "control-id") == [control])
    return dict(one)


def supported() -> Evidence:
    """Give the sample what its held control is said to hold by."""
    sample = evidence()
    logged = row(Verdict.PASS, "bucket-logged", controls=("NIST AU-2",))
    return replace(sample, rows=(*sample.rows, logged))


def walked(part: object) -> Iterator[tuple[str, object]]:
    """Give every key with its value, however deep."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield key, value
            yield from walked(value)
    elif isinstance(part, list):
        for each in part:
            yield from walked(each)


def uuids(document: Json) -> list[str]:
    """List what is defined."""
    return [str(value) for key, value in walked(document) if key == "uuid"]


def read_markup(text: str) -> str:
    """Take a backslash before punctuation away, as Markdown does."""
    return re.sub(r"\\([\\`*_\[\]<>{}~^&])", r"\1", text)
