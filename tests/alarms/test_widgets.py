"""What CloudWatch would not take is refused before, with the widget's place or title."""

import pytest
from pydantic import ValidationError

from runbook.alarms import widgets
from runbook.alarms.alarm import MINUTE, Metric
from runbook.alarms.widgets import (
    COLUMNS,
    MOST_ALARMS,
    MOST_METRICS,
    MOST_METRICS_OF_ONE,
    MOST_WIDGETS,
    AlarmGraph,
    AlarmList,
    Dashboard,
    Formula,
    Graph,
    Line,
    LogQuery,
    Series,
    Text,
    Widget,
    in_rows,
    rows,
)

TEXT = Text(markdown="said")
REGION, ALARM = "us-east-2", "arn:aws:cloudwatch:us-east-2:111122223333:alarm:a"


def series(id_: str = "value", *, label: str | None = None, hidden: bool = False) -> Series:
    metric = Metric(id=id_, namespace="AWS/RDS", name="CPUUtilization", stat="Average")
    return Series(metric=metric, period=MINUTE, label=label, hidden=hidden)


def graph(*drawn: Series | Formula) -> Graph:
    return Graph(title="CPU", region=REGION, drawn=drawn)


def dashboard(*wanted: Widget, name: str = "rovn-production-overview") -> Dashboard:
    return Dashboard(name=name, widgets=wanted)


def at(x: int, y: int, width: int = 6, height: int = 6) -> Widget:
    return Widget(x=x, y=y, width=width, height=height, shows=TEXT)


@pytest.mark.parametrize("other", [at(5, 0), at(0, 5), at(3, 3), at(0, 0, 24, 1), at(1, 1, 1, 1)])
def test_widgets_that_overlap_are_refused(other: Widget) -> None:
    for pair in ((at(0, 0), other), (other, at(0, 0))):
        with pytest.raises(ValidationError, match=r"text at \(.*overlaps text at"):
            dashboard(*pair)


@pytest.mark.parametrize("other", [at(6, 0), at(0, 6), at(18, 0, 6, 1), at(0, 999, 24, 1000)])
def test_widgets_side_by_side_are_not(other: Widget) -> None:
    assert dashboard(at(0, 0), other).widgets[1] == other


@pytest.mark.parametrize(
    ("x", "width", "said"),
    [(20, 5, "ends beyond column 24"), (24, 1, "less than 24"), (-1, 6, "greater than or equal")],
)
def test_a_widget_stays_on_the_grid(x: int, width: int, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        at(x, 0, width)


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ((series(), series()), "CPU: two series have one id"),
        ((series(hidden=True),), "CPU: everything in it is hidden"),
        ((), "at least 1 item"),
        (
            tuple(series(f"m{n}") for n in range(MOST_METRICS_OF_ONE + 1)),
            "CPU: 501 metrics, 500 at most",
        ),
    ],
)
def test_a_graph_that_shows_nothing_right_is_refused(drawn: tuple[Series, ...], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        graph(*drawn)


@pytest.mark.parametrize("period", [0, 30, 90])
def test_a_period_is_whole_minutes(period: int) -> None:
    with pytest.raises(ValidationError):
        Series(metric=series().metric, period=period)


def test_an_alarm_list_has_its_quota() -> None:
    for count in (0, MOST_ALARMS + 1):
        with pytest.raises(ValidationError):
            AlarmList(title="Alarms", alarms=(ALARM,) * count)


def test_a_dashboard_has_its_quotas(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(at(0, y, 1, 1) for y in range(MOST_WIDGETS + 1))
    assert dashboard(*many[1:]).widgets == many[1:]
    with pytest.raises(ValidationError, match="at most 500 items"):
        dashboard(*many)
    full = graph(*(series(f"m{n}") for n in range(MOST_METRICS_OF_ONE)))
    shown = rows(*([(8, 6, full)] for _ in range(MOST_METRICS // MOST_METRICS_OF_ONE)))
    assert dashboard(*shown)
    one_more = Widget(x=8, y=0, width=8, height=6, shows=graph(series()))
    with pytest.raises(ValidationError, match="overview: 2501 metrics, 2500 at most"):
        dashboard(*shown, one_more)
    monkeypatch.setattr(widgets, "MOST_BYTES", 100)
    with pytest.raises(ValidationError, match=r"overview: [0-9]+ bytes, 100 at most"):
        dashboard(at(0, 0))


@pytest.mark.parametrize("name", ["", "rovn/production", "x" * 256])
def test_a_dashboard_has_a_name_that_cloudwatch_takes(name: str) -> None:
    with pytest.raises(ValidationError):
        dashboard(at(0, 0), name=name)


def test_rows_stand_below_each_other() -> None:
    placed = rows([(16, 10, TEXT), (8, 4, TEXT)], [(COLUMNS, 1, TEXT)])
    assert [(w.x, w.y) for w in placed] == [(0, 0), (16, 0), (0, 10)]
    assert [len(row) for row in in_rows([TEXT] * 7, width=8, height=6)] == [3, 3, 1]
    assert list(in_rows([], width=8, height=6)) == []


def test_a_body_is_written_as_cloudwatch_reads_it() -> None:
    shown = Graph(
        title="CPU",
        region=REGION,
        drawn=(
            series(hidden=True, label="cpu"),
            Formula(id="twice", expression="2 * value", period=MINUTE, label="twice"),
        ),
        lines=(Line(label="sev-2 rds-cpu > 85", value=85),),
        start="-P7D",
    )
    body = dashboard(Widget(x=0, y=0, width=8, height=6, shows=shown)).body()
    assert body == {
        "start": "-PT6H",
        "periodOverride": "inherit",
        "widgets": [
            {
                "type": "metric",
                "x": 0,
                "y": 0,
                "width": 8,
                "height": 6,
                "properties": {
                    "title": "CPU",
                    "region": REGION,
                    "view": "timeSeries",
                    "stacked": False,
                    "yAxis": {"left": {"showUnits": False, "min": 0}},
                    "metrics": [
                        [
                            "AWS/RDS",
                            "CPUUtilization",
                            {
                                "id": "value",
                                "stat": "Average",
                                "period": 60,
                                "label": "cpu",
                                "visible": False,
                            },
                        ],
                        [
                            {
                                "id": "twice",
                                "expression": "2 * value",
                                "period": 60,
                                "label": "twice",
                            }
                        ],
                    ],
                    "annotations": {"horizontal": [{"label": "sev-2 rds-cpu > 85", "value": 85.0}]},
                    "start": "-P7D",
                },
            }
        ],
    }


def test_the_other_widgets_are_written_so_too() -> None:
    assert AlarmList(title="Alarms", alarms=(ALARM,)).properties() == {
        "title": "Alarms",
        "alarms": [ALARM],
        "sortBy": "stateUpdatedTimestamp",
    }
    own = AlarmGraph(title="Alarm", region="us-east-1", alarm=ALARM).properties()
    assert own["annotations"] == {"alarms": [ALARM]}
    assert "metrics" not in own
    query = LogQuery(title="Slow", region=REGION, log_group="/a", query=("fields @message",))
    assert query.properties()["query"] == "SOURCE '/a' | fields @message"
    below = graph(series()).model_copy(update={"from_zero": False})
    assert "min" not in below.properties()["yAxis"]["left"]
