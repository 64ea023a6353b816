"""What was found stands in the template where the declared value stood, and nowhere else."""

from typing import Any

import pytest

from runbook.deployed.deployed_stack import DeployedStack
from runbook.deployed.description import Description
from runbook.deployed.difference import Difference, Kind
from runbook.verification.live import LivePlace
from runbook.verification.live_template import with_live_values
from tests.verification.aws import ENVIRONMENT, good

Json = Any
DECLARED: Json = {
    "Name": {"Fn::Join": ["-", ["app", {"Ref": "Stage"}]]},
    "Role": {"Ref": "Stage"},
    "Rules": [{"Days": 1, "Key": {"Ref": "Stage"}}, {"Days": 2}],
    "Parameters": {"rds.force_ssl": "1", "rds": {"force_ssl": "0"}},
}
LIVE: Json = {
    "Name": "app-production",
    "Role": "production",
    "Rules": [{"Days": 1, "Key": "production"}, {"Days": 2}],
    "Parameters": {"rds.force_ssl": "1", "rds": {"force_ssl": "0"}},
}


def put(live: Json, *paths: str, kind: Kind = Kind.DIFFERENT) -> Json:
    """Put what was found at the paths; returns the resource's properties."""
    stack = DeployedStack(
        name="app",
        stack_id="arn:aws:cloudformation:us-east-2:111122223333:stack/app/1",
        place=LivePlace(good().account(), ENVIRONMENT.region),
        template={"Parameters": {"Stage": {}}, "Resources": {"A": {"Properties": DECLARED}}},
        termination_protection=True,
        parameters={"Stage": "production"},
        outputs={},
        resources={},
        exports={},
        own_exports={},
        _descriptions={"A": Description(live)},
    )
    found = [Difference("app", "A", "T", path, "", kind=kind) for path in paths]
    resource = with_live_values(stack, found)["Resources"]["A"]
    assert stack.template["Resources"]["A"]["Properties"] is DECLARED, "the template is as it was"
    return resource["Properties"]


@pytest.mark.parametrize(
    ("live", "path", "expected"),
    [
        ({"Name": "other"}, "Name", {"Name": "other"}),
        ({"Name": "production"}, "Name", {"Name": {"Ref": "Stage"}}),
        (
            {"Rules": [{"Days": 9, "Key": "production"}, {"Days": 2}]},
            "Rules[0].Days",
            {"Rules": [{"Days": 9, "Key": {"Ref": "Stage"}}, {"Days": 2}]},
        ),
        (
            {"Rules": [{"Days": 3, "Key": "production"}]},
            "Rules",
            {"Rules": [{"Days": 3, "Key": {"Ref": "Stage"}}]},
        ),
        ({"New": ["app-production"]}, "New", {"New": [DECLARED["Name"]]}),
        (
            {"Parameters": {"rds.force_ssl": "0", "rds": {"force_ssl": "0"}}},
            "Parameters.rds.force_ssl",
            {"Parameters": {"rds.force_ssl": "0", "rds": {"force_ssl": "0"}}},
        ),
    ],
)
def test_one_place_is_as_found(live: Json, path: str, expected: Json) -> None:
    assert put(LIVE | live, path) == DECLARED | expected


def test_what_is_not_there_is_taken_out() -> None:
    live = {name: value for name, value in LIVE.items() if name != "Role"}
    assert put(live, "Role") == {k: v for k, v in DECLARED.items() if k != "Role"}


@pytest.mark.parametrize("kind", [Kind.GONE, Kind.UNREAD, Kind.WITHHELD])
def test_what_is_gone_or_nobody_read_stays_as_declared(kind: Kind) -> None:
    assert put(LIVE | {"Role": "other"}, "Role", kind=kind) == DECLARED
