"""The same command run again, over what another run has left."""

import pytest

from runbook.operations.operation import Exit
from runbook.operations.stacks import change_set_name
from tests.operations.conftest import Operator
from tests.operations.revisions import NEW, OLD


def test_a_second_operator_watches_the_release_that_is_under_way(operator: Operator) -> None:
    operator.aws.begin()
    assert operator.deploy() == Exit.DONE
    assert "under way already" in operator.said
    assert "ExecuteChangeSet" not in operator.aws.calls


def test_a_change_set_of_a_preview_is_taken(operator: Operator) -> None:
    release, _ = operator.release()
    release.preview()
    assert operator.deploy() == Exit.DONE
    assert operator.aws.calls.count("CreateChangeSet") == 1


@pytest.mark.parametrize(
    "left",
    [
        {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE"},
        {"Status": "CREATE_COMPLETE", "ExecutionStatus": "OBSOLETE"},
        {"Status": "CREATE_COMPLETE", "ExecutionStatus": "EXECUTE_FAILED"},
    ],
)
def test_a_change_set_that_cannot_be_executed_is_replaced(
    operator: Operator, left: dict[str, str]
) -> None:
    name = change_set_name(NEW)
    operator.aws.change_sets[name] = {"ChangeSetId": "arn:old", "Changes": [], **left}
    assert operator.deploy() == Exit.DONE
    calls = operator.aws.calls
    assert calls.index("DeleteChangeSet") < calls.index("CreateChangeSet")


def test_a_change_set_that_is_being_made_is_waited_for(operator: Operator) -> None:
    name = change_set_name(NEW)
    operator.aws.change_sets[name] = {"Status": "CREATE_IN_PROGRESS", "Changes": []}
    assert operator.deploy() == Exit.REFUSED
    assert "CREATE_IN_PROGRESS for minutes" in operator.said


def test_after_a_failed_release_the_same_command_tries_again(operator: Operator) -> None:
    operator.aws.fails()
    assert operator.deploy() == Exit.FAILED
    aws = operator.aws
    aws.stack["Parameters"][0]["ParameterValue"] = OLD
    aws.change_sets[change_set_name(NEW)]["ExecutionStatus"] = "EXECUTE_FAILED"
    aws.story = [("UPDATE_COMPLETE", "")]
    assert operator.deploy() == Exit.DONE
