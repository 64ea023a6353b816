"""Recorded metrics as CloudWatch answers: pages of GetMetricData, and what was asked."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.cloudwatch.definitions import MetricIdentity
from simulator.recorded.instants import instant, shown
from simulator.recorded.recordings import (
    PERIODS,
    Key,
    Recorded,
    Recording,
    is_period,
    recording_of,
    series,
)

Json = Any
_AGAIN = "ask CloudWatch again until every page is there: `runbook alarms record` does"


@dataclass(slots=True)
class _Result:
    """What all pages say of one query; the last status is how it ended."""

    place: str
    status: str = ""
    datapoints: dict[int, float] = field(default_factory=dict)


def read_json(source: str, text: str, queries: Path | None, region: str = "") -> Recording:
    """Read pages one after the other, or a list of them, with or without what was asked.

    Raises ``RefusedError`` for what is cut short, incomplete, or twice there.
    """
    pages = list(_pages(source, text))
    told = [page for page in pages if "MetricDataQueries" in page]
    if told and queries:
        reason = "the file says itself what was asked"
        raise RefusedError(source, [Refusal("--queries", reason, "leave it out")])
    if not told and not queries:
        reason = "it does not say what its Ids mean"
        fix = "give the file of --metric-data-queries with --queries, or use runbook alarms record"
        raise RefusedError(source, [Refusal(WHOLE_FILE, reason, fix)])
    asked = (
        _asked(str(queries), _queries(queries))
        if queries
        else _asked(source, _joined(source, told))
    )
    results = _results(source, pages)
    _all_answered(source, asked, results)
    regions = _mapping(source, pages, "Regions")
    keys: dict[str, Key] = {}
    found: list[Recorded] = []
    for id_, query in asked.items():
        if id_ in results and "MetricStat" in query:
            where = str(regions.get(id_, region))
            found.append(_recorded(source, where, query, results[id_]))
            keys[id_] = found[-1].key
    return recording_of(
        source,
        found,
        over=_over(source, pages),
        environment=_environment(source, pages),
        since=_since(source, pages),
        reads=_reads(source, pages, keys),
    )


def _pages(source: str, text: str) -> Iterator[dict[str, Json]]:
    """Yield each page of a text of one object, of several, or of a list."""
    decoder, at = json.JSONDecoder(parse_constant=_no_number), 0
    while rest := text[at:].lstrip() if at else text.lstrip():
        at = len(text) - len(rest)
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            _refuse(source, WHOLE_FILE, f"it is no JSON: {error}", "write it again")
        except RecursionError:
            _refuse(source, WHOLE_FILE, "it is nested too deeply", "write it again")
        for page in value if isinstance(value, list) else [value]:
            if not isinstance(page, dict) or not isinstance(page.get("MetricDataResults"), list):
                fix = "name what `aws cloudwatch get-metric-data` printed, all of it (no --query)"
                _refuse(source, "MetricDataResults", "there is no such list", fix)
            yield page


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _queries(path: Path | None) -> list[Json]:
    """Read the file of ``--metric-data-queries``, or of ``--cli-input-json``."""
    try:
        read = json.loads(Path(str(path)).read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"it is no JSON: {error}"
        _refuse(str(path), WHOLE_FILE, f"cannot be read: {why}", "name the file of the queries")
    except RecursionError:
        _refuse(str(path), WHOLE_FILE, "it is nested too deeply", "name the file of the queries")
    found = read.get("MetricDataQueries") if isinstance(read, dict) else read
    if not isinstance(found, list):
        fix = "name the very file that was given to --metric-data-queries"
        _refuse(str(path), WHOLE_FILE, "it is no list of queries", fix)
    return found


def _joined(source: str, pages: list[dict[str, Json]]) -> list[Json]:
    """List the queries of all pages; each page of a recording may repeat them."""
    lists = [page["MetricDataQueries"] for page in pages]
    if not all(isinstance(each, list) for each in lists):
        fix = "write queries as GetMetricData takes them"
        _refuse(source, "MetricDataQueries", "it is no list", fix)
    every = list(chain.from_iterable(lists))
    return [query for number, query in enumerate(every) if query not in every[:number]]


def _asked(source: str, queries: list[Json]) -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {}
    for number, query in enumerate(queries):
        place = f"MetricDataQueries[{number}]"
        if not isinstance(query, dict) or not isinstance(query.get("Id"), str):
            _refuse(source, place, "it has no Id", "write queries as GetMetricData takes them")
        if query["Id"] in found:
            reason = f"the Id {query['Id']} stands twice"
            _refuse(source, place, reason, "give each query an Id of its own")
        found[query["Id"]] = query
    return found


def _results(source: str, pages: list[dict[str, Json]]) -> dict[str, _Result]:
    """Join the pages; refuses what is said beside the datapoints, and what is not complete."""
    found: dict[str, _Result] = {}
    for page in pages:
        _silent(source, "Messages", page)
        for number, told in enumerate(page["MetricDataResults"]):
            place = f"MetricDataResults[{number}]"
            if not isinstance(told, dict) or not isinstance(told.get("Id"), str):
                _refuse(source, place, "it has no Id", _AGAIN)
            place = f"{place} ({told['Id']})"
            _silent(source, place, told)
            result = found.setdefault(told["Id"], _Result(place))
            result.status = told.get("StatusCode", "")
            _take(source, place, told, result.datapoints)
    if pages and pages[-1].get("NextToken"):
        _refuse(source, "NextToken", "its last page says that more follow", _AGAIN)
    for result in found.values():
        if result.status != "Complete":
            said = result.status or "nothing"
            reason = f"CloudWatch says {said} of it, not Complete: datapoints may be missing"
            _refuse(source, result.place, reason, _AGAIN)
    return found


def _silent(source: str, place: str, told: Mapping[str, Json]) -> None:
    messages = told.get("Messages") or []
    for message in messages if isinstance(messages, list) else [messages]:
        said = (
            f"{message.get('Code')}: {message.get('Value')}"
            if isinstance(message, dict)
            else message
        )
        _refuse(source, place, f"CloudWatch has something to say of it: {said}", _AGAIN)


def _take(source: str, place: str, told: Mapping[str, Json], known: dict[int, float]) -> None:
    starts, values = told.get("Timestamps"), told.get("Values")
    if not isinstance(starts, list) or not isinstance(values, list) or len(starts) != len(values):
        _refuse(source, place, "Timestamps and Values are not lists of one length", _AGAIN)
    for number, (written, value) in enumerate(zip(starts, values, strict=True)):
        at = f"{place}.Timestamps[{number}]"
        try:
            start = instant(written)
        except ValueError as error:
            _refuse(source, at, str(error), "print timestamps as ISO 8601 with their zone")
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            _refuse(source, f"{place}.Values[{number}]", f"{value!r} is no number", _AGAIN)
        if start in known:
            reason = f"it has a datapoint of {shown(start)} already"
            _refuse(source, at, reason, "keep each page once")
        known[start] = float(value)


def _all_answered(
    source: str, asked: Mapping[str, Mapping[str, Json]], results: Mapping[str, _Result]
) -> None:
    for id_, result in results.items():
        if id_ not in asked:
            fix = "give the file of queries that this is the answer to"
            _refuse(source, result.place, f"nothing of the Id {id_} was asked", fix)
    for id_, query in asked.items():
        if id_ not in results and query.get("ReturnData", True):
            _refuse(source, WHOLE_FILE, f"there is no answer to the query {id_}", _AGAIN)


def _recorded(source: str, region: str, query: Mapping[str, Json], result: _Result) -> Recorded:
    """Give the series of one query its meaning."""
    stat = query["MetricStat"]
    try:
        metric = stat["Metric"]
        pairs = sorted(
            (_text(d["Name"]), _text(d["Value"])) for d in metric.get("Dimensions") or []
        )
        name = _text(metric["Namespace"]), _text(metric["MetricName"])
        identity = MetricIdentity(*name, tuple(pairs))
        period, statistic = int(stat["Period"]), _text(stat["Stat"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        fix = "write queries as GetMetricData takes them"
        _refuse(source, f"the query {query['Id']}", "its MetricStat is not whole", fix)
    if stat.get("Unit"):
        reason = f"it asks for datapoints of the unit {stat['Unit']} alone"
        _refuse(source, f"the query {query['Id']}", reason, "ask for the metric without Unit")
    if not is_period(period):
        reason = f"its Period is {PERIODS}, not {period}"
        _refuse(source, f"the query {query['Id']}", reason, "ask CloudWatch with such a one")
    return series(source, result.place, (region, identity, statistic, period), result.datapoints)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _mapping(source: str, pages: list[dict[str, Json]], name: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for page in pages:
        part = page.get(name, {})
        if not isinstance(part, dict):
            _refuse(source, name, "it is no object", "record again: runbook alarms record")
        found |= part
    return found


def _environment(source: str, pages: list[dict[str, Json]]) -> str | None:
    for page in pages:
        if "Environment" in page:
            if not isinstance(page["Environment"], str):
                fix = "record again: runbook alarms record"
                _refuse(source, "Environment", "it is no name", fix)
            return str(page["Environment"])
    return None


def _over(source: str, pages: list[dict[str, Json]]) -> tuple[int, int] | None:
    said = [page for page in pages if "StartTime" in page and "EndTime" in page]
    if not said:
        return None
    try:
        return min(instant(p["StartTime"]) for p in said), max(instant(p["EndTime"]) for p in said)
    except ValueError as error:
        _refuse(source, "StartTime", str(error), "record again: runbook alarms record")


def _since(source: str, pages: list[dict[str, Json]]) -> int | None:
    try:
        return min((instant(page["From"]) for page in pages if "From" in page), default=None)
    except ValueError as error:
        _refuse(source, "From", str(error), "record again: runbook alarms record")


def _reads(
    source: str, pages: list[dict[str, Json]], keys: Mapping[str, Key]
) -> dict[tuple[str, str, str], Key]:
    """Say which series each query of a deployed alarm is, where the recorder wrote it."""
    found: dict[tuple[str, str, str], Key] = {}
    try:
        for region, alarms in _mapping(source, pages, "Alarms").items():
            for alarm, ids in alarms.items():
                for query, id_ in ids.items():
                    if id_ in keys:
                        found[region, alarm, query] = keys[id_]
    except (AttributeError, TypeError):
        fix = "record again: runbook alarms record"
        _refuse(source, "Alarms", "it does not say which query is which", fix)
    return found


def _refuse(source: str, place: str, reason: str, fix: str) -> NoReturn:
    raise RefusedError(source, [Refusal(place, reason, fix)])
