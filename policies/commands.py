"""``runbook check``: the rule pack over synthesized templates, the authority in CI."""

import json
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from policies.assembly import read
from policies.engine import check
from policies.report import Format, Report
from policies.rules import all_rules
from policies.sarif import as_sarif
from policies.table import write

NOTHING_FAILED, SOMETHING_FAILED = 0, 1


def check_paths(
    paths: Sequence[Path], *, environment: str | None, as_of: date | None, form: Format
) -> int:
    """Judge cloud assemblies and templates, print the report and return the exit code.

    Raises ``RefusedError`` for input that cannot be used.
    """
    report = check(read(*paths), all_rules(), environment=environment)
    _print(report, form)
    return NOTHING_FAILED if report.clean else SOMETHING_FAILED


def _print(report: Report, form: Format) -> None:
    console = Console(soft_wrap=True)
    match form:
        case Format.TABLE:
            write(report, all_rules(), console)
        case Format.JSON:
            print(json.dumps(report.as_json(), indent=2))  # noqa: T201 - the command's output
        case Format.SARIF:
            log = as_sarif(report, all_rules(), version("runbook"))
            print(json.dumps(log, indent=2))  # noqa: T201 - the command's output
