"""What a finding is known by from commit to commit, whatever line or template it moves to."""

import hashlib
from collections import Counter

from evidence.model import Evidence, Row


class Fingerprints:
    """Names rows in the order in which they are asked for.

    A row is known by environment, judge, rule and construct; by stack and logical id where no
    construct is known, by the stack alone for a whole template. Several findings of one rule at one
    resource are told apart by what a pack's message names in brackets behind the rule's id, as in
    ``AwsSolutions-IAM5[Action::s3:*]: ...``; else they are numbered, as GitHub numbers equal lines.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._environment = evidence.name
        self._stacks = {template.path: template.stack for template in evidence.templates}
        self._seen: Counter[str] = Counter()

    def of(self, row: Row) -> str:
        """Give 32 hex digits, a colon and the number."""
        about = row.construct_path or "\0".join(
            (self._stacks.get(row.template, row.template), row.resource)
        )
        known_by = "\0".join((self._environment, row.judge, row.rule, about, _named(row)))
        digest = hashlib.sha256(known_by.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        self._seen[digest] += 1
        return f"{digest}:{self._seen[digest]}"


def _named(row: Row) -> str:
    """Give the brackets of a pack's message with what is in them."""
    behind = row.message.removeprefix(row.rule)
    named, end, _ = behind.partition("]: ")
    return named + end if end and named.startswith("[") else ""
