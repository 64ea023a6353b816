"""What a rule is: one sentence of a runbook that a template or a service's file can break."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from policies.source_file import FileKind, SourceFile
from policies.templates.scope import Resource, Scope, Stack

# Every resource, whatever its type.
ANY = ("*",)


def _none_missing(_: Scope) -> Iterable[str]:
    return ()


def _always(_: Resource, __: Scope) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Its file in ``policies/rules`` has the same name, and holds it as ``RULE``.

    ``judge`` gives a message for each fault of one resource, none when it keeps the rule, and is
    asked about every resource of ``types`` that it ``concerns``; ``judge_stack`` is asked about
    every stack instead. ``required`` gives a message for each thing that must exist and does not;
    it is asked only when whole assemblies are given.

    ``judge_file`` is asked about every file of these ``files`` in a service, when sources are
    given; a service without one of ``required_files`` fails.

    A message is one sentence: what is wrong, with the value found and the value wanted.
    Values come from ``Resource.at``; what is open raises ``UnresolvedError``, which fails the rule.
    """

    id: str
    title: str
    why: str
    remedy: str
    clauses: tuple[str, ...]
    controls: tuple[str, ...]
    types: tuple[str, ...] = ()
    judge: Callable[[Resource, Scope], Iterable[str]] | None = None
    concerns: Callable[[Resource, Scope], bool] = _always
    judge_stack: Callable[[Stack, Scope], Iterable[str]] | None = None
    required: Callable[[Scope], Iterable[str]] = _none_missing
    files: tuple[FileKind, ...] = ()
    judge_file: Callable[[SourceFile], Iterable[str]] | None = None
    required_files: tuple[FileKind, ...] = ()
    waivable: bool = True

    @property
    def only_files(self) -> bool:
        """Whether no template can break it."""
        return self.judge_file is not None and self.judge is None and self.judge_stack is None
