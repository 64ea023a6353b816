"""Tags as this pipeline writes them and as the documents show them."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.image_tag import ImageTag, UnreadableTagError, make_tag, parse_tag
from tests.conftest import ROOT

BUILT = datetime(2026, 5, 27, 5, 26, 9, tzinfo=UTC)
# What ECR takes for a tag.
ECR_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)


@pytest.mark.clause("ROVN-DEP-2")
@pytest.mark.parametrize(
    ("suffix", "tag"),
    [
        ("", "prod-20260527052609"),
        ("ai-competitive-fix", "prod-20260527052609-ai-competitive-fix"),
        ("feature/AI fix!", "prod-20260527052609-feature-AI-fix"),
        ("--..__", "prod-20260527052609"),
        ("$(rm -rf /)", "prod-20260527052609-rm--rf"),
        ("Größe", "prod-20260527052609-Gr-e"),
    ],
)
def test_format(suffix: str, tag: str) -> None:
    assert str(make_tag(BUILT, suffix)) == tag


def test_time_is_utc() -> None:
    in_ohio = BUILT.astimezone(timezone(timedelta(hours=-4)))

    assert str(make_tag(in_ohio)) == "prod-20260527052609"
    with pytest.raises(ValueError, match="time zone"):
        make_tag(BUILT.replace(tzinfo=None))


@given(suffix=st.text(max_size=300), built=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)))
def test_every_tag_is_one_for_ecr_and_can_be_read_again(suffix: str, built: datetime) -> None:
    tag = make_tag(built.replace(tzinfo=UTC), suffix)

    assert ECR_TAG.fullmatch(str(tag))
    assert re.match(r"prod-\d{14}(-|$)", str(tag))
    assert parse_tag(str(tag)) == tag


@pytest.mark.clause("ROVN-DEP-2")
def test_tag_of_the_documents_has_no_seconds() -> None:
    tag = parse_tag("prod-202605270526-ai-competitive-fix")

    assert tag == ImageTag(datetime(2026, 5, 27, 5, 26, tzinfo=UTC), "ai-competitive-fix")


@pytest.mark.parametrize(
    "text",
    [
        "latest",
        "prod-latest",
        "prod-2026052705260",
        "prod-20261327052609",
        "prod-202605270526099",
        "prod-20260527052609-",
        "prod-20260527052609-a b",
        "prod-20260527052609-a\n",
        "PROD-20260527052609",
        "prod-20260527052609-" + "x" * 128,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTagError):
        parse_tag(text)


def test_command_prints_the_tag_of_now() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "delivery.image_tag"],
        cwd=ROOT,
        env=os.environ | {"IMAGE_SUFFIX": "a/b", "TZ": "America/New_York"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()

    tag = parse_tag(printed)
    assert tag.suffix == "a-b"
    assert abs(datetime.now(UTC) - tag.built) < timedelta(minutes=1)
