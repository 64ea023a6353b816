"""`runbook alarms record`: what CloudWatch has of the metrics that deployed alarms look at."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook.alarms.words import span
from runbook.model.environment import IDENTITY_REGION
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account
from simulator.recorded.deployed_metrics import Looks, Series, kept_for, looks_of
from simulator.recorded.instants import shown

Json = Any
# API reference, GetMetricData: queries of one call.
MOST_QUERIES = 500
_KINDS = ("MetricAlarm", "CompositeAlarm")


@dataclass(frozen=True)
class Record:
    """One recording of an environment's alarms; instants in seconds since 1970.

    ``tell`` is told of each step, ``warn`` of what will be missing. ``now`` bounds what there is.
    """

    account: Account
    start: int
    end: int
    period: int
    now: int
    tell: Callable[[str], None]
    warn: Callable[[str], None]

    def write(self, out: Path) -> dict[str, Json]:
        """Ask CloudWatch and write the file, whole or not at all; gives what was recorded.

        Raises ``RefusedError`` where it could not be whole, and for a file that is there already.
        """
        _must_be_free(out)
        self._must_be_past()
        self._must_be_kept()
        alarms = self._alarms()
        looks = looks_of(alarms, self.period)
        start = self._with_what_they_look_back_on(looks)
        asked = self._kept(looks, start)
        results: dict[str, Json] = {}
        for region in alarms:
            some = {id_: each for id_, each in asked.items() if each.region == region}
            results |= self._asked(region, some, start)
        _write(out, self._file(looks, asked, results, start))
        points = sum(len(result["Values"]) for result in results.values())
        return {
            "file": str(out),
            "alarms": len({(region, alarm) for region, alarm, _ in looks.reads}),
            "series": len(asked),
            "datapoints": points,
            "start": shown(start),
            "end": shown(self.end),
        }

    def _must_be_past(self) -> None:
        if not self.start < self.end <= self.now:
            reason = f"{shown(self.start)} to {shown(self.end)} is no time that has passed"
            refusal = Refusal("--from, --to", reason, f"name a past one: now is {shown(self.now)}")
            raise RefusedError("the command line", [refusal])

    def _must_be_kept(self) -> None:
        kept = kept_for(self.period)
        if self.now - self.start > kept:
            reason = f"CloudWatch keeps datapoints of {span(self.period)} for {span(kept)}"
            longer = next((p for p in (300, 3600) if self.now - self.start <= kept_for(p)), 0)
            fix = f"begin at {shown(self.now - kept + 60)}" + (
                f", or record with --period {longer}" if longer else ""
            )
            raise RefusedError("the command line", [Refusal("--from", reason, fix)])

    def _alarms(self) -> dict[str, list[Json]]:
        """List the deployed metric alarms of the environment, by region."""
        environment = self.account.environment
        found: dict[str, list[Json]] = {}
        for region in dict.fromkeys((environment.region, IDENTITY_REGION)):
            pages = self.account.client("cloudwatch", region).get_paginator("describe_alarms")
            asked = {"AlarmNamePrefix": f"{environment.slug}-", "AlarmTypes": list(_KINDS)}
            read = list(pages.paginate(**asked))
            found[region] = [alarm for page in read for alarm in page.get("MetricAlarms", [])]
            composites = sum(len(page.get("CompositeAlarms", [])) for page in read)
            count = f"{len(found[region])} alarms on metrics and {composites} on alarms"
            self.tell(f"{region}: {count}")
        if not any(found.values()):
            reason = f"no alarm's name begins with {environment.slug}-"
            fix = "deploy the environment first, or name the one that is deployed"
            raise RefusedError(environment.name, [Refusal("alarms", reason, fix)])
        return found

    def _with_what_they_look_back_on(self, looks: Looks) -> int:
        """Begin as long before as alarms look back, so that they can be judged from the start."""
        start = (self.start - looks.back) // 3600 * 3600
        earliest = -(-(self.now - kept_for(self.period)) // 3600) * 3600
        if start < earliest <= self.start:
            self.warn(
                f"recorded from {shown(earliest)} on, as far back as datapoints of "
                f"{span(self.period)} are kept: alarms that look back further are judged later"
            )
            return earliest
        return min(max(start, earliest), self.start // 3600 * 3600)

    def _kept(self, looks: Looks, start: int) -> dict[str, Series]:
        """Give an Id to each series that CloudWatch still has, and say which it has not."""
        for reason in looks.left_out:
            self.warn(f"not recorded, {reason}")
        found: dict[str, Series] = {}
        for each in looks.series:
            if self.now - start > kept_for(each.period):
                named = f"{each.stat} of {each.metric.namespace} {each.metric.name}"
                kept = f"{span(each.period)} is kept for {span(kept_for(each.period))}"
                self.warn(f"not recorded, {named}: its alarms need a period that is gone; {kept}")
            else:
                found[f"m{len(found) + 1}"] = each
        if not found:
            reason = "CloudWatch has none of the metrics that the alarms read, for this time"
            fix = "record a later time, before their datapoints are gone"
            raise RefusedError(self.account.environment.name, [Refusal("--from", reason, fix)])
        return found

    def _asked(self, region: str, series: Mapping[str, Series], start: int) -> dict[str, Json]:
        """Ask for all of a region's series, page after page; refuses what is not complete."""
        client = self.account.client("cloudwatch", region)
        results = {id_: _Answer() for id_ in series}
        for some in _portions(series):
            more: dict[str, str] = {}
            while True:
                page = client.get_metric_data(
                    MetricDataQueries=[each.query(id_) for id_, each in some.items()],
                    StartTime=start,
                    EndTime=self.end,
                    ScanBy="TimestampAscending",
                    **more,
                )
                self._take(page, results)
                if not page.get("NextToken"):
                    break
                more = {"NextToken": page["NextToken"]}
            points = sum(len(results[id_].values) for id_ in some)
            self.tell(f"{region}: {len(some)} metrics, {points} datapoints")
        for id_, answer in results.items():
            self._must_be_complete(series[id_], answer)
        return {id_: answer.as_json(id_) for id_, answer in results.items()}

    def _take(self, page: Json, results: Mapping[str, "_Answer"]) -> None:
        said = [*page.get("Messages", [])]
        for result in page["MetricDataResults"]:
            said += result.get("Messages", [])
            answer = results[result["Id"]]
            answer.status = result.get("StatusCode", "")
            answer.starts += [int(start.timestamp()) for start in result["Timestamps"]]
            answer.values += result["Values"]
        if said:
            words = "; ".join(f"{each.get('Code')}: {each.get('Value')}" for each in said)
            raise self._short(f"CloudWatch has something to say: {words}")

    def _must_be_complete(self, series: Series, answer: "_Answer") -> None:
        if answer.status != "Complete":
            named = f"{series.stat} of {series.metric.namespace} {series.metric.name}"
            raise self._short(f"CloudWatch says {answer.status or 'nothing'} of {named}")

    def _short(self, reason: str) -> RefusedError:
        fix = "run the same command again, or for a shorter time; nothing was written"
        return RefusedError(self.account.environment.name, [Refusal("metrics", reason, fix)])

    def _file(
        self,
        looks: Looks,
        asked: Mapping[str, Series],
        results: Mapping[str, Json],
        start: int,
    ) -> dict[str, Json]:
        ids = {series: id_ for id_, series in asked.items()}
        alarms: dict[str, dict[str, dict[str, str]]] = {}
        for (region, alarm, query), series in looks.reads.items():
            if series in ids:
                alarms.setdefault(region, {}).setdefault(alarm, {})[query] = ids[series]
        return {
            "Environment": self.account.environment.name,
            "From": shown(self.start),
            "StartTime": shown(start),
            "EndTime": shown(self.end),
            "Alarms": alarms,
            "Regions": {id_: series.region for id_, series in asked.items()},
            "MetricDataQueries": [series.query(id_) for id_, series in asked.items()],
            "MetricDataResults": [results[id_] for id_ in asked],
            "Messages": [],
        }


@dataclass(slots=True)
class _Answer:
    """What all pages said of one query so far."""

    status: str = ""
    starts: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def as_json(self, id_: str) -> dict[str, Json]:
        """Write it as the AWS CLI does."""
        return {
            "Id": id_,
            "StatusCode": self.status,
            "Timestamps": [shown(start) for start in self.starts],
            "Values": self.values,
        }


def _portions(series: Mapping[str, Series]) -> Iterator[dict[str, Series]]:
    """Cut into as many as one call takes."""
    every = list(series.items())
    for first in range(0, len(every), MOST_QUERIES):
        yield dict(every[first : first + MOST_QUERIES])


def _must_be_free(out: Path) -> None:
    reason = "it is there already" if out.exists() else ""
    if not out.parent.is_dir():
        reason = f"there is no folder {out.parent}"
    if reason:
        refusal = Refusal("--out", reason, "name a new file, in a folder that is there")
        raise RefusedError(str(out), [refusal])


def _write(out: Path, content: Mapping[str, Json]) -> None:
    """Write beside it and give it its name at once, unless another file has taken that."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=out.parent, prefix=f".{out.name}."
        ) as file:
            json.dump(content, file, separators=(",", ":"))
            file.write("\n")
            file.flush()
            os.link(file.name, out)
    except FileExistsError:
        _must_be_free(out)
    except OSError as error:
        refusal = Refusal("--out", f"cannot be written: {error.strerror}", "name another file")
        raise RefusedError(str(out), [refusal]) from None
