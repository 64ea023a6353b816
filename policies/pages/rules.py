"""A page for each rule, and the list of them by what they look at."""

from collections.abc import Iterable

from policies.controls import all_controls
from policies.explain import types_of
from policies.keepers import code_of, test_of
from policies.pages.markdown import GENERATED, clause_link, file_link, plain, table
from policies.rule import ANY, Rule
from runbook.clauses import all_clauses

_PAGE = "rules/page.md"
# What has no service of its own comes last.
_SEVERAL, _EVERYTHING, _FILES = _LAST = ("Several services", "Every template", "Files of a service")


def rule_index(rules: Iterable[Rule]) -> str:
    """List all rules by area: the AWS service whose resources they judge, or none."""
    by_area: dict[str, list[Rule]] = {}
    for rule in rules:
        by_area.setdefault(_area(rule), []).append(rule)
    listed = [rule for found in by_area.values() for rule in found]
    strict = sum(not rule.waivable for rule in listed)
    lines = [
        "# Rules",
        "",
        GENERATED,
        "",
        f"Rules over the final templates and services' files: {len(listed)}, of which {strict} "
        "cannot be waived. `runbook explain RULE` tells the same as a rule's page.",
    ]
    for area in sorted(by_area, key=_order):
        lines += ["", f"## {area}", ""]
        lines += table(("rule", "what holds", "clauses", "waivable"), map(_row, by_area[area]))
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule) -> str:
    """Write one rule's page."""
    clauses = all_clauses()
    controls = all_controls()
    facts = [
        ("Looks at", ", ".join(f"`{kind}`" if ":" in kind else kind for kind in types_of(rule))),
        ("Waivable", "yes" if rule.waivable else "no"),
        ("Clauses", _lines(f"{clause_link(c, _PAGE)} {clauses[c].title}" for c in rule.clauses)),
        ("Controls", _lines(f"{c}: {controls[c].title}" for c in rule.controls)),
        ("Rule", file_link(code_of(rule), _PAGE)),
        ("Test", file_link(test_of(rule), _PAGE)),
    ]
    lines = [
        f"# {rule.id}",
        "",
        GENERATED,
        "",
        f"**{plain(rule.title)}.**",
        "",
        f"Why: {plain(rule.why)}",
        "",
        f"Fix: {plain(rule.remedy)}",
        "",
        *table(("", ""), facts),
    ]
    return "\n".join(lines) + "\n"


def _area(rule: Rule) -> str:
    if rule.only_files:
        return _FILES
    if rule.types in ((), ANY):
        return _EVERYTHING
    services = {kind.split("::")[1] for kind in rule.types}
    return services.pop() if len(services) == 1 else _SEVERAL


def _order(area: str) -> tuple[int, str]:
    return (1 + _LAST.index(area) if area in _LAST else 0, area)


def _row(rule: Rule) -> tuple[str, ...]:
    clauses = ", ".join(clause_link(clause, _PAGE) for clause in rule.clauses)
    waivable = "yes" if rule.waivable else "no"
    return (f"[{rule.id}]({rule.id}.md)", plain(rule.title), clauses, waivable)


def _lines(cells: Iterable[str]) -> str:
    return "<br>".join(plain(cell) for cell in cells) or "none"
