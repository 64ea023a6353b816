"""IAM's wildcards, alone and against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.iam.globs import covers, fits, overlap

WORDS = st.text("ab:", max_size=5)
PATTERNS = st.text("ab:*?", max_size=6)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a*", "*b", True),
        ("a*c", "a?b", False),
        ("arn:aws:s3:::name-*", "arn:aws:s3:::name-a/*", True),
        ("arn:aws:s3:::name-*", "arn:aws:s3:::other*", False),
        ("secret:a-??????", "secret:a-*", True),
        ("secret:a-??????", "secret:b-??????", False),
        ("*", "", True),
    ],
)
def test_two_patterns_share_a_text_or_not(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


@given(PATTERNS, PATTERNS, WORDS)
def test_a_text_that_both_take_is_never_missed(one: str, other: str, word: str) -> None:
    if fits(one, word) and fits(other, word):
        assert overlap(one, other)


@given(PATTERNS, PATTERNS, WORDS)
def test_what_covers_takes_everything(one: str, other: str, word: str) -> None:
    if covers(one, other) and fits(other, word):
        assert fits(one, word)


def test_one_character_does_not_cover_several() -> None:
    assert covers("a-??????", "a-??????")
    assert not covers("a-?", "a-*")
    assert covers("a-*", "a-?")
