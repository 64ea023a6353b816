"""`runbook alarms plot`: the same bytes each time, and what a reader finds in them."""

import builtins
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import (
    Actions,
    CompositeAlarm,
    Definitions,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    MuteRule,
    State,
)
from simulator.cloudwatch.replay import replay
from simulator.cloudwatch.series import Grid, Samples
from simulator.recorded.instants import instant
from simulator.recorded.plotting import Picture, draw, picture

ORDERS = MetricIdentity("Acme/Shop", "Orders")
ALARM = MetricAlarm(
    name="acme-orders",
    place="shop.template.json Orders",
    keys=("orders", "acme-orders"),
    queries=(MetricQuery("m", ORDERS, "Sum", 60),),
    returned="m",
    period=60,
    periods=2,
    breaching=2,
    comparison=Comparison.BELOW,
    threshold=5,
    missing=Missing.BAD,
    actions=Actions(on={State.ALARM: ("arn:a",), State.OK: ("arn:a",)}),
)
BOTH = CompositeAlarm("acme-both", "shop.template.json Both", ("both",), 'ALARM("acme-orders")')
MUTE = MuteRule(
    "quiet", "shop.template.json Quiet", "cron(0 9 * * *)", "PT10M", "UTC", ("acme-orders",)
)


def drawn(name: str = "acme-orders", start: int | None = None, **other: Any) -> Picture:  # noqa: ANN401
    rules = (MUTE,) if start else ()
    known = Definitions({ALARM.name: ALARM, BOTH.name: BOTH}, rules)
    values = np.array([8.0] * 10 + [2.0] * 10 + [8.0] * 10)
    feed = {(ORDERS, "Sum"): Samples(60, values)}
    return picture(replay(known, [name], feed, Grid(30, 60, start)), name, **other)


def texts(file: Path) -> list[str]:
    return re.findall(r"<text [^>]*>([^<]*)</text>", file.read_text("utf-8"))


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    # The layout's last bits differ in one drawing of six.
    for ending, times in ((".svg", 8), (".png", 2)):
        drawings = set()
        for _ in range(times):
            out = tmp_path / f"drawing{ending}"
            draw([drawn(), drawn("acme-both")], out)
            drawings.add(out.read_bytes())
        assert len(drawings) == 1
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_reader_finds_what_rang_and_why(tmp_path: Path) -> None:
    draw([drawn(title="orders: ten minutes of few", unit="orders")], tmp_path / "a.svg")
    found = texts(tmp_path / "a.svg")
    assert {
        "orders: ten minutes of few",
        "2 of 2 datapoints of 60 s; missing: breaching",
        "orders",
        "minutes",
        "datapoint",
        "breaching",
        "threshold: &lt; 5",
        "OK",
        "ALARM",
        "ALARM actions ran",
        "OK actions ran",
    } <= set(found)
    assert "<dc:date>" not in (tmp_path / "a.svg").read_text("utf-8")


def test_what_nobody_says_the_unit_of_is_named(tmp_path: Path) -> None:
    draw([drawn()], tmp_path / "a.svg")
    assert "Sum of Orders" in texts(tmp_path / "a.svg")


def test_hours_where_hours_matter(tmp_path: Path) -> None:
    draw([drawn(start=instant("2026-03-02T08:55:00Z"))], tmp_path / "a.svg")
    found = texts(tmp_path / "a.svg")
    assert {"UTC", "09:00", "2026-Mar-02", "ALARM actions muted"} <= set(found)


def test_a_composite_shows_its_parts(tmp_path: Path) -> None:
    draw([drawn("acme-both")], tmp_path / "a.svg")
    found = texts(tmp_path / "a.svg")
    assert {"both", "orders"} <= set(found)
    assert "datapoint" not in found


def test_steps_stand_where_tests_name_them() -> None:
    whole = drawn()
    assert whole.start is None
    assert [event.step for event in whole.events if event.state is State.ALARM] == [11]


def test_a_recording_stands_where_it_is_evaluated() -> None:
    start = instant("2026-03-02T08:00:00Z")
    part = drawn(start=start, since=start + 600)
    assert part.start == start + 660
    assert part.values is not None
    assert len(part.values) == 20
    assert [event.step for event in part.events if event.state is State.ALARM] == [1]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("a.pdf", "{out} is refused: --out: .pdf is no format here; write .svg"),
        ("a", "{out} is refused: --out: no ending is no format here; write .svg"),
        (
            "none/a.svg",
            "{out} is refused: --out: cannot be written: No such file or directory; "
            "name a file in a folder that is there",
        ),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, out: str, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        draw([drawn()], tmp_path / out)
    assert refused.value.brief == message.format(out=tmp_path / out)


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = builtins.__import__

    def absent(
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> object:
        if name.split(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name)
        return known(name, globals_, locals_, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(RefusedError) as refused:
        draw([drawn()], tmp_path / "a.svg")
    assert refused.value.brief == (
        "runbook alarms plot is refused: plot: matplotlib is not installed, which draws; "
        "in the checkout: make setup, or pip install '.[plot]'"
    )
