"""The controls that cdk-nag's packs cite, as policies/controls.toml knows them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from policies.controls import all_controls

# The packs whose framework the file has, and how ids begin there.
_FRAMEWORKS = {"HIPAA.Security": "HIPAA", "NIST.800.53.R5": "NIST"}
# What makes an id narrower: an enhancement or a part in brackets, a letter, a number after one.
_LAST_PART = re.compile(r"(?:\([^()]*\)|(?<=\d)[a-z]|(?<=[a-z])\.\d+)$")


@dataclass(frozen=True, slots=True)
class CitedControls:
    """``known`` are ids of policies/controls.toml, ``unknown`` those of the pack that are not."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]


def cited_controls(pack: str, cited: Iterable[str]) -> CitedControls:
    """Map each id to the longest that the file knows: ``AU-2b`` to ``NIST AU-2``."""
    found = {short: _known(pack, short) for short in cited}
    return CitedControls(
        tuple(dict.fromkeys(known for known in found.values() if known)),
        tuple(short for short, known in found.items() if not known),
    )


def _known(pack: str, short: str) -> str | None:
    framework = _FRAMEWORKS.get(pack)
    while framework and short:
        if (known := f"{framework} {short}") in all_controls():
            return known
        wider = _LAST_PART.sub("", short)
        if wider == short:
            break
        short = wider
    return None
