"""Snapshots: their names, and whose they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_constructs.release_gate.handler import snapshots, steps
from runbook_constructs.release_gate.handler.faults import DatabaseBusy, Failed
from tests.constructs.release_gate.faults import client_error
from tests.constructs.release_gate.world import World

VALID = re.compile(r"[a-z](?:-?[A-Za-z0-9])*")


@pytest.mark.clause("ROVN-MIG-2")
@given(
    file=st.text(min_size=1, max_size=300),
    service=st.from_regex(r"[a-z][a-z0-9]{0,50}", fullmatch=True),
)
def test_every_file_makes_a_name_that_rds_takes(file: str, service: str) -> None:
    name = snapshots.name_of(service, file, "20261121210500")
    assert VALID.fullmatch(name), name
    assert len(name) <= 255
    assert name.startswith(f"{service}-")
    assert name.endswith("-20261121210500")


def test_the_name_says_which_migration_it_was_before() -> None:
    name = snapshots.name_of("rovn-passport-api", "0002_add_x.sql", "20261121210500")
    assert name == "rovn-passport-api-0002-add-x-20261121210500"


def test_many_files_fit_into_a_tag(world: World) -> None:
    order = {"deployment": "d", "started": "20261121210500"}
    snapshots.take(order, [f"{n:04}_a_long_name_of_a_migration.sql" for n in range(50)])
    (snapshot,) = world.snapshots
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["TagList"]}
    assert len(tags["runbook:migrations"]) == 256
    assert tags["runbook:migrations"].endswith(" ...")


@pytest.mark.clause("ROVN-MIG-2")
def test_a_snapshot_of_another_deployment_is_not_taken_for_ones_own(world: World) -> None:
    order = {"deployment": "d", "started": "20261121210500"}
    name = snapshots.take(order, ["1.sql"])
    assert snapshots.take(order, ["1.sql"]) == name
    with pytest.raises(Failed, match="of deployment d"):
        snapshots.take(order | {"deployment": "e"}, ["1.sql"])


@pytest.mark.parametrize("status", ["failed", "deleting", "deleted"])
def test_a_snapshot_that_failed_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(snapshots, "_described", lambda _: {"Status": status})
    with pytest.raises(Failed, match="nothing was migrated"):
        snapshots.is_available("s")


def test_a_snapshot_that_is_not_there_yet_is_no_reason_to_migrate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_described", lambda _: {"Status": "creating"})
    state = {"snapshot": "s", "deployment": "d", "deployment_arn": "a"}
    with pytest.raises(Failed, match="is not available: nothing was migrated"):
        steps.handler({"step": "migrate", "state": state}, None)
    assert world.runs == []


def test_a_busy_database_is_asked_again_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        def create_db_snapshot(self, **_: object) -> None:
            raise client_error("InvalidDBInstanceState", "CreateDBSnapshot", 400)

    monkeypatch.setattr(snapshots, "client", lambda _: Busy())
    with pytest.raises(DatabaseBusy):
        snapshots.take({"deployment": "d", "started": "1"}, ["1.sql"])
