"""A release from preview to record (ROVN-DEP-3, ROVN-DEP-8)."""

from collections.abc import Callable

import pytest

from runbook.operations.operation import Consent, Exit, OperationFailedError
from runbook.operations.stacks import change_set_name
from tests.operations.aws import ACTOR
from tests.operations.conftest import NOW, Operator
from tests.operations.revisions import NEW, OLD


@pytest.mark.clause("ROVN-DEP-3")
@pytest.mark.clause("ROVN-DEP-8")
def test_a_release_is_previewed_confirmed_executed_verified_and_logged(operator: Operator) -> None:
    aws = operator.aws
    assert operator.deploy(answers="rovn/production\n") == Exit.DONE
    order = ["CreateChangeSet", "PutObject", "ExecuteChangeSet", "PutObject"]
    assert [call for call in aws.calls if call in order] == order
    assert aws.calls.index("GetCallerIdentity") < aws.calls.index("PutObject")
    assert f"{OLD} -> {NEW}" in operator.said
    assert "3 of 3 running" in operator.said
    first, last = aws.records.values()
    assert [record["outcome"] for record in (first, last)] == ["started", "succeeded"]
    assert last["actor"] == ACTOR
    assert (last["before"]["image_tag"], last["after"]["image_tag"]) == (OLD, NEW)


@pytest.mark.clause("ROVN-DEP-8")
def test_what_is_not_confirmed_does_not_begin(operator: Operator) -> None:
    for answer in ("\n", "y\n", "yes\n", "rovn/staging\n", ""):
        assert operator.deploy(answers=answer) == Exit.REFUSED
    assert not operator.aws.writes


def test_made_up_data_asks_for_less(at: Callable[[str], Operator]) -> None:
    assert at("rovn/staging").deploy(answers="y\n") == Exit.DONE
    assert at("rovn/staging").deploy(answers="\n") == Exit.REFUSED


@pytest.mark.clause("ROVN-DEP-8")
def test_a_script_says_yes_or_is_refused(operator: Operator) -> None:
    assert operator.deploy(consent=Consent()) == Exit.REFUSED
    assert "this is no terminal" in operator.said
    assert not operator.aws.writes


def test_records_are_where_the_contract_says(operator: Operator) -> None:
    operator.deploy()
    first, last = operator.aws.records
    assert first.startswith(f"releases/2026/06/01/{NOW:%Y%m%dT%H%M%SZ}-release-start-")
    assert last.endswith(".json")
    assert first.replace("-start-", "-end-") == last
    for record in operator.aws.records.values():
        assert set(record) == {
            "schema",
            "time",
            "source",
            "kind",
            "environment",
            "actor",
            "before",
            "after",
            "outcome",
            "detail",
        }


def test_a_preview_writes_nothing(operator: Operator) -> None:
    release, _ = operator.release()
    found = release.preview()
    assert not found.unexpected
    assert not operator.aws.writes


def test_a_preview_of_a_first_release_names_the_way(operator: Operator) -> None:
    operator.aws.stack["StackStatus"], operator.aws.running = "none", ""
    found = operator.release()[0].preview()
    assert not found.refusals, "an approver can wait for the service to be made"
    assert "make deploy ENV=rovn/production" in found.summary


def test_verify_waits_for_a_release_that_is_under_way(operator: Operator) -> None:
    operator.aws.begin()
    assert operator.release()[0].verify()["image tag"] == NEW


def test_verify_of_a_release_that_rolled_back_fails(operator: Operator) -> None:
    operator.aws.fails()
    operator.aws.begin()
    with pytest.raises(OperationFailedError, match="was not released"):
        operator.release()[0].verify()


def test_verify_without_a_service_fails(operator: Operator) -> None:
    operator.aws.running = ""
    with pytest.raises(OperationFailedError) as failed:
        operator.release()[0].verify()
    assert failed.value.why == ("there is no such service in the cluster",)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        (NEW, f"release-{NEW}"),
        ("v1.2_3", "release-v1-2-3-"),
        ("x" * 128, "release-xxx"),
    ],
)
def test_a_change_set_has_a_name_that_cloudformation_takes(tag: str, name: str) -> None:
    assert change_set_name(tag).startswith(name)
    assert len(change_set_name(tag)) <= 128
    assert change_set_name("v1.2_3") != change_set_name("v1_2.3")
