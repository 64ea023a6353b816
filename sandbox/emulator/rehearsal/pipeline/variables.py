"""Variables of a pipeline's execution: `#{namespace.name}` in what an action is told. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")
# The namespace of what a pipeline itself declares, and of what every execution has.
DECLARED, OWN = "variables", "codepipeline"
Namespaces = Mapping[str, Mapping[str, str]]


class UnresolvedError(Exception):
    """A reference to a variable that nobody has set; names it."""


def resolved(text: str, namespaces: Namespaces) -> str:
    """Put in the values; raises UnresolvedError, as an action fails that cannot be told."""

    def value(found: re.Match[str]) -> str:
        namespace, name = found.groups()
        try:
            return namespaces[namespace][name]
        except KeyError:
            raise UnresolvedError(f"variable {found[0]} is not set") from None

    return REFERENCE.sub(value, text)
