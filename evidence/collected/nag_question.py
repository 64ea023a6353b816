"""What one rule of cdk-nag asks: of which resources, and whether its silence is a pass.

A rule is handed every resource. It tests the resource's class, and says ``NOT_APPLICABLE`` where
it is another. cdk-nag reports ``NON_COMPLIANT``, lists of findings and errors; ``COMPLIANT`` and
``NOT_APPLICABLE`` are the same silence. A rule that says ``NOT_APPLICABLE`` in one place alone,
after all its tests of class, cannot have meant that with a resource of such a class.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.collected.javascript import (
    Kind,
    NotReadError,
    Statement,
    Tokens,
    end_of_group,
    leave,
    parts_of,
    statements_of,
    text_of,
    tokens_of,
)

LIBRARY = "aws-cdk-lib"
NAG_RULES = "../../nag-rules"
_DEFAULT = ("exports", ".", "default", "=")
_WRAPPED = ("Object", ".", "defineProperty", "(", "(")


@dataclass(frozen=True, slots=True)
class Question:
    """Whom a rule asks.

    ``classes`` are names as in ``constructInfo.fqn`` of tree.json, such as
    ``aws-cdk-lib.aws_s3.CfnBucket``; ``types`` are CloudFormation's, such as ``Custom::Cluster``.
    ``decides``: with a resource of one of these silence means ``COMPLIANT``, or no findings.
    """

    classes: tuple[str, ...]
    types: tuple[str, ...]
    decides: bool

    def asks(self, class_: str, type_: str) -> bool:
        """Say whether a resource of this class and CloudFormation type is asked."""
        return class_ in self.classes or type_ in self.types


def question_of(source: str) -> Question:
    """Read a rule's module; raises ``NotReadError`` where its question is of another form."""
    tokens = tokens_of(source)
    modules = required(tokens)
    node, body = _rule(tokens)
    if any(a == node and b == "=" for a, b in pairwise(body)):
        raise NotReadError(f"{node} becomes something else")
    # What a function declares stands apart: it runs only where it is called.
    statements = [s for s in statements_of(body) if s.kind is not Kind.FUNCTION]
    branches = tuple(_branches(statements, modules))
    tests = [part for test, _ in branches for part in parts_of(test, "||")]
    types = [text_of(part[4]) for part in tests if _is_type(part, node)]
    classes = [_class(part, node, modules) for part in tests if not _is_type(part, node)]
    decides = tokens.count("NOT_APPLICABLE") == 1 and all(
        leave(branch) and all(_answers(said, modules) for s in branch for said in s.returned())
        for _, branch in branches
    )
    return Question(_once(classes), _once(types), decides)


def required(tokens: Tokens) -> dict[str, str]:
    """Map the names of modules to their paths: ``const s3_1 = require("../rules/s3");``."""
    found: dict[str, str] = {}
    for at in range(3, len(tokens) - 3):
        if tokens[at] == "require" and tokens[at - 3] in ("const", "var"):
            name, path = tokens[at - 2], tokens[at + 2]
            if tokens[at - 1] != "=" or tokens[at + 1] != "(" or tokens[at + 3] != ")":
                raise NotReadError(f"{name} is required in another way")
            if name in found:
                raise NotReadError(f"{name} is required twice")
            found[name] = text_of(path)
    return found


def _rule(tokens: Tokens) -> tuple[str, Tokens]:
    """Find the exported function: the name of its one parameter, and its body."""
    starts = [at for at in range(len(tokens)) if tuple(tokens[at : at + 4]) == _DEFAULT]
    if len(starts) != 1:
        raise NotReadError(f"it has {len(starts)} default exports")
    at = starts[0] + len(_DEFAULT)
    if tuple(tokens[at : at + 5]) == _WRAPPED and tuple(tokens[at + 6 : at + 9]) == (
        ")",
        "=>",
        "{",
    ):
        return tokens[at + 5], tokens[at + 9 : end_of_group(tokens, at + 8)]
    name = tokens[at]
    found = [i for i, (a, b) in enumerate(pairwise(tokens)) if a == "function" and b == name]
    if tokens[at + 1] == ";" and len(found) == 1:
        at = found[0] + 2
        if tokens[at] == "(" and tuple(tokens[at + 2 : at + 4]) == (")", "{"):
            return tokens[at + 1], tokens[at + 4 : end_of_group(tokens, at + 3)]
    raise NotReadError("its default export is no function of one resource")


def _branches(
    statements: Sequence[Statement], modules: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], tuple[Statement, ...]]]:
    """Give the condition of each ``if`` and what it guards; nothing may stand beside them.

    The last word, after all of them, is ``return NOT_APPLICABLE``.
    """
    if not statements:
        raise NotReadError("it may end without an answer")
    first, *rest = statements
    if first.kind is Kind.RETURN and not rest and _is(first.tokens, "NOT_APPLICABLE", modules):
        return
    if first.kind is not Kind.IF:
        raise NotReadError(f"beside its tests of class stands: {first.kind}")
    yield first.tokens, first.body
    yield from _branches((*(first.otherwise or ()), *rest), modules)


def _is_type(part: Tokens, node: str) -> bool:
    """Recognize ``node.cfnResourceType === 'Custom::Cluster'``."""
    return len(part) == 5 and tuple(part[:4]) == (node, ".", "cfnResourceType", "===")


def _class(part: Tokens, node: str, modules: Mapping[str, str]) -> str:
    """Read ``node instanceof aws_s3_1.CfnBucket``, and nothing else."""
    if len(part) != 5 or tuple(part[:2]) != (node, "instanceof") or part[3] != ".":
        raise NotReadError(f"it asks for more than a class: {' '.join(part)[:80]}")
    library, _, service = modules.get(part[2], "").partition("/")
    # The library has no subclasses of these: the class in the tree is the one that is tested.
    if (library, service[:4], part[4][:3]) != (LIBRARY, "aws-", "Cfn"):
        raise NotReadError(f"{part[2]}.{part[4]} is no class of a resource")
    return f"{LIBRARY}.{service.replace('-', '_')}.{part[4]}"


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _answers(said: Tokens, modules: Mapping[str, str]) -> bool:
    """Say whether what a rule returns can be nothing but a pass, a failure or its findings."""
    asked = parts_of(said, "?")
    if len(asked) == 1:
        return _is(said, "COMPLIANT", modules) or _is(said, "NON_COMPLIANT", modules)
    either = parts_of(asked[1], ":")
    if len(asked) != 2 or len(either) != 2:
        return False
    return all(_answers(way, modules) or _lists(way, asked[0]) for way in either)


def _lists(said: Tokens, condition: Tokens) -> bool:
    """Recognize ``[...found]``, ``[...found].map(...)``, and ``found`` where it has a length."""
    if len(said) == 1:
        return tuple(condition) == (said[0], ".", "length")
    if said[:2] != ("[", "..."):
        return False
    end = end_of_group(said, 0) + 1
    if end == len(said):
        return True
    return said[end : end + 3] == (".", "map", "(") and end_of_group(said, end + 2) == len(said) - 1


def _is(said: Tokens, answer: str, modules: Mapping[str, str]) -> bool:
    return (
        len(said) == 5
        and modules.get(said[0]) == NAG_RULES
        and tuple(said[1:]) == (".", "NagRuleCompliance", ".", answer)
    )
