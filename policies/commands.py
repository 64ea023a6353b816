"""``runbook check`` and ``runbook waivers``: the bodies of the commands."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from policies import waiver_list
from policies.engine import check
from policies.expiry import day_of_the_commit, expired, expiring
from policies.report import Format, Report, Result, Status
from policies.rules import all_rules
from policies.sarif import as_sarif
from policies.sources import judge_sources
from policies.table import write
from policies.templates.assembly import Reading, read
from policies.terminal import say, yellow
from policies.waivable_rules import RUNBOOK
from policies.waivers import Waiver, load_waivers
from policies.waiving import covered, unused_in, waived_for
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import Refusal

NOTHING_FAILED, SOMETHING_FAILED = 0, 1
WAIVERS = "waivers"
FILE = "policies/waivers.toml"


def check_paths(
    paths: Sequence[Path],
    *,
    environment: str | None,
    sources: Path | None,
    as_of: date | None,
    form: Format,
) -> int:
    """Judge cloud assemblies and templates, print the report and return the exit code.

    ``sources`` is the root of a repository whose services are judged, too. ``as_of`` is the day to
    judge waivers by, the commit's without one. Raises ``RefusedError`` for input that cannot be
    used.
    """
    if environment is not None:
        # A wrong name is told as such, not as a fault of templates that say their own.
        load_environment(environment)
    reading = read(*paths)
    waivers = load_waivers()
    day = as_of or day_of_the_commit()
    waived = waived_for((RUNBOOK,), waivers, _environments(reading))
    rules = [rule for rule in all_rules() if sources is None or not rule.only_files]
    on_the_day = covered(waived, day)
    report = check(
        reading,
        rules,
        environment=environment,
        waived=on_the_day.reasons,
        lapsed=on_the_day.lapsed,
        in_processes=True,
    )
    if sources is not None:
        of_files = judge_sources(sources, all_rules())
        report = replace(report, results=(*report.results, *of_files))
    idle = unused_in(report, waived, on_the_day.lapsed) if reading.whole else []
    report = _with_waivers(report, [*idle, *expired(waivers, day)])
    _print(report, form)
    _warn(waivers, day)
    return NOTHING_FAILED if report.clean else SOMETHING_FAILED


def list_waivers(*, as_of: date | None, as_json: bool) -> None:
    """Print every waiver, for people or for machines."""
    waivers, day = load_waivers(), as_of or day_of_the_commit()
    if as_json:
        print(waiver_list.as_json(waivers, day))  # noqa: T201 - the command's output
    else:
        waiver_list.write(waivers, day)


def _environments(reading: Reading) -> list[Environment]:
    """Load those whose templates were given; the waivers of others are not asked for."""
    labels = {"/".join(template.label) for template in reading.templates if template.label}
    return [load_environment(name) for name in known_environments() if name in labels]


def _with_waivers(report: Report, faults: Iterable[Refusal]) -> Report:
    """Add what is wrong with the waivers: those that cover nothing, and those that have expired."""
    said = [f"{fault.key}: {fault.reason}; {fault.fix}" for fault in faults]
    results = [Result(WAIVERS, Status.FAIL, FILE, message=fault) for fault in said]
    return replace(report, results=(*report.results, *results))


def _warn(waivers: Iterable[Waiver], day: date) -> None:
    for waiver in expiring(waivers, day):
        said = f"warning: {FILE} {waiver.entry} expires on {waiver.stated.expires}"
        say(yellow(said), err=True)


def _print(report: Report, form: Format) -> None:
    match form:
        case Format.TABLE:
            write(report, all_rules())
        case Format.JSON:
            print(json.dumps(report.as_json(), indent=2))  # noqa: T201 - the command's output
        case Format.SARIF:
            log = as_sarif(report, all_rules(), version("runbook"))
            print(json.dumps(log, indent=2))  # noqa: T201 - the command's output
