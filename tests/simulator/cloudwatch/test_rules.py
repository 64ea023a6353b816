"""Rules of composites: AWS's own examples, what its pages leave open, and Boolean algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runbook.alarms.alarm import CompositeAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import State
from simulator.cloudwatch.rules import PLACES, alarm_name, evaluate, names, parse_rule

ALL = tuple(State)
LETTERS = {"O": State.OK, "A": State.ALARM, "I": State.INSUFFICIENT}


def states(text: str) -> NDArray[np.int8]:
    """Write states as letters: O, A and I, one a step."""
    return np.array([PLACES[LETTERS[letter]] for letter in text], np.int8)


def judged(rule: str, **alarms: str) -> str:
    """Work a rule out on alarms written as letters; the composite's states as letters."""
    steps = len(next(iter(alarms.values()), "O"))
    found = evaluate(parse_rule(rule), lambda name: states(alarms[name]), steps)
    assert found.shape == (steps,)
    assert found.dtype == np.int8
    return "".join("OAI"[state] for state in found)


@pytest.mark.parametrize(
    ("rule", "alarms", "wanted"),
    [
        # The three examples of PutCompositeAlarm.
        ("ALARM(cpu) AND ALARM(disk)", {"cpu": "OAIA", "disk": "AAAO"}, "OAOO"),
        ("ALARM(cpu) AND NOT ALARM(deploy)", {"cpu": "AAAO", "deploy": "OAIO"}, "AOAO"),
        (
            "(ALARM(cpu) OR ALARM(disk)) AND OK(net)",
            {"cpu": "AOAO", "disk": "OAAO", "net": "OOIO"},
            "AAOO",
        ),
        # Those of "Composite alarms" with AT_LEAST.
        (
            "AT_LEAST(2, ALARM, (w1, w2, w3, w4))",
            {"w1": "AAO", "w2": "OAO", "w3": "IOA", "w4": "OOO"},
            "OAO",
        ),
        ("AT_LEAST(50%, OK, (d1, d2, d3))", {"d1": "OOO", "d2": "AOA", "d3": "AAO"}, "OAA"),
        (
            "AT_LEAST(2, ALARM, (z1, z2, z3)) AND NOT ALARM(fix)",
            {"z1": "AA", "z2": "AA", "z3": "OO", "fix": "OA"},
            "AO",
        ),
        ("AT_LEAST(60%, NOT OK, (a, b, c))", {"a": "AAI", "b": "OIA", "c": "OOA"}, "OAA"),
        ("INSUFFICIENT_DATA(a)", {"a": "OAI"}, "OOA"),
        ("NOT NOT ALARM(a)", {"a": "OAI"}, "OAO"),
        ("NOT ALARM(a) AND OK(b)", {"a": "OOA", "b": "OAO"}, "AOO"),
        ("TRUE", {}, "A"),
        ("false", {}, "O"),
        ("ALARM(a) OR TRUE", {"a": "OAI"}, "AAA"),
    ],
)
def test_examples(rule: str, alarms: dict[str, str], wanted: str) -> None:
    assert judged(rule, **alarms) == wanted


def test_percentages_are_exact() -> None:
    """7 % of 100 alarms are seven, though 0.07 * 100 is more than 7."""
    alarms = {f"a{number}": "A" if number < 7 else "O" for number in range(100)}
    for percent, wanted in ((7, "A"), (8, "O")):
        assert judged(f"AT_LEAST({percent}%, ALARM, ({', '.join(alarms)}))", **alarms) == wanted


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        ('ALARM("a b")', "a b"),
        ('ALARM( "with (brackets), commas" )', "with (brackets), commas"),
        (r'ALARM("said \"so\" and \\")', r'said "so" and \ '.strip()),
        ("ALARM(arn:aws:cloudwatch:us-east-2:111122223333:alarm:api-5xx)", "api-5xx"),
        ('ALARM("arn:aws-us-gov:cloudwatch:us-gov-west-1:1:alarm:a:b c")', "a:b c"),
        ('ALARM("<Partition>:cloudwatch")', "<Partition>:cloudwatch"),
        ("ALARM(AND)", "AND"),
        ('ALARM("TRUE")', "TRUE"),
    ],
)
def test_names_and_arns(reference: str, wanted: str) -> None:
    assert names(parse_rule(reference)) == {wanted}


def test_an_arn_with_marks_of_what_only_the_deploy_knows() -> None:
    arn = "arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:rovn-api"
    assert alarm_name(arn) == "rovn-api"


@pytest.mark.parametrize(
    ("rule", "place", "why"),
    [
        ("", 1, "the end where a condition"),
        ("ALARM", 6, "the end where ("),
        ("ALARM()", 7, "')' where an alarm's name"),
        ("ALARM(a", 8, "the end where )"),
        ("ALARM(a b)", 9, "'b' where )"),
        ("ALARM(a))", 9, "')' after the rule's end"),
        ("ALARM(a) ALARM(b)", 10, "'ALARM' after the rule's end"),
        ("ALARM(a) and ALARM(b)", 10, "'and' after the rule's end"),
        ("ALARM(a) AND", 13, "the end where a condition"),
        ("ALARM(a) AND ALARM(b) OR ALARM(c)", 23, "OR beside AND: AWS does not say"),
        ("RINGS(a)", 1, "'RINGS' where a condition"),
        ('"ALARM"(a)', 1, "'ALARM' where a condition"),
        ('  ALARM("a)', 9, "a quotation mark that is not closed"),
        ("AT_LEAST(0, ALARM, (a))", 10, "'0' where a number from 1 to 1"),
        ("AT_LEAST(3, ALARM, (a, b))", 10, "'3' where a number from 1 to 2"),
        ("AT_LEAST(101%, ALARM, (a, b))", 10, "'101%' where a number"),
        ("AT_LEAST(1.5, ALARM, (a, b))", 10, "'1.5' where a number"),
        ("AT_LEAST(1, RINGS, (a, b))", 13, "'RINGS' where ALARM"),
        ("AT_LEAST(1, ALARM, (a, a))", 10, "an alarm twice"),
        ("AT_LEAST(1, ALARM, ())", 21, "')' where an alarm's name"),
        ("AT_LEAST(1, ALARM, a, b)", 20, "'a' where ("),
        ("(" * 51 + "TRUE" + ")" * 51, 51, "more than 50 parentheses"),
        (" OR ".join(f"ALARM(a{number})" for number in range(101)), 1, "101 alarms, 100"),
        (" OR ".join(["TRUE"] * 501), 1, "501 elements, 500"),
        ("ALARM(a)" + " " * 10_240, 10_241, "10248 characters, 10240"),
    ],
)
def test_errors_name_the_place(rule: str, place: int, why: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_rule(rule, "rovn-composite")
    message = str(refused.value)
    assert message.startswith("rovn-composite is refused:")
    assert f"AlarmRule, character {place}" in message
    assert why in message


def test_parentheses_side_by_side_are_not_deep() -> None:
    assert judged(" OR ".join(["(FALSE)"] * 60)) == "O"


def test_many_nots_are_no_recursion() -> None:
    assert judged("NOT " * 2001 + "ALARM(a)", a="OA") == "AO"


@given(st.text(alphabet='ALARMOKNDT_(),"\\ %1a', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rule = parse_rule(text)
    except RefusedError:
        return
    found = evaluate(rule, lambda _name: states("OAI"), 3)
    assert set(found.tolist()) <= {PLACES[State.OK], PLACES[State.ALARM]}


@given(st.tuples(*[st.text("OAI", min_size=5, max_size=5)] * 3))
def test_algebra(three: tuple[str, str, str]) -> None:
    """De Morgan, and AT_LEAST as AND, OR and a majority."""
    alarms = dict(zip("abc", three, strict=True))
    for left, right in (
        ("NOT (ALARM(a) AND OK(b))", "NOT ALARM(a) OR NOT OK(b)"),
        ("AT_LEAST(3, ALARM, (a, b, c))", "ALARM(a) AND ALARM(b) AND ALARM(c)"),
        ("AT_LEAST(100%, ALARM, (a, b, c))", "AT_LEAST(3, ALARM, (a, b, c))"),
        ("AT_LEAST(1, NOT OK, (a, b, c))", "NOT OK(a) OR NOT OK(b) OR NOT OK(c)"),
        ("AT_LEAST(2, OK, (a, b, c))", "NOT AT_LEAST(2, NOT OK, (a, b, c))"),
        ("NOT OK(a)", "ALARM(a) OR INSUFFICIENT_DATA(a)"),
    ):
        assert judged(left, **alarms) == judged(right, **alarms)


@pytest.mark.parametrize("name", known_environments())
def test_every_composite_of_the_catalogue_rings_when_all_its_parts_do(name: str) -> None:
    environment = load_environment(name)
    composites = [each for each in alarms_of(environment) if isinstance(each, CompositeAlarm)]
    assert composites
    for composite in composites:
        rule = parse_rule(composite.rule(environment.slug))
        parts = [part.name(environment.slug) for part in composite.every]
        assert names(rule) == set(parts)
        for silent in [None, *parts]:
            alarms = {part: states("O" if part == silent else "A") for part in parts}
            found = evaluate(rule, alarms.__getitem__, 1)
            assert ALL[found[0]] == (State.ALARM if silent is None else State.OK)
