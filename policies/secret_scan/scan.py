"""Contents before both judges, with canaries among them: what they find, or no answer at all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from policies.secret_scan.canaries import PREFIX, Canary, canaries
from policies.secret_scan.found import Found
from policies.secret_scan.library import Library
from policies.secret_scan.table import found_in
from policies.secret_scan.texts import Content, pieces_of
from runbook.model.refusal import Refusal, RefusedError


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found, in how many contents."""

    found: tuple[Found, ...]
    contents: int


def scan(contents: Iterable[Content], library: Callable[[], Library] = Library) -> Scan:
    """Let both judges read everything; raises ``RefusedError`` where one overlooks a canary."""
    seeded, count = canaries(), 0
    found: list[Found] = []
    with library() as secretlint:

        def judge(content: Content) -> None:
            for piece in pieces_of(content):
                secretlint.give(piece)
                found.extend(found_in(piece))

        for canary in seeded:
            judge(canary.content)
        for content in contents:
            judge(content)
            count += 1
        found += secretlint.found()
    _refuse_the_blind(seeded, found)
    kept = {item for item in found if not item.source.startswith(PREFIX)}
    return Scan(tuple(sorted(kept)), count)


def _refuse_the_blind(seeded: Iterable[Canary], found: Iterable[Found]) -> None:
    seen = {(item.source, item.kind) for item in found}
    missed = [
        Refusal(
            canary.name,
            f"a made-up secret is not found as {kind!r}",
            "correct the judge; until it finds this, its silence says nothing",
        )
        for canary in seeded
        for kind in sorted(canary.kinds)
        if (canary.content.source, kind) not in seen
    ]
    if missed:
        raise RefusedError("the scan for secrets", missed)
