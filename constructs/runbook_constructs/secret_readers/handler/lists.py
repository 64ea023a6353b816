"""Who may read each secret, and who may become one of those: what the environment's lists say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lists:
    """The allow-lists of ``runbook.access.principals``, as the function is told them.

    ``readers`` maps each secret to the ARNs of its readers; ``people`` may do everything, in an
    emergency; ``executors`` are granted every secret because they make them, and each secret's own
    policy keeps them out. ``trusted`` maps a role to the one principal that may assume it.
    ``copies`` maps a secret to the regions that copies of it belong in.
    """

    environment: str
    account: str
    region: str
    readers: Mapping[str, frozenset[str]]
    people: frozenset[str]
    executors: frozenset[str]
    trusted: Mapping[str, str]
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def lists(environment: str, region: str, text: str) -> Lists:
    """Read the lists; raises ``KeyError`` or ``ValueError`` when one is missing or empty."""
    told = json.loads(text)
    account = told["account"]

    def arns(names: list[str]) -> frozenset[str]:
        return frozenset(f"arn:aws:iam::{account}:{name}" for name in names)

    people = arns(told["people"])
    readers = {name: arns(given) | people for name, given in told["readers"].items()}
    trusted = {arn: who for who, names in told["trusted"].items() for arn in arns(names)}
    if not readers or not people or not trusted:
        raise ValueError("LISTS names no secret, nobody, or no role")
    copies = {name: tuple(regions) for name, regions in told["copies"].items()}
    executors = arns(told["executors"])
    return Lists(environment, account, region, readers, people, executors, trusted, copies)
