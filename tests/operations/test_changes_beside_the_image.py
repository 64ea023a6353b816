"""A release changes the image: anything else is shown, and has to be agreed to (ROVN-DEP-6)."""

import pytest

from runbook.operations.operation import Consent, Exit
from tests.operations.conftest import Operator
from tests.operations.revisions import NEW, OLD, context, definition, resource


@pytest.mark.clause("ROVN-DEP-6")
@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"Cpu": "2048"}, "Cpu: 1024 -> 2048"),
        ({"Memory": "8192"}, "Memory: 4096 -> 8192"),
        (
            {"container": {"Environment": [{"Name": "LOG", "Value": "debug"}]}},
            "Environment.LOG: info -> debug",
        ),
        ({"container": {"Environment": []}}, "Environment.LOG: info -> (none)"),
        (
            {"container": {"Secrets": [{"Name": "ADMIN_TOKEN", "ValueFrom": "arn:secret:other"}]}},
            "Secrets.ADMIN_TOKEN: arn:secret:admin -> arn:secret:other",
        ),
        ({"container": {"Image": f"elsewhere.example/image:{NEW}"}}, "Image: "),
        ({"container": {"DockerLabels": {}}}, "DockerLabels.runbook.migrations"),
    ],
    ids=["cpu", "memory", "variable", "variable gone", "secret", "registry", "label"],
)
def test_a_change_beside_the_image_is_shown_and_has_to_be_agreed_to(
    operator: Operator, changed: dict[str, object], where: str
) -> None:
    old = operator.aws.changes[0]["ResourceChange"]["BeforeContext"]
    operator.aws.changes[0] = resource(
        "AWS::ECS::TaskDefinition", "App", old, context(NEW, **changed)
    )
    assert operator.deploy() == Exit.REFUSED
    assert where in operator.said
    assert "--accept-changes" in operator.said
    assert not operator.aws.writes
    assert operator.deploy(consent=Consent(yes=True, accept_changes=True)) == Exit.DONE


@pytest.mark.clause("ROVN-DEP-6")
def test_drift_of_what_runs_is_shown(operator: Operator) -> None:
    """The stack sees no change, and the running revision has a variable it does not know."""
    operator.aws.definition = definition(OLD, EXTRA="by hand")
    assert operator.deploy() == Exit.REFUSED
    assert "Environment.EXTRA: by hand -> (none)" in operator.said


def test_a_change_set_without_values_is_not_taken_for_the_image(operator: Operator) -> None:
    for entry in operator.aws.changes:
        del entry["ResourceChange"]["AfterContext"]
    assert operator.deploy() == Exit.REFUSED
    assert "(not told)" in operator.said


@pytest.mark.parametrize("action", ["Add", "Remove", "Dynamic", "Import"])
def test_other_resources_are_no_part_of_a_release(operator: Operator, action: str) -> None:
    operator.aws.changes[1]["ResourceChange"]["Action"] = action
    assert operator.deploy() == Exit.REFUSED
    assert "Service: AWS::ECS::Service -> " + action in operator.said
