"""Which recorded metric is which query's: marks, bindings, and what is refused."""

from collections.abc import Mapping

import pytest

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import MetricAlarm, MetricIdentity, MetricQuery
from simulator.recorded.matching import Matched, Wanted, binding, matched
from simulator.recorded.recordings import Key, Recording, recording_of, series

BLUE, GREEN = "<shop/Blue.Name>", "<shop/Green.Name>"


def metric(group: str, name: str = "Requests") -> MetricIdentity:
    return MetricIdentity("Acme/Web", name, (("Group", group),))


def alarm(
    *metrics: MetricIdentity, name: str = "errors", region: str | None = "us-east-2"
) -> MetricAlarm:
    return MetricAlarm(
        name=name,
        place="shop.template.json Errors",
        keys=(name,),
        queries=tuple(MetricQuery(f"m{n}", each, "Sum", 60) for n, each in enumerate(metrics)),
        returned="m0",
        period=60,
        periods=1,
        breaching=1,
        comparison=Comparison.ABOVE,
        threshold=1,
        missing=Missing.WELL,
        region=region,
    )


def recording(
    *metrics: MetricIdentity,
    region: str = "us-east-2",
    reads: Mapping[tuple[str, str, str], Key] | None = None,
) -> Recording:
    found = [
        series("r.json", f"m{n}", (region, each, "Sum", 60), {60: 1.0})
        for n, each in enumerate(metrics)
    ]
    return recording_of("r.json", found, reads=reads)


def pairs(found: Matched) -> dict[str, str]:
    return {
        wanted.metric.dimensions[0][1]: recorded.metric.dimensions[0][1]
        for wanted, recorded in found.found.items()
    }


def refusal(alarms: list[MetricAlarm], of: Recording, bound: Mapping[str, str]) -> str:
    with pytest.raises(RefusedError) as refused:
        matched(alarms, of, bound)
    return refused.value.brief


def test_a_mark_matches_the_one_metric_that_it_can_be() -> None:
    found = matched([alarm(metric(BLUE))], recording(metric("tg/1"), metric("tg/1", "Errors")))
    assert pairs(found) == {BLUE: "tg/1"}


def test_what_was_not_recorded_is_said_of_each_alarm() -> None:
    found = matched([alarm(metric("a"), metric("b"))], recording(metric("a")))
    assert found.missing == {"errors": (Wanted("us-east-2", metric("b"), "Sum"),)}


def test_two_that_it_can_be_are_refused_and_bound() -> None:
    both = recording(metric("tg/1"), metric("tg/2"))
    assert refusal([alarm(metric(BLUE), metric(GREEN))], both, {}) == (
        f"r.json is refused: Sum of Acme/Web Requests, Group={BLUE} in us-east-2: 2 recorded "
        "metrics may be it: Sum of Acme/Web Requests, Group=tg/1 in us-east-2; Sum of Acme/Web "
        "Requests, Group=tg/2 in us-east-2; say which with --bind "
        f"'{BLUE}=VALUE', or record with runbook alarms record"
    )
    found = matched([alarm(metric(BLUE), metric(GREEN))], both, {BLUE: "tg/2", GREEN: "tg/1"})
    assert pairs(found) == {BLUE: "tg/2", GREEN: "tg/1"}


def test_one_metric_is_never_two_queries() -> None:
    assert refusal([alarm(metric(BLUE), metric(GREEN))], recording(metric("tg/1")), {}) == (
        "r.json, m0 is refused: Sum of Acme/Web Requests, Group=tg/1: it would be both Sum of "
        f"Acme/Web Requests, Group={BLUE} in us-east-2 and Sum of Acme/Web Requests, "
        f"Group={GREEN} in us-east-2; record both of them: runbook alarms record does"
    )


def test_what_the_recorder_saw_settles_it() -> None:
    reads = {
        ("us-east-2", "errors", "m0"): ("us-east-2", metric("tg/2"), "Sum"),
        ("us-east-2", "errors", "m1"): ("us-east-2", metric("tg/1"), "Sum"),
    }
    both = recording(metric("tg/1"), metric("tg/2"), reads=reads)
    found = matched([alarm(metric(BLUE), metric(GREEN))], both)
    assert pairs(found) == {BLUE: "tg/2", GREEN: "tg/1"}


def test_a_mark_is_the_same_everywhere() -> None:
    """What the recorder says of one metric tells an alarm that is not deployed yet of another."""
    errors = metric("tg/1", "Errors"), metric("tg/2", "Errors")
    reads = {("us-east-2", "errors", "m0"): ("us-east-2", metric("tg/2"), "Sum")}
    both = recording(metric("tg/1"), metric("tg/2"), *errors, reads=reads)
    new = alarm(metric(BLUE, "Errors"), name="new")
    found = matched([alarm(metric(BLUE)), new], both)
    assert found.found[Wanted("us-east-2", metric(BLUE, "Errors"), "Sum")].metric == errors[1]


def test_a_recorder_that_saw_another_metric_settles_nothing() -> None:
    reads = {("us-east-2", "errors", "m0"): ("us-east-2", metric("tg/1", "Errors"), "Sum")}
    found = matched([alarm(metric(BLUE))], recording(metric("tg/1", "Errors"), reads=reads))
    assert list(found.missing) == ["errors"]


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("app/shop/*", "app/shop/1f", True),
        ("app/shop/*", "app/other/1f", False),
        ("app/shop/*", "app/shop/", False),
        ("<shop/Name>-queue", "a-queue", True),
        ("<shop/Name>-queue", "a-topic", False),
        ("a.b", "axb", False),
    ],
)
def test_patterns(pattern: str, value: str, *, fits: bool) -> None:
    found = matched([alarm(metric(pattern))], recording(metric(value)))
    assert bool(found.found) is fits


def test_metrics_of_one_name_in_two_regions_are_two() -> None:
    alarms = [alarm(metric("a")), alarm(metric("a"), name="edge", region="us-east-1")]
    assert refusal(alarms, recording(metric("a"), region=""), {}) == (
        "r.json, m0 is refused: Sum of Acme/Web Requests, Group=a: alarms of us-east-2 and of "
        "us-east-1 read it, and it says neither; say with --region where it was recorded, or "
        "record with runbook alarms record"
    )
    assert list(matched(alarms, recording(metric("a"))).missing) == ["edge"]


def test_a_mark_is_one_value() -> None:
    """What is recorded of another group is not taken for this one's."""
    of = recording(metric("tg/1"), metric("tg/2", "Errors"))
    found = matched([alarm(metric(BLUE), metric(BLUE, "Errors"))], of)
    assert list(found.missing) == ["errors"]


def test_a_recorder_that_saw_two_values_of_a_mark_is_refused() -> None:
    reads = {
        ("us-east-2", "errors", "m0"): ("us-east-2", metric("tg/1"), "Sum"),
        ("us-east-2", "old", "m0"): ("us-east-2", metric("tg/2", "Errors"), "Sum"),
    }
    of = recording(metric("tg/1"), metric("tg/2", "Errors"), reads=reads)
    alarms = [alarm(metric(BLUE)), alarm(metric(BLUE, "Errors"), name="old")]
    assert list(matched(alarms, of).missing) == ["old"]


def test_an_option_that_binds_nothing() -> None:
    assert binding(f"{BLUE}=a=b") == (BLUE, "a=b")
    with pytest.raises(RefusedError, match="'Group=a' binds nothing"):
        binding("Group=a")
