"""The file of known differences is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.deployed.difference import Difference
from runbook.deployed.known_differences import UNTOLD, KnownDifference, UnusableFileError, load
from sandbox.session import EMULATORS_OWN

GOOD = '[[difference]]\ntype = "AWS::S3::Bucket"\nproperty = "Tags"\nreason = "because"\n'


def test_the_projects_own_files_are_valid() -> None:
    assert load(UNTOLD)
    load(EMULATORS_OWN)


def test_reads_entries(tmp_path: Path) -> None:
    file = tmp_path / "differences.toml"
    file.write_text(GOOD, "utf-8")
    assert load(file) == [KnownDifference("AWS::S3::Bucket", "Tags", "because")]
    file.write_text(GOOD + 'found = "nothing"\n', "utf-8")
    assert load(file) == [KnownDifference("AWS::S3::Bucket", "Tags", "because", "nothing")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[difference", "cannot be read"),
        ("[other]\n", "and nothing else"),
        ('difference = "text"\n', "and nothing else"),
        (GOOD.replace('reason = "because"\n', ""), "number 1 must have property, reason, type"),
        (GOOD + 'extra = "x"\n', "may have found, and nothing else"),
        (GOOD.replace('"Tags"', '"*"'), r"must begin with a property's name, not with '\*'"),
        (GOOD.replace('"Tags"', '"*Status"'), r"must begin with a property's name"),
        (GOOD.replace('"Tags"', '"?*"'), r"must begin with a property's name"),
        (GOOD + "found = 7\n", "found must be a text"),
        (GOOD.replace("because", " "), "reason must be a text that says something"),
        (GOOD.replace('"Tags"', "7"), "property must be a text"),
    ],
)
def test_refuses_a_file_it_cannot_use(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "differences.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(UnusableFileError, match=message):
        load(file)


@pytest.mark.parametrize(
    ("entry", "path", "covered"),
    [
        ("Rules[0].Status", "Rules[0].Status", True),
        ("Rules[0].Status", "Rules[1].Status", False),
        ("Rules[*].Status", "Rules[1].Status", True),
        ("Rules", "Rules[1].Status", False),
        ("Rules*", "Rules[1].Status", True),
        ("Rules?", "Rules1", False),
        ("*", "", False),
    ],
)
def test_covers(entry: str, path: str, covered: bool) -> None:
    difference = Difference("stack", "Thing", "AWS::S3::Bucket", path, "message")
    assert KnownDifference("AWS::S3::Bucket", entry, "because").covers(difference) is covered
    assert not KnownDifference("AWS::SQS::Queue", entry, "because").covers(difference)


@pytest.mark.parametrize(
    ("entry", "name", "about"),
    [
        ("Rules[0].Status", "Rules", True),
        ("Rules", "Rules", True),
        ("Ru*", "Rules", True),
        ("Rules.Status", "Status", False),
    ],
)
def test_is_about(entry: str, name: str, about: bool) -> None:
    known = KnownDifference("AWS::S3::Bucket", entry, "because")
    assert known.is_about("AWS::S3::Bucket", name) is about
    assert not known.is_about("AWS::SQS::Queue", name)
