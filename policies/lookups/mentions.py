"""Which resources say a name anywhere in them, in whatever property."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from policies.templates.scope import Resource, Scope

# What a reference reads where no template fixes the name.
_MARK = re.compile(r"<[^<>]+>")


def mentioning(names: Iterable[str], scope: Scope, apart_from: tuple[str, ...]) -> set[Resource]:
    """Find the resources in whose text one of the names stands, or the beginning of another.

    ``apart_from`` are types, or what types begin with, that are not looked at.
    """
    marked = _by_mark(scope, apart_from)
    return {
        resource
        for name in names
        for resource in (
            marked.get(name, ()) if _MARK.fullmatch(name) else _saying(name, scope, apart_from)
        )
    }


@lru_cache(maxsize=2)
def _by_mark(scope: Scope, apart_from: tuple[str, ...]) -> Mapping[str, set[Resource]]:
    """Map each mark to those that refer by it: none holds another, so each is found whole."""
    found: dict[str, set[Resource]] = {}
    for resource in _looked_at(scope, apart_from):
        for mark in _MARK.findall(resource.text):
            found.setdefault(mark, set()).add(resource)
    return found


# For as many names of their own as the keys of an environment may have.
@lru_cache(maxsize=256)
def _saying(name: str, scope: Scope, apart_from: tuple[str, ...]) -> frozenset[Resource]:
    return frozenset(one for one in _looked_at(scope, apart_from) if name in one.text)


def _looked_at(scope: Scope, apart_from: tuple[str, ...]) -> Iterable[Resource]:
    return (one for one in scope.resources() if not one.type.startswith(apart_from))
