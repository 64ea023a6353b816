"""`runbook alarms plot`: an alarm's series, threshold, states and actions as SVG or PNG.

The same input gives the same bytes. Colours are Okabe and Ito's, which people of any colour vision
tell apart; states have hatches besides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.actions import ActionEvent
from simulator.cloudwatch.definitions import Definitions, MetricAlarm, MetricQuery, State
from simulator.cloudwatch.dependencies import in_order
from simulator.cloudwatch.judgement import STATES, breaches
from simulator.cloudwatch.replay import Replay
from simulator.cloudwatch.series import Values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# So many datapoints are still told apart.
FEW = 240
FORMATS = (".svg", ".png")
_LINE, _BREACH, _THRESHOLD, _INK = "#0072B2", "#D55E00", "#000000", "#404040"
_STATES = {
    State.OK: ("#009E73", ""),
    State.ALARM: ("#D55E00", "////"),
    State.INSUFFICIENT: ("#BBBBBB", "...."),
}
# What became of actions: a marker and its colour; actions that end an alarm point upwards.
_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "ran": ("v", "#000000"),
    "muted": ("X", "#CC79A7"),
    "suppressed": ("s", "#56B4E9"),
    "unknown": ("D", "#F0E442"),
}
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "runbook",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of one alarm, one value a step.

    ``values`` are held against the alarm's threshold and None of a composite; ``unit`` is what they
    count. ``bands`` are the states of what it hangs on, and its own last. ``start`` is where the
    first stands, in seconds since 1970, where hours matter; else the axis counts minutes.
    """

    title: str
    unit: str
    alarm: MetricAlarm | None
    values: Values | None
    bands: tuple[tuple[str, NDArray[np.int8]], ...]
    events: tuple[ActionEvent, ...]
    step: int
    start: int | None


def picture(
    replay: Replay, name: str, title: str = "", unit: str = "", since: int | None = None
) -> Picture:
    """Take an alarm out of a replay.

    Steps stand where tests name them: step 9 at nine minutes. From the instant ``since`` on, in
    seconds since 1970, they stand where they are evaluated: at their ends.
    """
    alarm, grid = replay.alarms[name], replay.grid
    start, first = grid.start, 0
    if since is not None:
        first = max(0, (since - (grid.start or 0)) // grid.step)
        start = (grid.start or 0) + (first + 1) * grid.step
    needed = in_order(Definitions(replay.alarms), [name])
    return Picture(
        title=title or alarm.keys[0],
        unit=unit or (_counted(alarm) if isinstance(alarm, MetricAlarm) else ""),
        alarm=alarm if isinstance(alarm, MetricAlarm) else None,
        values=replay.datapoints[name][first:] if isinstance(alarm, MetricAlarm) else None,
        bands=tuple((each.keys[0], replay.states[each.name][first:]) for each in needed),
        events=tuple(
            replace(event, step=event.step - first)
            for event in replay.actions[name]
            if event.step >= first and event.outcome != "none"
        ),
        step=grid.step,
        start=start,
    )


def draw(pictures: Sequence[Picture], out: Path) -> None:
    """Write pictures below each other into one SVG or PNG file.

    Raises ``RefusedError`` for another format, without matplotlib, and for what cannot be written.
    """
    if out.suffix.lower() not in FORMATS:
        refusal = Refusal("--out", f"{out.suffix or 'no ending'} is no format here", "write .svg")
        raise RefusedError(str(out), [refusal])
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        reason = "matplotlib is not installed, which draws"
        refusal = Refusal("plot", reason, "in the checkout: make setup, or pip install '.[plot]'")
        raise RefusedError("runbook alarms plot", [refusal]) from None
    with mpl.rc_context(_STYLE):
        heights = [_height(each) for each in pictures]
        figure = Figure(figsize=(11, sum(heights)), layout="constrained")
        FigureCanvasAgg(figure)
        parts = figure.subfigures(len(pictures), 1, height_ratios=heights, squeeze=False)
        for part, each in zip(parts[:, 0], pictures, strict=True):
            _draw(part, each)
        _settle(figure)
        svg = out.suffix.lower() == ".svg"
        kept: dict[str, Any] = {"metadata": {"Date": None}} if svg else {"dpi": 144}
        try:
            figure.savefig(out, format=out.suffix[1:].lower(), **kept)
        except OSError as error:
            reason = f"cannot be written: {error.strerror}"
            refusal = Refusal("--out", reason, "name a file in a folder that is there")
            raise RefusedError(str(out), [refusal]) from None


def _settle(figure: "Figure") -> None:
    """Lay out, and round what was found.

    The solver's last bits differ from run to run, and SVG's clip paths are named after them.
    """
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in figure.subfigs:
        part.bbox_relative.set_points(part.bbox_relative.get_points().round(6))
    for axes in figure.axes:
        axes.set_position(Bbox(axes.get_position().get_points().round(6)))


def _height(drawn: Picture) -> float:
    return (3.8 if drawn.values is not None else 1.2) + 0.42 * len(drawn.bands) + 0.6


def _draw(part: Any, drawn: Picture) -> None:  # noqa: ANN401 - matplotlib's SubFigure
    bands = 0.42 * len(drawn.bands) + 0.3
    ratios = [3.4, bands] if drawn.values is not None else [bands]
    axes = part.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    part.suptitle(drawn.title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=_INK)
    if drawn.alarm is not None and drawn.values is not None:
        _series(axes[0], drawn, drawn.alarm, drawn.values)
    _bands(axes[-1], drawn)
    _clock(axes[-1], drawn)
    entries = dict(sorted(_entries(axes), key=lambda entry: _rank(entry[0])))
    part.legend(
        entries.values(),
        entries.keys(),
        loc="outside right upper",
        frameon=False,
        fontsize=9,
    )


def _rank(label: str) -> int:
    """Order the legend: what is measured, states, actions."""
    if label in set(State):
        return 10 + STATES.index(State(label))
    return 20 if " actions " in label else 0


def _series(axes: "Axes", drawn: Picture, alarm: MetricAlarm, values: Values) -> None:
    at = np.array([_place(drawn, step) for step in range(len(values))])
    bad = breaches(values, alarm)
    few = len(values) <= FEW
    axes.plot(at, values, color=_LINE, lw=1.4, marker="o" if few else "", ms=3, label="datapoint")
    axes.plot(
        at[bad], values[bad], "o", ms=5 if few else 3, mfc="none", mec=_BREACH, label="breaching"
    )
    sign = f"threshold: {alarm.comparison.sign} {alarm.threshold:g}"
    axes.axhline(alarm.threshold, color=_THRESHOLD, lw=1.2, ls=(0, (5, 3)), label=sign)
    axes.set_ylabel(drawn.unit)
    axes.margins(x=0.01, y=0.12)
    if np.nanmin(np.append(values, alarm.threshold)) >= 0:
        axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#DDDDDD", lw=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.text(
        0,
        1.01,
        f"{alarm.breaching} of {alarm.periods} datapoints of {alarm.period} s; missing: "
        f"{alarm.missing.value}",
        transform=axes.transAxes,
        fontsize=9,
        color=_INK,
        va="bottom",
    )


def _bands(axes: "Axes", drawn: Picture) -> None:
    """Draw a row of states for each alarm, and on the last what became of its actions."""
    last = len(drawn.bands) - 1
    for row, (_, states) in enumerate(drawn.bands):
        for first, until, state in _spells(states):
            colour, hatch = _STATES[state]
            edges = _place(drawn, first), _place(drawn, until)
            axes.broken_barh(
                [(edges[0], edges[1] - edges[0])],
                (last - row - 0.36, 0.72),
                facecolor=colour,
                edgecolor="white",
                hatch=hatch,
                lw=0,
                label=state.value,
            )
    for event in drawn.events:
        outcome = event.outcome or "unknown"
        marker, colour = _OUTCOMES[outcome]
        rings = event.state is State.ALARM
        axes.plot(
            [_place(drawn, event.step)],
            # Actions that end an alarm stand below: over a month they are at one place.
            [0.18 if rings else -0.18],
            marker=marker if rings or marker != "v" else "^",
            ms=9,
            mfc=colour if rings else "white",
            mec="white" if rings else colour,
            mew=1.2,
            ls="",
            clip_on=False,
            zorder=5,
            label=f"{event.state.value} actions {outcome}",
        )
    axes.set_yticks(
        range(len(drawn.bands)), [name for name, _ in reversed(drawn.bands)], fontsize=9
    )
    axes.set_ylim(-0.5, last + 0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.margins(x=0.01)


def _clock(axes: "Axes", drawn: Picture) -> None:
    """Count minutes from the beginning or, where there is one, show UTC."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator

    if drawn.start is None:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 3, 5, 6, 10]))
        axes.set_xlabel("minutes")
        return
    locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    shown = ConciseDateFormatter(locator, tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(shown)
    axes.set_xlabel("UTC")


def _place(drawn: Picture, step: int) -> Any:  # noqa: ANN401 - a number of minutes or a date
    """Give where a step stands on the axis."""
    if drawn.start is None:
        return step * drawn.step / 60
    return np.datetime64(drawn.start + step * drawn.step, "s")


def _spells(states: NDArray[np.int8]) -> Iterator[tuple[int, int, State]]:
    edges = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states)]
    for first, until in pairwise(edges):
        if first < until:
            yield first, until, STATES[states[first]]


def _entries(axes: Sequence["Axes"]) -> Iterator[tuple[str, Any]]:
    for each in axes:
        handles, labels = each.get_legend_handles_labels()
        yield from zip(labels, handles, strict=True)


def _counted(alarm: MetricAlarm) -> str:
    """Name what is held against the threshold, where nobody says its unit."""
    (query,) = (each for each in alarm.queries if each.id == alarm.returned)
    if isinstance(query, MetricQuery):
        return f"{query.stat} of {query.metric.name}"
    return alarm.returned
