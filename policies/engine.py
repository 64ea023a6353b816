"""Every rule on every resource, failing closed.

What cannot be judged is an ``error`` or a ``fail``, never silence: a template that cannot be read
or belongs to no environment, a value that is open, a rule that raises.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from policies.report import Report, Result, Status, joined
from policies.rule import ANY, Rule
from policies.side_by_side import side_by_side
from policies.templates.assembly import Reading, Template
from policies.templates.final import ambiguous, made_elsewhere, misplaced, not_final, unlinked
from policies.templates.scope import Resource, Scope, Stack, scopes_of
from policies.templates.values import UnresolvedError
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import RefusedError

# Not a rule of a runbook, but what all of them stand on.
JUDGED = "template-judged"
_OUTSIDE = (unlinked, made_elsewhere)
_WORST_FIRST = (Status.ERROR, Status.FAIL, Status.PASS, Status.NOT_APPLICABLE)


def check(
    reading: Reading,
    rules: Sequence[Rule],
    *,
    environment: str | None = None,
    waived: Mapping[tuple[str, str], str] | None = None,
    lapsed: Mapping[tuple[str, str], str] | None = None,
    in_processes: bool = False,
) -> Report:
    """Judge all templates by all rules.

    ``environment`` names the one that templates without ``Metadata.Runbook`` are of. ``waived``
    maps a rule's id and a construct path to the reason for which its failure is let pass,
    ``lapsed`` to the waiver that covered it until it expired. With ``in_processes`` environments
    are judged at the same time, where the machine can.
    """
    results = [_error(trouble.template, trouble.reason) for trouble in reading.troubles]
    found = _by_environment(reading.templates, environment)
    results += [_error(t.path, _NO_LABEL) for t in found.pop(None, ())]
    jobs = [
        partial(_judge, name, templates, rules, whole=reading.whole)
        for name, templates in found.items()
        if name
    ]
    judged = side_by_side(jobs) if in_processes else [job() for job in jobs]
    results += chain.from_iterable(judged)
    let_pass = [_waived(result, rules, waived or {}, lapsed or {}) for result in results]
    order = {template.path: n for n, template in enumerate(reading.templates)}
    let_pass.sort(key=lambda r: (order.get(r.template, -1), r.template, r.resource or "", r.rule))
    return Report(tuple(let_pass), reading.templates)


_NO_LABEL = (
    "Metadata.Runbook does not say which organisation and environment it is of, so no clause can "
    "be held against it; --environment names one"
)


def _by_environment(
    templates: Iterable[Template], unlabelled: str | None
) -> dict[str | None, list[Template]]:
    found: dict[str | None, list[Template]] = {}
    for template in templates:
        name = "/".join(template.label) if template.label else unlabelled
        found.setdefault(name, []).append(template)
    return found


def _judge(
    name: str, templates: Sequence[Template], rules: Sequence[Rule], *, whole: bool
) -> list[Result]:
    broken = [_error(t.path, reason) for t in templates for reason in not_final(t)]
    broken += [_error(template.path, reason) for template, reason in ambiguous(templates)]
    try:
        environment = _environment(name, templates)
        if not whole:
            templates = [_at_home(template, environment) for template in templates]
        scopes = list(scopes_of(environment, templates, whole=whole))
        broken += _brought_in(scopes)
        judged = [r for scope in scopes for rule in rules for r in _results(rule, scope)]
        if len(scopes) > 1:
            judged = list(_merged(judged))
    except RefusedError as error:
        return [*broken, *(_error(template.path, str(error)) for template in templates)]
    except (UnresolvedError, RecursionError) as error:
        return [*broken, *(_error(t.path, f"it cannot be worked out: {error}") for t in templates)]
    mislabelled = (*_tiers(environment, templates), *_elsewhere(environment, templates))
    astray = misplaced(environment, templates, whole=whole)
    return [*broken, *mislabelled, *(_error(t.path, reason) for t, reason in astray), *judged]


def _brought_in(scopes: Iterable[Scope]) -> list[Result]:
    """Tell what comes from outside of the templates in any case of their conditions."""
    found = (where for scope in scopes for tell in _OUTSIDE for where in tell(scope))
    said = dict.fromkeys((template.path, reason) for template, reason in found)
    return [_error(path, reason) for path, reason in said]


def _environment(name: str, templates: Sequence[Template]) -> Environment:
    """Load the environment, in the account and region that its templates are made for."""
    environment = load_environment(name)
    accounts = {template.account for template in templates if template.account}
    account = next(iter(accounts)) if len(accounts) == 1 else None
    home = {t.region for t in templates if t.stack == f"{environment.slug}-network" and t.region}
    region = next(iter(home), None)
    if account in (None, environment.account) and region in (None, environment.region):
        return environment
    return load_environment(name, account=account, region=region)


def _at_home(template: Template, environment: Environment) -> Template:
    """Take a template that was given alone to be bound for its environment's own place."""
    account = template.account or environment.account
    return replace(template, account=account, region=template.region or environment.region)


def _tiers(environment: Environment, templates: Sequence[Template]) -> Iterator[Result]:
    for template in templates:
        label = template.body.get("Metadata", {}).get("Runbook", {})
        tier = label.get("Tier", environment.tier) if isinstance(label, dict) else environment.tier
        if tier != environment.tier:
            reason = (
                f"Metadata.Runbook says tier {tier!r}, {environment.name} is {environment.tier}"
            )
            yield _error(template.path, reason)


def _elsewhere(environment: Environment, templates: Sequence[Template]) -> Iterator[Result]:
    """Refuse a label that brings weaker clauses to another environment's account."""
    others = {
        other.account: name
        for name in known_environments()
        if name != environment.name and (other := load_environment(name))
    }
    for template in templates:
        if template.account in others:
            owner = others[template.account]
            reason = f"it says it is of {environment.name}, and goes to the account of {owner}"
            yield _error(template.path, reason)


def _results(rule: Rule, scope: Scope) -> Iterator[Result]:
    seen = False
    if rule.judge is not None:
        for resource in scope.resources(*(() if rule.types == ANY else rule.types)):
            seen = True
            yield _on_resource(rule, resource, scope)
    if rule.judge_stack is not None:
        for stack in scope.stacks:
            seen = True
            yield _on_stack(rule, stack, scope)
    if scope.whole:
        missing = list(_required(rule, scope))
        yield from missing
        seen = seen or bool(missing)
    if not seen:
        reason = f"{scope.environment.name} has nothing that the rule looks at"
        if rule.only_files:
            reason = "the rule looks at the files of services, and no sources were given"
        yield _about(rule, Status.NOT_APPLICABLE, scope.stacks[0].template.path, reason)


def _on_resource(rule: Rule, resource: Resource, scope: Scope) -> Result:
    assert rule.judge is not None  # noqa: S101 - asked only then
    try:
        if not rule.concerns(resource, scope):
            status, message = Status.NOT_APPLICABLE, ""
        else:
            status, message = _verdict(rule.judge(resource, scope))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, it is no pass
        status, message = _raised(error)
    template = resource.stack.template
    return Result(
        rule.id,
        status,
        template.path,
        resource.logical_id,
        resource.type,
        resource.construct_path,
        template.sources.get(resource.logical_id),
        message,
        rule.clauses,
        rule.controls,
    )


def _on_stack(rule: Rule, stack: Stack, scope: Scope) -> Result:
    assert rule.judge_stack is not None  # noqa: S101 - asked only then
    try:
        status, message = _verdict(rule.judge_stack(stack, scope))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, it is no pass
        status, message = _raised(error)
    return _about(rule, status, stack.template.path, message)


def _required(rule: Rule, scope: Scope) -> Iterator[Result]:
    try:
        status, message = _verdict(rule.required(scope))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, it is no pass
        status, message = _raised(error)
    if status is not Status.PASS:
        yield _about(rule, status, scope.stacks[0].template.path, message)


def _verdict(messages: Iterable[str]) -> tuple[Status, str]:
    faults = list(messages)
    return (Status.FAIL, joined(faults)) if faults else (Status.PASS, "")


def _raised(error: Exception) -> tuple[Status, str]:
    if isinstance(error, UnresolvedError):
        return Status.FAIL, str(error)
    return Status.ERROR, f"the rule itself failed: {type(error).__name__}: {error}"


def _merged(results: Iterable[Result]) -> Iterator[Result]:
    """Keep the worst of the cases in which one rule saw one resource."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        found.setdefault(result.key, []).append(result)
    for same in found.values():
        worst = min((result.status for result in same), key=_WORST_FIRST.index)
        said = [r.message for r in same if r.status is worst and r.message]
        first = next(result for result in same if result.status is worst)
        yield replace(first, message=joined(said))


def _waived(
    result: Result,
    rules: Sequence[Rule],
    reasons: Mapping[tuple[str, str], str],
    lapsed: Mapping[tuple[str, str], str],
) -> Result:
    key = (result.rule, result.construct_path or "")
    known = key in reasons or key in lapsed
    if result.status is not Status.FAIL or not known or not _waivable(result.rule, rules):
        return result
    return result.waived(reasons[key]) if key in reasons else result.lapsed(lapsed[key])


def _waivable(rule_id: str, rules: Sequence[Rule]) -> bool:
    return any(rule.id == rule_id and rule.waivable for rule in rules)


def _about(rule: Rule, status: Status, template: str, message: str) -> Result:
    return Result(
        rule.id, status, template, message=message, clauses=rule.clauses, controls=rule.controls
    )


def _error(template: str, reason: str) -> Result:
    return Result(JUDGED, Status.ERROR, template, message=reason)
