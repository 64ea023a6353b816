"""From an alarm to the pager and to Slack: who is told, who is not, and when it is told later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox import emulator_process
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.service import until
from sandbox.rehearsal.subscribers import Subscribers
from sandbox.supplied import HOST
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port
from tests.sandbox.rehearsal.image import PYTHON
from tests.sandbox.templates.watch import ADDRESS, SUPPLIED, WATCH
from tests.sandbox.test_emulated_stacks import Stack

pytestmark = pytest.mark.sandbox

PAGER = f"https://{HOST}/integration/0123456789abcdef/enqueue"
CHANNEL = "C0123456789"
# Of the template's rule: from 17:00 on five days for sixteen hours, in New York.
BUSINESS = datetime.fromisoformat("2027-01-13T12:00:00-05:00")
MUTED = datetime.fromisoformat("2027-01-13T20:00:00-05:00")
OPENING = datetime.fromisoformat("2027-01-14T09:00:00-05:00")


@dataclass
class Rung:
    """An emulator in which alarms are deployed, and who hears them."""

    endpoint: Endpoint
    subscribers: Subscribers

    def set(self, alarm: str, state: str) -> int:
        """Set a state; return how many messages there were before."""
        since = len(self.subscribers.told)
        self.endpoint.client("cloudwatch").set_alarm_state(
            AlarmName=alarm, StateValue=state, StateReason="a test"
        )
        return since

    def heard(self, alarm: str, since: int, times: int = 2) -> list[tuple[str, str]]:
        """Wait for so many messages of an alarm; return who heard which state."""
        until(lambda: len(self.subscribers.of(alarm, since)) >= times, f"{alarm} told", 30)
        return sorted((each.channel, each.state) for each in self.subscribers.of(alarm, since))

    def settle(self) -> None:
        """Let every alarm be well, and wait for all that this tells: no message is on its way."""
        since = len(self.subscribers.told)
        rings = [name for name in ("some-errors", "some-burn") if self.state(name) != "OK"]
        for name in ("some-errors", "some-fast", "some-slow"):
            self.set(name, "OK")
        for name in rings:
            self.heard(name, since)

    def state(self, alarm: str) -> str:
        """Return the state of an alarm, composite or not."""
        found = self.endpoint.client("cloudwatch").describe_alarms(
            AlarmNames=[alarm], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return str((found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"])


@pytest.fixture(scope="module")
def rung(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rung]:
    folder = tmp_path_factory.mktemp("subscribers")
    settings = RehearsalSettings(
        images=str(folder),
        python=str(PYTHON),
        account="111122223333",
        region="us-east-2",
        certificates=str(folder / "certificates"),
        subscribers=free_port(),
        clock=str(folder / "clock"),
    )
    settings.write(folder / "settings.json")
    emulator = emulator_process.start(
        Workplace(ROOT, folder),
        free_port(),
        keep_running=False,
        rehearsal=folder / "settings.json",
    )
    subscribers = Subscribers(settings.subscribers, Path(settings.clock))
    try:
        emulator.wait_until_ready()
        endpoint = Endpoint(emulator.url, settings.account, settings.region)
        Stack(endpoint, "supplied").deploy(SUPPLIED)
        endpoint.client("secretsmanager").put_secret_value(SecretId=ADDRESS, SecretString=PAGER)
        with subscribers.listening():
            Stack(endpoint, "watch").deploy(WATCH)
            yield Rung(endpoint, subscribers)
    finally:
        emulator.stop()


@pytest.fixture(autouse=True)
def business_hours(rung: Rung) -> Iterator[None]:
    with rung.subscribers.at(BUSINESS):
        rung.settle()
        yield


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.clause("ALL-7")
def test_an_alarm_reaches_the_pager_under_its_address_and_the_channel(rung: Rung) -> None:
    since = rung.set("some-errors", "ALARM")
    assert rung.heard("some-errors", since) == [(CHANNEL, "ALARM"), ("pager", "ALARM")]
    [page] = [each for each in rung.subscribers.told[since:] if each.channel == "pager"]
    assert page.path == urlsplit(PAGER).path
    assert page.topic == "arn:aws:sns:us-east-2:111122223333:some-sev-1"
    assert rung.heard("some-errors", rung.set("some-errors", "OK")) == [
        (CHANNEL, "OK"),
        ("pager", "OK"),
    ]


@pytest.mark.clause("ROVN-SEV-1")
def test_a_composite_rings_with_its_last_part_and_its_parts_tell_nobody(rung: Rung) -> None:
    since = rung.set("some-fast", "ALARM")
    rung.set("some-slow", "ALARM")
    assert rung.heard("some-burn", since) == [(CHANNEL, "ALARM"), ("pager", "ALARM")]
    assert not rung.subscribers.of("some-fast", since)
    assert rung.heard("some-burn", rung.set("some-slow", "OK")) == [
        (CHANNEL, "OK"),
        ("pager", "OK"),
    ]


@pytest.mark.clause("ROVN-SEV-1")
def test_what_is_muted_is_told_when_business_begins_if_it_still_rings(rung: Rung) -> None:
    rung.subscribers.turn(MUTED)
    cloudwatch = rung.endpoint.client("cloudwatch")
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="some-night")["Status"] == "ACTIVE"
    since = rung.set("some-errors", "ALARM")
    assert rung.state("some-errors") == "ALARM"
    rung.subscribers.turn(OPENING)
    assert rung.heard("some-errors", since) == [(CHANNEL, "ALARM"), ("pager", "ALARM")]
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="some-night")["Status"] == "SCHEDULED"


@pytest.mark.clause("ROVN-SEV-1")
def test_what_was_muted_and_is_over_is_never_told(rung: Rung) -> None:
    rung.subscribers.turn(MUTED)
    since = rung.set("some-errors", "ALARM")
    rung.set("some-errors", "OK")
    rung.subscribers.turn(OPENING)
    # One that is told comes after whatever would have been.
    rung.set("some-fast", "ALARM")
    rung.heard("some-burn", rung.set("some-slow", "ALARM"))
    assert rung.subscribers.of("some-errors", since) == []


@pytest.mark.clause("ALL-7")
def test_a_page_that_nobody_takes_waits_among_the_dead_letters(
    rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = rung.endpoint.client("sqs")
    url = sqs.get_queue_url(QueueName="some-letters")["QueueUrl"]
    monkeypatch.setattr("sandbox.rehearsal.subscribers.ACCEPTED", 503)
    rung.heard("some-errors", rung.set("some-errors", "ALARM"))
    waiting = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), "a letter", 30)
    message = json.loads(json.loads(waiting[0]["Body"])["Message"])
    assert (message["AlarmName"], message["NewStateValue"]) == ("some-errors", "ALARM")
