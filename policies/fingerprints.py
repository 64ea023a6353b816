"""What a finding is known by from commit to commit, whatever line or template it moves to."""

import hashlib
from collections import Counter
from collections.abc import Mapping

# The only partial fingerprint that GitHub reads ("SARIF support for code scanning").
READ_BY_GITHUB = "primaryLocationLineHash"


class Fingerprints:
    """Names findings in the order in which they are asked for.

    A finding is known by environment, judge, rule and construct; by stack and logical id where no
    construct is known, by the stack alone for a whole template. Several of one rule at one resource
    are told apart by what names them, else they are numbered, as GitHub numbers equal lines.
    """

    def __init__(self, stacks: Mapping[str, str]) -> None:
        """Begin; ``stacks`` maps the path of a template to its stack's name."""
        self._stacks = stacks
        self._seen: Counter[str] = Counter()

    def of(
        self,
        environment: str,
        judge: str,
        rule: str,
        *,
        construct_path: str,
        template: str,
        resource: str,
        named: str = "",
    ) -> str:
        """Give 32 hex digits, a colon and the number."""
        stack = self._stacks.get(template, template)
        about = construct_path or f"{stack}\0{resource}"
        known_by = "\0".join((environment, judge, rule, about, named))
        digest = hashlib.sha256(known_by.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        self._seen[digest] += 1
        return f"{digest}:{self._seen[digest]}"
