"""What EventBridge would refuse is refused at synthesis."""

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs

from runbook_constructs.event_rule import LONGEST_PATTERN, MOST_TARGETS, EventRule


def rule(**given: object) -> EventRule:
    stack = Stack(App(), "Stack")
    dead_letters = sqs.Queue(stack, "DeadLetters")
    arn = "arn:aws:sqs:us-east-2:111122223333:x"
    said = {"name": "x", "description": "x", "target": arn, "dead_letters": dead_letters}
    return EventRule(stack, "Rule", **{**said, **given})  # type: ignore[arg-type]


def test_a_rule_sends_each_message_by_itself() -> None:
    assert rule(pattern={"source": ["x"]}, messages=[None] * MOST_TARGETS)


def test_more_messages_than_a_rule_has_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="x sends 6 messages, a rule 5"):
        rule(pattern={"source": ["x"]}, messages=[None] * (MOST_TARGETS + 1))


def test_a_pattern_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than EventBridge takes"):
        rule(pattern={"source": ["x" * LONGEST_PATTERN]})
