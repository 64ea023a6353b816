"""In which order a rehearsal deploys, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.drilled import drilled
from runbook.model.loader import load_environment
from sandbox.cloud_assembly import SynthesizedStack
from sandbox.failure import SandboxError
from sandbox.rehearsal.drills import DRILLS
from sandbox.rehearsal.first_release import founded, in_order
from sandbox.rehearsal.session import chosen
from sandbox.supplied import holders, pager_secret
from tests.assembly import ROOT

ENVIRONMENT = load_environment("rovn/production")
PAGER = pager_secret(ENVIRONMENT)


def stack(name: str, *stands_on: str, tagged: bool = False) -> SynthesizedStack:
    template = {"Parameters": {"ImageTag": {"Type": "String"}}} if tagged else {}
    return SynthesizedStack(
        name,
        "111122223333",
        "us-east-2",
        termination_protection=False,
        template=template,
        path=f"some-where/{name}",
        stands_on=tuple(f"some-where/{each}" for each in stands_on),
    )


def test_a_service_comes_after_all_but_what_stands_on_it() -> None:
    limits = SynthesizedStack(
        "b", "1", "r", termination_protection=False, template={}, path="some-where-bootstrap/B"
    )
    stacks = [
        limits,
        stack("later", "watch"),
        stack("network"),
        stack("watch", "api"),
        stack("api", "network", tagged=True),
        stack("audit"),
    ]
    before, services, after = in_order(stacks)
    assert [each.name for each in before] == ["network", "audit"]
    assert [each.name for each in services] == ["api"]
    assert [each.name for each in after] == ["later", "watch"]


def test_what_rotates_comes_after_its_ground_and_before_what_stands_on_it() -> None:
    rotation = replace(
        stack("rotation", "data"),
        template={"Resources": {"R": {"Type": "AWS::SecretsManager::RotationSchedule"}}},
    )
    stacks = [stack("data"), stack("later", "watch"), stack("watch", "rotation"), rotation]
    ground, rotating = founded([*stacks, stack("audit")], ENVIRONMENT)
    assert [each.name for each in ground] == ["data", "audit"]
    assert [each.name for each in rotating] == ["later", "watch", "rotation"]


def test_who_subscribes_the_pager_waits_for_its_address() -> None:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": PAGER}}
    secrets = replace(stack("secrets"), template={"Resources": {"Pager": secret}})
    endpoint = f"{{{{resolve:secretsmanager:{PAGER}:SecretString}}}}"
    subscription = {"Type": "AWS::SNS::Subscription", "Properties": {"Endpoint": endpoint}}
    alerts = replace(stack("alerts", "secrets"), template={"Resources": {"Pager": subscription}})
    stacks = [secrets, alerts, stack("events", "alerts"), stack("audit")]
    ground, late = founded(stacks, ENVIRONMENT)
    assert [each.name for each in ground] == ["secrets", "audit"]
    assert [each.name for each in late] == ["alerts", "events"]
    assert holders(stacks, ENVIRONMENT) == ["some-where/secrets"]
    assert holders([secrets, stack("audit")], ENVIRONMENT) == []


def test_an_environment_without_a_service_has_nothing_to_release() -> None:
    with pytest.raises(SandboxError, match="nothing to release"):
        in_order([stack("network")])


def test_every_drill_has_a_name_of_its_own_and_says_what_it_exercises() -> None:
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)
    assert all(drill.clauses for drill in DRILLS)


def test_no_drill_is_forgotten_and_the_ledger_knows_each() -> None:
    read = {(each.drill, each.clause) for each in drilled(ROOT)}
    assert read == {(drill.name, clause) for drill in DRILLS for clause in drill.clauses}


def test_drills_are_chosen_by_a_piece_of_their_name() -> None:
    names = [drill.name for drill in chosen(["bake window", "first release"])]
    found = ("alarm in", "rollback in", "rollback after")
    assert names == [f"{what} the bake window" for what in found]
    assert chosen(["first release"]) == []
    assert chosen([]) == DRILLS
    with pytest.raises(SandboxError, match="contains 'no such': there are first release; release"):
        chosen(["bake", "no such"])
