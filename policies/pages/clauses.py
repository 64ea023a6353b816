"""One page of every clause: what keeps it, on which resources it was judged, what is open."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from policies.engine import check
from policies.keepers import Binding, Kind, State, bindings
from policies.pages.markdown import GENERATED, file_link, plain, table
from policies.report import Result, Status
from policies.rules import all_rules
from policies.templates.assembly import Reading
from runbook.clauses import clause_files

_PAGE = "clauses.md"
# Where a clause's rules looked: the environment, and what they judged there.
Judged = Mapping[str, list[tuple[str, str]]]


def clause_page(reading: Reading) -> str:
    """Write the page; ``reading`` is judged by all rules."""
    bound = bindings()
    judged = _judged(reading)
    lines = ["# Clauses", "", GENERATED, "", *_counts(bound), "", _LEGEND]
    for name, file in clause_files().items():
        lines += ["", f"## {_called(name)}", ""]
        lines += [f"- {letter}: {plain(d.title)}" for letter, d in file.documents.items()]
        for clause in file.clause:
            lines += ["", f"### {clause.id}", ""]
            lines += _clause(bound[clause.id], judged.get(clause.id, []))
    return "\n".join(lines) + "\n"


_LEGEND = (
    "*Kept*: a rule or a marked test fails when it is broken. *Kept in part*: so, and something is "
    "missing. *Open*: nothing proves it yet. `runbook explain CLAUSE` names each test."
)


def _counts(bound: Mapping[str, Binding]) -> list[str]:
    rows = []
    total: Counter[State] = Counter()
    for name, file in clause_files().items():
        counted = Counter(bound[clause.id].state for clause in file.clause)
        total += counted
        rows.append((_called(name), *_numbers(counted)))
    rows.append(("**all**", *(f"**{number}**" for number in _numbers(total))))
    return table(("", *State, "clauses"), rows)


def _numbers(counted: Counter[State]) -> list[str]:
    return [*(str(counted[state]) for state in State), str(counted.total())]


def _clause(binding: Binding, judged: Iterable[tuple[str, str]]) -> Iterator[str]:
    clause = binding.clause
    yield f"{plain(clause.title)}. ({clause.source})"
    yield ""
    yield f"- **{binding.state}**" + (f": {plain(clause.open)}" if clause.open else "")
    if clause.form:
        yield f"- form: {plain(clause.form)}"
    rules = [f"[{keeper.name}](rules/{keeper.name}.md)" for keeper in binding.of(Kind.RULE)]
    if rules:
        yield f"- rules: {', '.join(rules)}"
    demands = [f"`{keeper.name}`" for keeper in binding.of(Kind.DEMAND)]
    if demands:
        yield f"- environment file: {', '.join(demands)}"
    for kind in (Kind.ALARM, Kind.COMMAND, Kind.DRILL):
        found = [f"{k.name} ({file_link(k.path, _PAGE)})" for k in binding.of(kind)]
        if found:
            yield f"- {kind}s: {', '.join(found)}"
    yield from _resources(judged)
    counted = Counter(keeper.test for keeper in binding.keepers if keeper.test)
    if counted:
        tests = (file_link(test, _PAGE) for test in counted)
        yield f"- tests: {', '.join(tests)}"


def _resources(judged: Iterable[tuple[str, str]]) -> Iterator[str]:
    """List what was judged; environments that are alike are told once."""
    by_place = groupby(sorted(set(judged)), key=lambda found: found[0])
    alike: dict[tuple[str, ...], list[str]] = {}
    for environment, found in by_place:
        alike.setdefault(tuple(resource for _, resource in found), []).append(environment)
    for resources, environments in alike.items():
        count = f"{len(resources)} resource{'s' if len(resources) > 1 else ''}"
        yield f"- <details><summary>judged on {count} in {', '.join(environments)}</summary>"
        yield f"  {', '.join(resources)}</details>"


def _judged(reading: Reading) -> Judged:
    report = check(reading, all_rules())
    templates = {template.path: template for template in report.templates}
    found: dict[str, list[tuple[str, str]]] = {}
    for result in report.results:
        template = templates.get(result.template)
        if result.status is Status.NOT_APPLICABLE or template is None or template.label is None:
            continue
        stack = template.stack.removeprefix(f"{'-'.join(template.label)}-")
        judged = ("/".join(template.label), _name(result, stack))
        for clause in result.clauses:
            found.setdefault(clause, []).append(judged)
    return found


def _name(result: Result, stack: str) -> str:
    """Name a resource by its place in the construct tree, without the environment."""
    if result.construct_path is not None:
        return f"`{result.construct_path.partition('/')[2].removesuffix('/Resource')}`"
    return f"`{result.resource}`" if result.resource else f"the stack `{stack}`"


def _called(name: str) -> str:
    return name.replace("_", " ").strip()
