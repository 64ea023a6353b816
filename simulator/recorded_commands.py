"""`runbook alarms record`, `backtest` and `plot`: arguments in, one call, text out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.completion import environment_names
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import Json, Name, begin

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.recorded.backtest import Backtest
    from simulator.recorded.comparison import Comparison
    from simulator.recorded.whom_it_tells import Audience

# What a pipe takes; a terminal says its own width.
WIDTH = 200
_INSTANT = "ISO 8601 with its zone, such as 2026-03-02T09:00:00Z"
From = Annotated[str, typer.Option("--from", metavar="INSTANT", help=f"From when: {_INSTANT}.")]
To = Annotated[str, typer.Option("--to", metavar="INSTANT", help="Until before when, likewise.")]
Since = Annotated[
    str,
    typer.Option(
        "--from", metavar="INSTANT", help=f"From when: {_INSTANT}; by default as it was recorded."
    ),
]
Until = Annotated[str, typer.Option("--to", metavar="INSTANT", help="Until before when, likewise.")]
Queries = Annotated[
    Path | None,
    typer.Option("--queries", help="What --metric-data-queries was given, for a plain answer."),
]
Region = Annotated[
    str, typer.Option("--region", help="Where a file was recorded that does not say it.")
]
Bind = Annotated[
    list[str] | None,
    typer.Option("--bind", metavar="MARK=VALUE", help="What a mark of the template stands for."),
]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Take what was not recorded for silent.")
]
Template = Annotated[
    list[Path] | None,
    typer.Option("--template", help="Alarms of these templates or assemblies, anybody's."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="NAME=VALUE", help="Value of a template's parameter."),
]
Assembly = Annotated[
    Path, typer.Option("--assembly", help="Alarms of this assembly, as `make synth` writes it.")
]


def add_to(alarms: typer.Typer) -> None:
    """Add the commands to `runbook alarms`."""
    alarms.command(
        epilog="Example: runbook alarms record acme/production --from 2026-03-02T00:00:00Z "
        "--to 2026-03-09T00:00:00Z --out week.json"
    )(record)
    alarms.command(
        epilog="Example: runbook alarms backtest acme/production --metrics week.json "
        "--against ../main/cdk.out. Exit codes: 0 told, 2 refused."
    )(backtest)
    alarms.command(
        epilog="Example: runbook alarms plot api-5xx-rate runbook/alarms/tests/api-5xx-rate.yaml "
        "--test 1 --out errors.svg"
    )(plot)


def record(
    name: Name,
    *,
    from_: From,
    to: To,
    out: Annotated[Path, typer.Option("--out", help="The file to write; never an old one.")],
    period: Annotated[
        int, typer.Option(min=60, help="Seconds a datapoint: 60 is kept 15 days, 300 63 days.")
    ] = 60,
    as_json: Json = False,
) -> None:
    """Record the metrics that deployed alarms look at, for `backtest`. Changes nothing.

    It needs cloudwatch:DescribeAlarms and cloudwatch:GetMetricData.
    """
    import time

    from runbook.operations.questions import read
    from simulator.recorded.instants import option
    from simulator.recorded.recording import Record

    start, end = option("--from", from_), option("--to", to)
    if period % 60:
        refusal = Refusal("--period", f"{period} seconds are no whole minutes", "write 60 or 300")
        raise RefusedError("the command line", [refusal])
    account, console = begin(name, as_json=as_json)

    def warn(text: str) -> None:
        console.say(f"! {text}", "warn")

    def recorded() -> tuple[int, dict[str, Any]]:
        asked = Record(account, start, end, period, int(time.time()), console.step, warn)
        found = asked.write(out)
        counted = "{alarms} alarms, {series} metrics, {datapoints} datapoints".format(**found)
        console.say(f"{out}: {counted}, {found['start']} to {found['end']}")
        console.say(f"Next: runbook alarms backtest {name} --metrics {out}")
        return 0, found

    raise typer.Exit(read("record", account, console, recorded))


def backtest(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[ENVIRONMENT]",
            help="organisation/environment; by default the recording's.",
            autocompletion=environment_names,
        ),
    ] = "",
    *,
    metrics: Annotated[
        Path, typer.Option("--metrics", help="What was recorded: JSON of CloudWatch, or CSV.")
    ],
    from_: Since = "",
    to: Until = "",
    queries: Queries = None,
    region: Region = "",
    bind: Bind = None,
    allow_missing: AllowMissing = False,
    template: Template = None,
    parameter: Parameters = None,
    assembly: Assembly = Path("cdk.out"),
    against: Annotated[
        Path | None, typer.Option("--against", help="Assembly or template of another version.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Replay recorded metrics: who would have been told of what, and when.

    With --against, what the alarms here would have done otherwise than those there.
    """
    from simulator.recorded.backtest import backtest as test
    from simulator.recorded.comparison import compare
    from simulator.recorded.matching import binding, must_know
    from simulator.recorded.recorded_replay import Manner
    from simulator.recorded.recordings import read_recording
    from simulator.recorded.versions import Version, over, parameters_of

    recording = read_recording(metrics, queries, region)
    start, end = over(recording, from_, to)
    bound = dict(binding(text) for text in bind or ())
    manner = Manner(start, end, bound, allow_missing=allow_missing)
    given = parameters_of(parameter or ())
    of = name or recording.environment or ""
    version = Version.of(of, assembly, template or (), region, given)
    other = version.at(against) if against else None
    must_know(bound, version.definitions, *([other] if other else []))
    now = test(version.definitions, recording, manner)
    audience = version.audience(start, end)
    compared = compare(test(other, recording, manner), now) if other else None
    if as_json:
        typer.echo(json.dumps(_as_json(now, compared, audience), indent=2))
    else:
        _tell(now, compared, audience)


def plot(
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="Its id, id/subject, or name.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file of alarm tests (.yaml), or a recording.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="SVG or PNG; by default ALARM.svg, here.")
    ] = None,
    test: Annotated[
        int | None,
        typer.Option("--test", min=1, help="Which test of the file; by default all of ALARM."),
    ] = None,
    environment: Annotated[
        str,
        typer.Option(
            "--environment",
            metavar="NAME",
            help="organisation/environment; by default the file's.",
            autocompletion=environment_names,
        ),
    ] = "",
    from_: Since = "",
    to: Until = "",
    queries: Queries = None,
    region: Region = "",
    bind: Bind = None,
    allow_missing: AllowMissing = False,
    template: Template = None,
    parameter: Parameters = None,
    assembly: Assembly = Path("cdk.out"),
) -> None:
    """Draw an alarm: its series, threshold, states and what became of its actions.

    Needs matplotlib, which the extra `plot` brings. The same input gives the same bytes.
    """
    from simulator.recorded import plotted
    from simulator.recorded.matching import binding, must_know
    from simulator.recorded.plotting import draw
    from simulator.recorded.recorded_replay import Manner
    from simulator.recorded.recordings import read_recording
    from simulator.recorded.versions import Version, over, parameters_of
    from simulator.testing.sources import Sources

    given = parameters_of(parameter or ())
    of_tests = file.suffix in (".yaml", ".yml")
    if of_tests and (from_ or to or queries or region or bind or allow_missing):
        refusal = Refusal(str(file), "these options are of recordings", "leave them out")
        raise RefusedError("--from, --to, --queries, --region, --bind, --allow-missing", [refusal])
    if test and not of_tests:
        refusal = Refusal("--test", "it is no file of tests (.yaml)", "leave it out")
        raise RefusedError(str(file), [refusal])
    if of_tests:
        sources = Sources(assembly, tuple(template or ()), environment or None, given)
        pictures = plotted.of_tests(file, alarm, test or 0, sources)
    else:
        recording = read_recording(file, queries, region)
        start, end = over(recording, from_, to)
        of = environment or recording.environment or ""
        version = Version.of(of, assembly, template or (), region, given)
        bound = dict(binding(text) for text in bind or ())
        must_know(bound, version.definitions)
        manner = Manner(start, end, bound, allow_missing=allow_missing)
        whose = None if template else of
        pictures = plotted.of_recording(recording, alarm, version.definitions, manner, whose)
    written = out or Path(f"{alarm.replace('/', '-')}.svg")
    draw(pictures, written)
    typer.echo(f"{written}: {len(pictures)} drawn")


def _as_json(
    now: "Backtest", compared: "Comparison | None", audience: "Audience | None"
) -> dict[str, Any]:
    from simulator.recorded import backtest_report, comparison_report

    found = backtest_report.as_json(now, audience)
    return found | ({"against": comparison_report.as_json(compared, audience)} if compared else {})


def _tell(now: "Backtest", compared: "Comparison | None", audience: "Audience | None") -> None:
    from simulator.recorded import backtest_report, comparison_report

    console = _console()
    console.print(backtest_report.timeline(now, audience))
    if audience:
        console.print(backtest_report.totals(now, audience))
    lines = backtest_report.notes(now, audience)
    if compared:
        console.print(comparison_report.differences(compared, audience))
        lines += ["", *comparison_report.summary(compared, audience)]
    typer.echo("\n".join(lines))


def _console() -> "Console":
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
