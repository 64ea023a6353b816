"""Tests of one environment, replayed against another.

Names of ours have the environment's in them: namespaces ``organisation/environment``, resources
and alarms ``organisation-environment``.
"""

from dataclasses import replace

from simulator.testing.test_file import AlarmTests, Case, Metric


def moved(file: AlarmTests, environment: str) -> AlarmTests:
    """Read what a file says of its own environment's name as that of ``environment``."""
    own = file.tests.environment
    if own is None or own == environment:
        return file
    names = {own: environment, own.replace("/", "-"): environment.replace("/", "-")}
    tests = tuple(_case(case, names) for case in file.tests.tests)
    return replace(file, tests=file.tests.model_copy(update={"tests": tests}))


def _case(case: Case, names: dict[str, str]) -> Case:
    series = tuple(
        each.model_copy(update={"metric": _metric(each.metric, names)}) for each in case.series
    )
    return case.model_copy(update={"alarm": _text(case.alarm, names), "series": series})


def _metric(metric: Metric, names: dict[str, str]) -> Metric:
    dimensions = metric.dimensions and {
        name: _text(value, names) for name, value in metric.dimensions.items()
    }
    namespace = _text(metric.namespace, names)
    return metric.model_copy(update={"namespace": namespace, "dimensions": dimensions})


def _text(text: str, names: dict[str, str]) -> str:
    for own, other in names.items():
        text = text.replace(own, other)
    return text
