"""What a scan means: each secret with its place and what to do, or that there is none."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from policies.secret_scan.allowed import ALLOWED, load_allowed, stale
from policies.secret_scan.found import Found, Value, by_value
from policies.secret_scan.library import Library
from policies.secret_scan.repository import Origin, Repository
from policies.secret_scan.scan import Scan, scan
from policies.secret_scan.texts import Content
from runbook.model.refusal import Refusal, RefusedError

SOURCE = "what git keeps"
Paths = Mapping[str, Sequence[str]]
_IF_NONE = (
    "if it never was a secret, allow its digest in policies/secret_scan/allowed.toml and say why"
)
_COMMITTED = (
    "replace it where it works and revoke it (runbook rotate): who has a clone has it for ever; "
    f"then allow its digest and say when that was done; {_IF_NONE}"
)
_NOT_COMMITTED = f"take it out before you commit, and read it from Secrets Manager; {_IF_NONE}"


def judge_everything(
    repository: Repository,
    allowed: Path = ALLOWED,
    library: Callable[[], Library] = Library,
) -> Scan:
    """Judge tracked files, all that HEAD's history holds of them, and its messages (DLX-SEC-1).

    Raises ``RefusedError`` for a secret, an allowance without one, and what could not be read.
    """
    digests = load_allowed(allowed)
    repository.refuse_a_part()
    history, tracked = repository.history(), repository.tracked()
    known = frozenset(history)

    def contents() -> Iterator[Content]:
        yield from repository.read([*history, *(sorted(tracked.keys() - known))])
        yield from repository.changed()

    scanned = scan(contents(), library)
    values = by_value(scanned.found)
    open_values = [value for value in values if value.digest not in digests]
    origins = repository.origins(_sources(open_values, known))
    refusals = [_refusal(value, origins, tracked, known) for value in open_values]
    refusals += stale(digests, (value.digest for value in values))
    if refusals:
        raise RefusedError(SOURCE, refusals)
    return scanned


def judge_staged(
    repository: Repository,
    paths: Sequence[str],
    allowed: Path = ALLOWED,
    library: Callable[[], Library] = Library,
) -> Scan:
    """Judge some paths as the index has them; raises ``RefusedError`` for a secret."""
    digests = load_allowed(allowed)
    tracked = repository.tracked(paths) if paths else {}
    scanned = scan(repository.read(tracked), library)
    open_values = [v for v in by_value(scanned.found) if v.digest not in digests]
    if open_values:
        refusals = [_refusal(value, {}, tracked, frozenset()) for value in open_values]
        raise RefusedError("what is staged", refusals)
    return scanned


def _sources(values: Iterable[Value], history: frozenset[str]) -> list[str]:
    return sorted({p.source for value in values for p in value.places if p.source in history})


def _refusal(
    value: Value, origins: Mapping[str, Origin], tracked: Paths, history: frozenset[str]
) -> Refusal:
    """Say where a value first stood, under which kinds, and in how many places in all."""
    order = {name: number for number, name in enumerate(origins)}
    first = min(value.places, key=lambda place: order.get(place.source, len(order)))
    committed = any(place.source in history for place in value.places)
    others = len({place.source for place in value.places}) - 1
    more = f", and {others} more versions or files" if others else ""
    kinds = ", ".join(value.kinds)
    return Refusal(
        _where(first, origins, tracked, history),
        f"it holds what looks like a secret: {kinds}; digest {value.digest}{more}",
        _COMMITTED if committed else _NOT_COMMITTED,
    )


def _where(
    place: Found, origins: Mapping[str, Origin], tracked: Paths, history: frozenset[str]
) -> str:
    line = f":{place.line}" if place.line else ""
    origin = origins.get(place.source)
    if origin:
        still = "" if place.source in tracked else ", gone since"
        return f"{origin.path}{line} since commit {origin.commit[:12]}{still}"
    if place.source in history:
        return f"the message of commit {place.source[:12]}, line {place.line}"
    paths = tracked.get(place.source, [place.source])
    return f"{paths[0]}{line}, not committed"
