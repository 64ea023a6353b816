"""Deployments of a service in an emulator that rehearses: real processes, real functions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.emulator.rehearsal.lifecycle import STAGES
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal import rig as rigs
from tests.sandbox.rehearsal.rig import CLUSTER, NAME, TAGS, Rig

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made, emulator = rigs.start(tmp_path_factory.mktemp("rehearsal"))
    try:
        emulator.wait_until_ready()
        rigs.deploy_shared(made)
        made.answers()
        made.client("cloudwatch").put_metric_alarm(
            AlarmName="api-5xx",
            Namespace="Some",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        made.image(TAGS[0])
        assert made.release(TAGS[0], "create") == "CREATE_COMPLETE"
        yield made
    finally:
        emulator.stop()


@pytest.fixture(autouse=True)
def quiet(rig: Rig) -> None:
    rig.answers()
    rig.client("cloudwatch").set_alarm_state(
        AlarmName="api-5xx", StateValue="OK", StateReason="a test"
    )


def test_a_first_release_serves(rig: Rig) -> None:
    service = rig.described()
    assert rig.version() == TAGS[0]
    assert service["runningCount"] == service["desiredCount"] == 2
    [first] = rig.deployments()
    assert first["status"] == "SUCCESSFUL"
    assert first["sourceServiceRevisions"] == []
