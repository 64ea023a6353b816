"""A report for people: what failed, by resource, with the remedy; everything else as a count."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.terminal import bold, plain, red, say

_SHOWN = (Status.ERROR, Status.FAIL)


def write(report: Report, rules: Iterable[Rule]) -> None:
    """Print the report."""
    by_id = {rule.id: rule for rule in rules}
    open_ = [result for result in report.results if result.status in _SHOWN]
    for (template, resource), group in groupby(open_, key=lambda r: (r.template, r.resource)):
        here = list(group)
        for line in (*_heading(template, resource, here[0]), *_faults(here, by_id), ""):
            say(line)
    say(_counts(report))


def _heading(template: str, resource: str | None, result: Result) -> Iterator[str]:
    if resource is None:
        yield bold(plain(template))
        return
    yield f"{bold(plain(resource))} {plain(result.type or '')}"
    yield f"  at {plain(result.construct_path or template)}"
    if result.location:
        yield f"  made in {plain(result.location)}"


def _faults(results: Iterable[Result], rules: Mapping[str, Rule]) -> Iterator[str]:
    for result in results:
        yield f"  {red(result.status.value)} {result.rule}: {plain(result.message)}"
        rule = rules.get(result.rule)
        if rule:
            yield f"    fix: {rule.remedy}"
            clauses = f"{', '.join(rule.clauses)}; " if rule.clauses else ""
            yield f"    {clauses}more: runbook explain {rule.id}"


def _counts(report: Report) -> str:
    counted = ", ".join(
        f"{number:,} {status.replace('_', ' ')}" for status, number in report.summary.items()
    )
    return f"{len(report.templates)} templates: {counted}"
