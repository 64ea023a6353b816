"""The AWS CLI that drills type: the real one, which sees nothing of whoever runs it."""

from __future__ import annotations

import pytest

from sandbox.endpoint import Endpoint
from sandbox.rehearsal.aws_cli import Typed, typed
from sandbox.rehearsal.report import DrillError

NOWHERE = Endpoint("http://127.0.0.1:9", "111122223333", "eu-west-3")


def test_it_is_the_real_one() -> None:
    told = typed("aws --version", NOWHERE)
    assert told.code == 0
    assert told.told.startswith("aws-cli/1.")


def test_it_finds_nothing_but_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_REGION", "us-gov-east-1")
    told = typed("aws configure list", NOWHERE)
    assert told.code == 0
    assert "eu-west-3" in told.told
    assert "somebody" not in told.told


def test_what_is_not_aws_is_not_run() -> None:
    with pytest.raises(DrillError, match="no command of the AWS CLI: rm -r x"):
        typed("rm -r x", NOWHERE)


def test_an_answer_that_is_no_json_is_told() -> None:
    assert Typed(0, '["a"]', "").answer == ["a"]
    with pytest.raises(DrillError, match="no JSON but '': it went wrong"):
        _ = Typed(254, "", "it went wrong").answer
