"""Ids as tokens, and odd texts."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.formats.oscal.terms import original, token
from evidence.model import Verdict
from policies.controls import all_controls
from tests.evidence.formats.oscal.reading import observed, read_markup, result, values, written
from tests.evidence.samples import evidence, row

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

odd = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    ["<b>&amp;</b>", "[x](#y)", "a\nb", "\x00", "*_`", "\\", " ", "ünïcode", "{{ insert: x }}"]
)


def test_every_control_of_the_frameworks_has_a_token_that_reads_back() -> None:
    tokens = {each: token(each) for each in all_controls()}
    assert tokens
    assert [each for each in tokens.values() if not _TOKEN.fullmatch(each)] == []
    assert {original(each): each for each in tokens.values()} == tokens


@given(st.text(min_size=1))
def test_any_text_has_a_token_that_reads_back(text: str) -> None:
    assert _TOKEN.fullmatch(token(text))
    assert original(token(text)) == text


@settings(max_examples=60)
@given(message=odd, name=odd, control=st.text(min_size=1))
def test_odd_texts_survive(message: str, name: str, control: str) -> None:
    sample = evidence()
    first = sample.controls[0]
    changed = replace(first, id=control, title=message, gaps=(message,))
    (waiver,) = sample.waivers
    given = replace(
        sample,
        rows=(row(Verdict.FAIL, name, message=message, resource=name, location=message),),
        controls=(changed,),
        gaps=(message,),
        waivers=(replace(waiver, reason=message, entry=name),),
    )
    document = written(given)
    (of,) = document["results"]
    selections = of["reviewed-controls"]["control-selections"]
    assert original(selections[0]["include-controls"][0]["control-id"]) == control
    (of_rule,) = (each for each in of["observations"] if values(each, "verdict"))
    (subject,) = of_rule["subjects"]
    assert read_markup(subject.get("remarks", "")) == message.strip()


def test_half_a_surrogate_pair_is_spelled_out() -> None:
    given = evidence(rows=(row(Verdict.FAIL, message="half \ud800", resource="Half\udfff"),))
    one = observed(result(given), "bucket-encrypted", Verdict.FAIL)
    assert read_markup(one["subjects"][0]["remarks"]) == "half \\ud800"


def test_markup_in_a_message_is_read_as_text() -> None:
    message = "<script>alert(1)</script> [here](#x) {{ insert: param, p }}"
    one = observed(
        result(evidence(rows=(row(Verdict.FAIL, message=message),))),
        "bucket-encrypted",
        Verdict.FAIL,
    )
    told = one["subjects"][0]["remarks"]
    assert "<script>" not in told.replace("\\<", "")
    assert read_markup(told) == message
