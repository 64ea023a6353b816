"""The functions of metric math that no replay can work out, and why."""

_FETCHED = "its value depends on how many datapoints CloudWatch fetched, which is not documented"
_SEVERAL = "it makes several series, and an alarm looks at one"
_ELSEWHERE = "its values come from another service, and no series of a test says what they are"
_IDS = "write the ids of the series, such as [m1, m2]"
_POINTWISE = "compare datapoints with a number, or put an array into it: MAX([m1, m2])"
_METRIC = "publish what it says as a metric, and alarm on that"

# Name to reason and remedy. Guide: the functions' table, and what it advises against in alarms.
REFUSED: dict[str, tuple[str, str]] = {
    "ANOMALY_DETECTION_BAND": ("its band is a model that CloudWatch trains", "use a threshold"),
    "DATAPOINT_COUNT": (_FETCHED, "count with FILL and a comparison: FILL(m1, -1) != -1"),
    "DB_PERF_INSIGHTS": (_ELSEWHERE, _METRIC),
    "FIRST": ("which series it takes depends on an order", "write that series' id"),
    "INSIGHT_RULE_METRIC": (_ELSEWHERE, _METRIC),
    "LAMBDA": (_ELSEWHERE, _METRIC),
    "LAST": ("which series it takes depends on an order", "write that series' id"),
    "METRICS": ("it is every metric of the request, whatever is added later", _IDS),
    "METRIC_COUNT": ("it counts series that have to be written out anyway", "write the number"),
    "REMOVE_EMPTY": (_FETCHED, "fill what is missing: FILL([m1, m2], 0)"),
    "RUNNING_SUM": (_FETCHED, "take a Sum over a longer period"),
    "SEARCH": (_SEVERAL, _IDS),
    "SELECT": ("a query of Metrics Insights finds its series at CloudWatch", _IDS),
    "SERVICE_QUOTA": (_ELSEWHERE, "write the quota as a number"),
    "SLICE": (_SEVERAL, _IDS),
    "SORT": (_FETCHED, "take the largest at each time: MAX([m1, m2])"),
    "STDDEV": ("the guide does not say whether it divides by n or by n - 1", "write it out"),
}
# Of one series these make one number, as the guide says.
OF_ONE_SERIES = (_FETCHED, _POINTWISE)
LINEAR = (
    "LINEAR fills a datapoint by the one after it: it changes when that comes",
    "use REPEAT, or a number",
)
