"""What DescribeServices tells of a service while somebody looks and a deployment ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sandbox.emulator.rehearsal import service as services
from sandbox.emulator.rehearsal.records import Revision
from sandbox.emulator.rehearsal.service import RehearsedService
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from tests.sandbox.patience import SECONDS, eventually
from tests.sandbox.rehearsal.test_lifecycle import Ground

SERVICE = "arn:aws:ecs:us-east-2:111122223333:service/cluster/api"
BALANCER = {
    "targetGroupArn": "blue",
    "advancedConfiguration": {
        "alternateTargetGroupArn": "green",
        "productionListenerRule": "production",
    },
}
SETTINGS = RehearsalSettings(images="", python="", account="111122223333", region="us-east-2")


class Scaled(Ground):
    """Writes down what is done, and takes any number of tasks."""

    def scale(self, revision: Revision, count: int) -> None:
        self.done.append(("scale", revision.arn, count))


class Record(dict[str, Any]):
    """Lets what one thread has seen be written only when it is told to go on."""

    looked, goes_on = threading.Event(), threading.Event()

    def update(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - as a dict's
        if threading.current_thread().name == "looks":
            self.looked.set()
            assert self.goes_on.wait(SECONDS)
        super().update(*given, **named)


def test_a_slow_look_does_not_undo_what_the_end_of_a_deployment_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("deployment_began", "deployment_ended"):
        monkeypatch.setattr(services, name, lambda *_: None)
    begins = threading.Event()
    record = Record(
        serviceArn=SERVICE, clusterArn="cluster", loadBalancers=[BALANCER], desiredCount=1
    )
    ground = Scaled()
    monkeypatch.setattr(ground, "start", lambda *_: begins.wait(SECONDS))
    service = RehearsedService(record, ground, lambda *_: {}, SETTINGS)
    deployment = service.deploy("task:1")
    looker = threading.Thread(target=service.show, name="looks")
    looker.start()
    assert record.looked.wait(SECONDS)
    begins.set()
    eventually(lambda: deployment.is_finished, "the end of the deployment")
    # Time to show its end, which it may have to wait with.
    service._running[1].join(0.5)  # type: ignore[index]
    record.goes_on.set()
    looker.join(SECONDS)
    assert service.wait() is deployment
    assert [each["rolloutState"] for each in record["deployments"]] == ["COMPLETED"]
    assert not service.stop(deployment.arn)
