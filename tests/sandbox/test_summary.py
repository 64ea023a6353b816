"""The summary names every difference, stale entry and breach, and these fail the command."""

from __future__ import annotations

from rich.console import Console

from runbook.deployed.difference import Comparison, Difference
from runbook.deployed.known_differences import KnownDifference, Verdict
from sandbox.attempt import Attempt, Outcome
from sandbox.endpoint import Endpoint
from sandbox.session import failures_of
from sandbox.summary import show_comparison, show_exports, show_tampering
from sandbox.tamper import Result

KNOWN = KnownDifference("AWS::SQS::Queue", "DelaySeconds", "the emulator drops it")
EXPLAINED = Difference("s", "Queue", "AWS::SQS::Queue", "DelaySeconds", "declared 5, found [red]")
OTHER = Difference("s", "Queue", "AWS::SQS::Queue", "QueueName", "declared 'a', found 'b'")
GOOD = Verdict([(EXPLAINED, KNOWN)], [], [])
BAD = Verdict([], [OTHER], [])
STALE = Verdict([], [], [KNOWN])


def delete(_: object) -> None: ...


def result(bucket: str, outcome: Outcome, answer: str) -> Result:
    attempt = Attempt("delete", delete, note="because", statement="DenyIt")
    return Result(bucket, attempt, outcome, answer, "GOVERNANCE: permitted")


def shown(verdict: Verdict) -> str:
    console = Console(record=True, width=60)
    show_comparison(console, Comparison(), verdict)
    return console.export_text()


def shown_tampering(*results: Result) -> str:
    console = Console(record=True, width=200)
    show_tampering(console, results)
    return console.export_text()


def test_shows_every_difference() -> None:
    assert f"{EXPLAINED}\n      because the emulator drops it" in shown(GOOD)
    twice = shown(Verdict([(EXPLAINED, KNOWN)] * 2, [], []))
    assert "2 differences of the emulator's own" in twice
    assert "AWS::SQS::Queue.DelaySeconds: of 2 resources\n      because" in twice
    assert "0 other differences" in shown(GOOD)
    assert "1 other differences" in shown(BAD)
    assert str(OTHER) in shown(BAD)
    assert "explains AWS::SQS::Queue.DelaySeconds, but that does not differ" in shown(STALE)


def test_shows_buckets_apart_only_where_they_differ() -> None:
    denied = [result(name, Outcome.DENIED, "AccessDenied") for name in ("one", "two")]
    assert "every bucket" in shown_tampering(*denied)
    breach = result("two", Outcome.BREACH, "S3 permitted it")
    text = shown_tampering(denied[0], breach)
    assert "every bucket" not in text
    assert "BREACH, S3 permitted it" in text
    assert "no bucket of these stacks has a COMPLIANCE lock" in shown_tampering()


def test_what_fails_a_demo() -> None:
    denied = result("one", Outcome.DENIED, "AccessDenied")
    harmless = result("one", Outcome.HARMLESS, "adds a marker")
    breach = result("one", Outcome.BREACH, "S3 permitted it")
    assert failures_of(GOOD, GOOD, [denied, harmless]) == []
    assert failures_of(GOOD, GOOD, [denied, breach]) == ["one: delete: S3 permitted it"]
    assert len(failures_of(BAD, BAD, [denied])) == 1
    assert len(failures_of(STALE, STALE, [denied])) == 1
    assert failures_of(GOOD, GOOD, []) == [
        "no bucket is under a COMPLIANCE lock, so no attempt on one was denied"
    ]
    assert failures_of(GOOD, BAD, [denied]) == [f"after the tampering: {OTHER}"]
    assert failures_of(GOOD, STALE, [denied]) == [
        "after the tampering: AWS::SQS::Queue.DelaySeconds does not differ any more"
    ]
    for outcome in (Outcome.REFUSED, Outcome.LEFT_TO_POLICY):
        assert failures_of(GOOD, GOOD, [result("one", outcome, "so")]) == []
    unproved = result("one", Outcome.UNPROVED, "the control is refused, too")
    assert failures_of(GOOD, GOOD, [unproved]) == ["one: delete: the control is refused, too"]


def test_shows_what_counts_as_evidence_and_what_does_not() -> None:
    text = shown_tampering(
        *(result("one", outcome, "so") for outcome in Outcome),
    )
    assert "GOVERNANCE: permitted" in text
    for outcome, heading in (
        (Outcome.REFUSED, "no evidence of the lock"),
        (Outcome.LEFT_TO_POLICY, "Denied on AWS by the bucket policy"),
    ):
        text = shown_tampering(result("one", outcome, "so"))
        assert f"{outcome.value}, so" in text
        assert heading in text
        assert "- delete: DenyIt: because" in text


def test_a_sandbox_that_differs_is_left_running_and_that_is_said() -> None:
    for differs in (True, False):
        console = Console(record=True, width=200)
        show_exports(console, Endpoint("http://x", "1", "r"), "log", differs=differs)
        text = console.export_text()
        assert ("left running although it differs" in text) is differs
        assert "export AWS_ENDPOINT_URL=http://x" in text
