"""IAM's wildcards, against the simplest way to say what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_constructs.secret_readers.handler.globs import fits, fits_arn

LETTERS = "ab:/*?"


def simply(pattern: str, text: str) -> bool:
    """Try every way to split the text."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(simply(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and simply(pattern[1:], text[1:])


@given(st.text(LETTERS, max_size=8), st.text(LETTERS, max_size=8))
def test_it_takes_what_the_reference_takes(pattern: str, text: str) -> None:
    assert fits(pattern, text) is simply(pattern, text)


def test_no_pattern_takes_long() -> None:
    """In a policy of 6,144 characters, against an ARN: tens of thousands of steps, not 2^3000."""
    assert not fits("*a" * 3000 + "b", "a" * 2000)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("arn:aws:iam::1:role/x", True),
        ("arn:aws:iam::1:role/*", True),
        ("arn:aws:iam::*:role/x", True),
        # A wildcard ends with its part.
        ("arn:aws:*:role/x", None),
        ("arn:*:*:*:*:*", True),
        ("arn:aws:s3*:*:*:*", False),
        ("*", None),
    ],
)
def test_arns_are_compared_part_by_part(pattern: str, expected: bool | None) -> None:
    assert fits_arn(pattern, "arn:aws:iam::1:role/x") is expected
