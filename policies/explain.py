"""``runbook explain``: what a rule, a clause or a control is, why, and where it is kept and tested.

A card is what ``--json`` prints; the text for people is made from the same card.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from textwrap import wrap
from typing import Any

from policies.controls import Control, all_controls
from policies.keepers import Binding, bindings, code_of, test_of
from policies.rule import ANY, Rule
from policies.rules import all_rules
from runbook.alarms.finding import every_alarm
from runbook.clauses import Clause, all_clauses, cited
from runbook.model.refusal import Refusal, RefusedError
from runbook.model.selection import all_environments

Card = dict[str, Any]
_WIDTH, _LABEL = 100, 10
_SUGGESTED = 5


def card(asked: str) -> Card:
    """Explain one id, in any case of letters; ``RefusedError`` tells the closest to a wrong one.

    ``asked`` is the id of a rule, a clause or a control: ``key-rotation``, ``HIPAA 164.312(b)``.
    """
    rules = {rule.id.casefold(): rule for rule in all_rules()}
    clauses = {clause.casefold(): clause for clause in all_clauses()}
    controls = {control.casefold(): control for control in all_controls()}
    wanted = " ".join(asked.split()).casefold()
    if wanted in rules:
        return _of_rule(rules[wanted])
    if wanted in clauses:
        return _of_clause(bindings()[clauses[wanted]])
    if wanted in controls:
        return _of_control(all_controls()[controls[wanted]])
    spelt = {rule: rules[rule].id for rule in rules} | clauses | controls
    raise RefusedError("the command line", [_unknown(asked, wanted, spelt)])


def text(shown: Card) -> str:
    """Write a card for people."""
    lines = [f"{shown['id']} ({shown['kind']})", shown["title"], ""]
    for label, value in shown.items():
        if label in ("id", "kind", "title") or value in ("", [], None):
            continue
        for n, entry in enumerate(value if isinstance(value, list) else [value]):
            lines += _wrapped(_said(entry), "" if n else label)
    return "\n".join(lines)


def types_of(rule: Rule) -> list[str]:
    """Say in words what a rule looks at."""
    stacks = ["each stack"] if rule.judge_stack else []
    types = ["every type"] if rule.types == ANY else list(rule.types)
    return [*types, *stacks, *(f"each {kind} of a service" for kind in rule.files)]


def _of_rule(rule: Rule) -> Card:
    near = [other for other in all_rules() if set(other.clauses) & set(rule.clauses)]
    return {
        "id": rule.id,
        "kind": "rule",
        "title": rule.title,
        "why": rule.why,
        "remedy": rule.remedy,
        "waivable": rule.waivable,
        "types": types_of(rule),
        "clauses": _titled(all_clauses()[clause] for clause in rule.clauses),
        "controls": _titled(all_controls()[control] for control in rule.controls),
        "code": code_of(rule),
        "tests": [test_of(rule)],
        "related": _titled(other for other in near if other is not rule),
    }


def _of_clause(binding: Binding) -> Card:
    clause = binding.clause
    rules = [rule for rule in all_rules() if clause.id in rule.clauses]
    near = {name for rule in rules for name in rule.clauses} - {clause.id}
    remedies = [{"id": rule.id, "remedy": rule.remedy} for rule in rules]
    remedies += [
        {"id": demand.key, "remedy": f"set {demand.bound} in the environment file"}
        for demand in clause.demands
    ]
    return {
        "id": clause.id,
        "kind": "clause",
        "title": clause.title,
        "source": cited(clause),
        "form": clause.form,
        "state": str(binding.state),
        "open": clause.open,
        "rules": _titled(rules),
        "remedies": remedies,
        "keepers": [
            {"kind": str(keeper.kind), "place": keeper.place, "name": keeper.name}
            for keeper in binding.keepers
        ],
        "tests": _once((keeper.test,) for keeper in binding.keepers if keeper.test),
        "controls": _titled(all_controls()[c] for c in _once(rule.controls for rule in rules)),
        "related": _titled(all_clauses()[name] for name in sorted(near)),
    }


def _of_control(control: Control) -> Card:
    rules = [rule for rule in all_rules() if control.id in rule.controls]
    return {
        "id": control.id,
        "kind": "control",
        "title": control.title,
        "source": [control.framework, control.url],
        "rules": _titled(rules),
        "clauses": _titled(all_clauses()[c] for c in _once(rule.clauses for rule in rules)),
        "tests": [test_of(rule) for rule in rules],
    }


def _unknown(asked: str, wanted: str, spelt: Mapping[str, str]) -> Refusal:
    """Say what was asked instead, or what is closest; ``spelt`` has every id by its small form."""
    commands = _alarm_commands()
    if wanted in commands:
        return Refusal(asked, "it is an alarm: no rule, clause or control", commands[wanted])
    explained = {small: f"runbook explain {id_}" for small, id_ in spelt.items()}
    if several := _one_by_one(wanted.split(), commands | explained):
        return Refusal(asked, "it is explained one id at a time", "; ".join(several))
    near = get_close_matches(wanted, {**spelt, **commands}, n=_SUGGESTED, cutoff=0.5)
    close = [spelt.get(name, name) for name in near]
    listed = "docs/rules/README.md, docs/clauses.md and policies/controls.toml list them"
    fix = f"did you mean {', '.join(close)}?" if close else listed
    return Refusal(asked, "no rule, clause or control has this id", fix)


def _alarm_commands() -> dict[str, str]:
    """Give the command that shows each alarm, by all that the alarm is called."""
    try:
        environments = all_environments()
    except RefusedError:
        # Whoever asks for a rule is not told of an environment file.
        return {}
    return {
        name: f"runbook alarms show {environment.name} {name}"
        for environment in reversed(environments)
        for alarm in every_alarm(environment)
        for name in (alarm.id, alarm.key, alarm.name(environment.slug))
    }


def _one_by_one(words: Sequence[str], commands: Mapping[str, str]) -> list[str]:
    """Give each id's command where the words are nothing but ids; a control's id has blanks."""
    for end in range(len(words), 0, -1):
        if command := commands.get(" ".join(words[:end])):
            others = _one_by_one(words[end:], commands)
            if others or end == len(words):
                return [command, *others]
    return []


def _titled(items: Iterable[Rule | Clause | Control]) -> list[dict[str, str]]:
    return [{"id": item.id, "title": item.title} for item in items]


def _once(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(item for items in lists for item in items))


def _said(entry: object) -> str:
    match entry:
        case dict():
            return "  ".join(str(value) for value in entry.values())
        case bool():
            return "yes" if entry else "no"
    return str(entry)


def _wrapped(said: str, label: str) -> list[str]:
    """Break a line so that nothing stands under its label."""
    margin = " " * _LABEL
    return wrap(
        said,
        _WIDTH,
        initial_indent=label.ljust(_LABEL),
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
