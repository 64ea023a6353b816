"""Parameters and conditions of templates: what is given, what is open, and in how many ways.

A parameter's default is not its value, since whoever deploys may give another: an alarm that hangs
on one is refused until the value is given, and the refusal tells the default. Conditions that
follow from what is known are worked out; each comparison that does not is tried both ways.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from policies.templates.assembly import Template
from policies.templates.intrinsics import resolve
from policies.templates.scope import MOST_CONDITIONS, Arguments, Case, Scope, Stack
from policies.templates.values import Unknown, unknowns
from runbook.model.refusal import Refusal, RefusedError

Json = Any
_PSEUDO = (
    *("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName"),
    "AWS::URLSuffix",
)
# Regions of other partitions than aws.
_ELSEWHERE = ("cn-", "us-gov-", "us-iso", "eu-iso")
_LISTS = ("CommaDelimitedList", "List<")
_FIX = "decide some: --parameter NAME=VALUE"


class Parameters:
    """What the parameters of some templates are, by template and name."""

    def __init__(self, templates: Sequence[Template], given: Mapping[str, str]) -> None:
        self.arguments: dict[tuple[str, str], Json] = {}
        # By what a mark calls them: those that are open, and have one.
        self.defaults: dict[str, Json] = {}
        used: set[str] = set()
        for template in templates:
            below = _given_by_parent(template, templates)
            for name, declared in _declared(template).items():
                if name in given and template.nested is None:
                    used.add(name)
                    value = _value(given[name], declared)
                    _allowed(name, value, declared)
                    self.arguments[template.path, name] = value
                elif name not in below:
                    why = f"the parameter {name} is given when it is deployed"
                    self._open(template, name, why, declared.get("Default"))
            for name in _PSEUDO:
                if name in given and template.nested is None:
                    used.add(name)
                    self.arguments[template.path, name] = given[name]
                elif not _is_known(template, name):
                    self._open(template, name, f"{name} is open here", None)
        if unused := [name for name in given if name not in used]:
            reason = f"no template has a parameter {unused[0]}"
            raise RefusedError("--parameter", [Refusal(unused[0], reason, "correct its name")])

    def _open(self, template: Template, name: str, why: str, default: Json) -> None:
        mark = f"{template.stack}/{name}"
        self.arguments[template.path, name] = Unknown(f"${{{mark}}}", why)
        if default is not None:
            self.defaults[mark] = default


def cases_of(templates: Sequence[Template], arguments: Arguments) -> Iterator[Scope]:
    """Give a scope for each way in which conditions that hang on open values may come out.

    Raises ``RefusedError`` where these are too many.
    """
    around = Scope(None, templates, {}, whole=False, arguments=arguments)
    atoms: dict[str, bool] = {}
    _case(around, atoms)
    if len(atoms) > MOST_CONDITIONS:
        reason = (
            f"{len(atoms)} open comparisons make 2^{len(atoms)} cases; {MOST_CONDITIONS} are read"
        )
        raise RefusedError(templates[0].path, [Refusal("Conditions", reason, _FIX)])
    for values in product((True, False), repeat=len(atoms)):
        case = _case(around, dict(zip(atoms, values, strict=True)))
        yield Scope(None, templates, case, whole=False, arguments=arguments)


def _case(around: Scope, atoms: dict[str, bool]) -> Case:
    """Work out every condition; a comparison that is open is looked up, or added as true."""
    case: dict[tuple[str, str], bool] = {}
    for stack in around.stacks:
        declared = stack.template.body.get("Conditions")
        if not isinstance(declared, dict):
            continue
        judge = _Judge(stack, declared, atoms)
        for name in declared:
            case[stack.template.path, name] = judge.named(name)
    return case


class _Judge:
    """Works out conditions of one template."""

    def __init__(self, stack: Stack, declared: Mapping[str, Json], atoms: dict[str, bool]) -> None:
        self._stack = stack
        self._declared = declared
        self._atoms = atoms
        self._asked: list[str] = []

    def named(self, name: Json) -> bool:
        """Work out a condition by its name."""
        if not isinstance(name, str) or name not in self._declared or name in self._asked:
            return self._atom(f"condition {name!r}")
        self._asked.append(name)
        try:
            return self._holds(self._declared[name])
        finally:
            self._asked.pop()

    def _holds(self, body: Json) -> bool:
        match body:
            case {"Condition": name, **others} if not others:
                return self.named(name)
            case {"Fn::Not": [one], **others} if not others:
                return not self._holds(one)
            case {"Fn::And": [*several], **others} if several and not others:
                return all(self._each(several))
            case {"Fn::Or": [*several], **others} if several and not others:
                return any(self._each(several))
            case {"Fn::Equals": [left, right], **others} if not others:
                return self._equal(left, right)
        return self._atom(repr(body))

    def _each(self, several: Sequence[Json]) -> list[bool]:
        """Work all of them out, so that no comparison is found open in some cases alone."""
        return [self._holds(each) for each in several]

    def _equal(self, left: Json, right: Json) -> bool:
        one, other = (resolve(side, self._stack) for side in (left, right))
        if unknowns(one) or unknowns(other) or "<" in repr((one, other)):
            return self._atom(" ".join(sorted((repr(left), repr(right)))))
        return str(one) == str(other)

    def _atom(self, text: str) -> bool:
        return self._atoms.setdefault(f"{self._stack.template.path}: {text}", True)


def _declared(template: Template) -> dict[str, dict[str, Json]]:
    declared = template.body.get("Parameters")
    pairs = declared.items() if isinstance(declared, dict) else ()
    return {name: body if isinstance(body, dict) else {} for name, body in pairs}


def _value(given: str, declared: Mapping[str, Json]) -> Json:
    """Read a value as CloudFormation does: a list is one with commas."""
    kind = declared.get("Type")
    if isinstance(kind, str) and kind.startswith(_LISTS):
        return [part.strip() for part in given.split(",")]
    return given


def _allowed(name: str, value: Json, declared: Mapping[str, Json]) -> None:
    """Refuse a value that CloudFormation would: what hangs on it is never deployed."""
    allowed = declared.get("AllowedValues")
    if not isinstance(allowed, list):
        return
    known = [_as_text(each) for each in allowed]
    for each in value if isinstance(value, list) else [value]:
        if each not in known:
            reason = f"{each!r} is none of the AllowedValues"
            raise RefusedError(
                "--parameter", [Refusal(name, reason, f"write one of {', '.join(known)}")]
            )


def _as_text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _given_by_parent(template: Template, templates: Sequence[Template]) -> frozenset[str]:
    """Name the parameters of a nested stack that its parent gives."""
    where = template.nested
    parent = next((each for each in templates if where and each.path == where.template), None)
    if where is None or parent is None:
        return frozenset()
    properties = parent.body["Resources"][where.logical_id].get("Properties")
    given = properties.get("Parameters") if isinstance(properties, dict) else None
    return frozenset(given) if isinstance(given, dict) else frozenset()


def _is_known(template: Template, pseudo: str) -> bool:
    """Say whether the reading tells it: a template that was given alone has no stack's name."""
    match pseudo:
        case "AWS::AccountId":
            return template.account is not None
        case "AWS::Region":
            return template.region is not None
        case "AWS::Partition" | "AWS::URLSuffix":
            return template.region is not None and not template.region.startswith(_ELSEWHERE)
        case "AWS::StackName":
            return template.nested is None and "/" in template.path
    return False
