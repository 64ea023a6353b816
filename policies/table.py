"""A report for people: what failed, by resource, with the remedy; everything else as a count."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from policies.report import Report, Result, Status
from policies.rule import Rule

_SHOWN = {Status.ERROR: "bold red", Status.FAIL: "red"}


def write(report: Report, rules: Iterable[Rule], console: Console) -> None:
    """Print the report; colour only where ``console`` is a terminal."""
    by_id = {rule.id: rule for rule in rules}
    open_ = [result for result in report.results if result.status in _SHOWN]
    for (template, resource), group in groupby(open_, key=lambda r: (r.template, r.resource)):
        here = list(group)
        for line in (*_heading(template, resource, here[0]), *_faults(here, by_id), ""):
            console.print(line, highlight=False, soft_wrap=True)
    console.print(_counts(report), highlight=False, soft_wrap=True)


def _heading(template: str, resource: str | None, result: Result) -> Iterator[str]:
    if resource is None:
        yield f"[bold]{escape(template)}[/bold]"
        return
    yield f"[bold]{resource}[/bold] {result.type}"
    yield f"  at {escape(result.construct_path or template)}"
    if result.location:
        yield f"  made in {escape(result.location)}"


def _faults(results: Iterable[Result], rules: Mapping[str, Rule]) -> Iterator[str]:
    for result in results:
        style = _SHOWN[result.status]
        yield f"  [{style}]{result.status.value}[/{style}] {result.rule}: {escape(result.message)}"
        rule = rules.get(result.rule)
        if rule:
            yield f"    fix: {escape(rule.remedy)}"
            clauses = f"{', '.join(rule.clauses)}; " if rule.clauses else ""
            yield f"    {clauses}more: runbook explain {rule.id}"


def _counts(report: Report) -> str:
    counted = ", ".join(
        f"{number:,} {status.replace('_', ' ')}" for status, number in report.summary.items()
    )
    return f"{len(report.templates)} templates: {counted}"
