"""The sandbox as a whole: one environment, deployed, compared, tampered with, and ended."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook.deployed.comparison import compare
from runbook.deployed.deployed_stack import read_deployed
from runbook.deployed.difference import Difference
from runbook.deployed.known_differences import UNTOLD, judge, load
from sandbox.cloud_assembly import SynthesizedStack, read_stacks, single_place
from sandbox.endpoint import Endpoint
from sandbox.session import EMULATORS_OWN
from sandbox.tampering import ATTEMPTS, DENIED
from tests.assembly import ROOT
from tests.sandbox.changes import CHANGES, Change
from tests.sandbox.loopback import free_port, listens
from tests.sandbox.verifying import own, verify

pytestmark = pytest.mark.sandbox

ENVIRONMENT = "rovn/production"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=os.environ | {"SANDBOX_FOLDER": str(folder), "COLUMNS": "120"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=900,
    )


def test_the_demo_passes_and_leaves_nothing_running(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "demo", "--environment", ENVIRONMENT, "--port", str(port))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    counts = re.search(
        r"Compared +(\d+) stacks, (\d+) resources of \d+ types, (\d+) properties", done.stdout
    )
    assert counts, done.stdout
    stacks = read_stacks(tmp_path / "cdk.out")
    resources = [resource for stack in stacks for resource in stack.template["Resources"].values()]
    properties = sum(len(resource.get("Properties", {})) for resource in resources)
    assert [int(count) for count in counts.groups()] == [len(stacks), len(resources), properties]
    assert "0 other differences" in done.stdout
    for attempt in ATTEMPTS:
        row = rf"{re.escape(attempt.name)} +{attempt.expected.value}"
        assert re.search(row, done.stdout), attempt.name
    assert done.stdout.count("denied, AccessDenied to") == len(DENIED) - 1, "but for one"
    for phase in ("synth", "start", "bootstrap", "deploy", "describe", "tamper"):
        assert re.search(rf"Seconds .*{phase} \d", done.stdout)
    for heading in ("MiB resident", "Not proved here", "make sandbox"):
        assert heading in done.stdout
    assert not listens(port)
    assert not (tmp_path / "tmp").exists()


class Running:
    """A sandbox that `up` left running."""

    def __init__(self, folder: Path, port: int, region: str = "") -> None:
        self.folder = folder
        self.port = port
        self.stacks: list[SynthesizedStack] = read_stacks(folder / "cdk.out")
        account, primary = single_place(self.stacks)
        self.endpoint = Endpoint(f"http://127.0.0.1:{port}", account, region or primary)
        self.last_failures: set[Difference] = set()

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client(service)

    def place(self, stack: SynthesizedStack) -> Endpoint:
        return Endpoint(self.endpoint.url, stack.account, stack.region)

    def physical_ids(self, type_: str) -> list[str]:
        return [
            resource["PhysicalResourceId"]
            for stack in self.stacks
            for resource in self.place(stack)
            .client("cloudformation")
            .describe_stack_resources(StackName=stack.name)["StackResources"]
            if resource["ResourceType"] == type_
        ]

    def failures(self) -> list[Difference]:
        deployed = [
            (
                read_deployed(self.place(stack), stack.name, stack.template),
                stack.termination_protection,
            )
            for stack in self.stacks
        ]
        return list(judge(compare(deployed), load(UNTOLD, EMULATORS_OWN)).failures)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    port = free_port()
    done = run(folder, "up", "--environment", ENVIRONMENT, "--port", str(port))
    try:
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in done.stdout
        yield Running(folder, port)
    finally:
        done = run(folder, "down")
    assert f"on port {port} is ended" in done.stdout
    assert not listens(port)
    assert not (folder / "tmp").exists()


def test_it_is_running_and_says_so(running: Running) -> None:
    state = json.loads((running.folder / "state.json").read_text("utf-8"))
    assert state["port"] == running.port
    done = run(running.folder, "status")
    assert done.returncode == 0
    assert f"is running on http://127.0.0.1:{running.port}, process {state['pid']}" in done.stdout


def test_a_demo_beside_it_is_refused(running: Running) -> None:
    kept = [running.folder / name for name in ("emulator.log", "cdk.out/manifest.json", "tmp")]
    before = [(path.stat().st_ino, path.stat().st_ctime_ns) for path in kept]
    for port in (running.port, free_port()):
        done = run(running.folder, "demo", "--environment", ENVIRONMENT, "--port", str(port))
        assert done.returncode == 1
        assert f"is running on port {running.port} with its files in" in done.stderr
        assert done.stderr.count("\n") == 1
    assert listens(running.port)
    assert [(path.stat().st_ino, path.stat().st_ctime_ns) for path in kept] == before


def test_a_second_up_deploys_into_it(running: Running) -> None:
    arguments = ["up", "--environment", ENVIRONMENT, "--port"]
    done = run(running.folder, *arguments, str(running.port))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is running: deploying into it" in done.stdout
    assert running.failures() == []
    done = run(running.folder, *arguments, str(running.port + 1))
    assert done.returncode == 1
    assert f"is running on port {running.port}" in done.stderr


@pytest.mark.clause("ALL-9")
def test_verify_tells_of_the_deployed_environment_only_what_the_emulator_does_not_do(
    running: Running,
) -> None:
    code, told = verify(running.endpoint, ENVIRONMENT, running.folder / "cdk.out")
    assert [finding for finding in told["findings"] if not own(finding)] == []
    assert (code, told["deployed"]) == (1, True)
    stacks = {stack.name for stack in running.stacks}
    resources = sum(len(stack.template["Resources"]) for stack in running.stacks)
    looked = told["looked_at"]
    assert (looked["stacks"], looked["resources"]) == (len(stacks), resources)
    assert looked["keys"] == len(running.physical_ids("AWS::KMS::Key"))
    assert told["withheld"] > 0, "secrets are generated, and their values are not read"


def test_moto_answers_for_what_ministack_lacks(running: Running) -> None:
    pipelines = running.client("codepipeline").list_pipelines()["pipelines"]
    assert [pipeline["name"] for pipeline in pipelines] == ["rovn-production-passport-api"]
    application = running.client("codedeploy").create_application(applicationName="a")
    assert application["applicationId"]


@pytest.mark.parametrize(
    ("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_behind_the_stacks_back_is_found(
    running: Running, change: Change, expected: set[tuple[str, str]]
) -> None:
    before = running.last_failures or set(running.failures())
    change(running)
    running.last_failures = set(running.failures())
    new = running.last_failures - before
    assert {(difference.type, difference.property) for difference in new} == expected


def test_verify_tells_what_was_changed_and_what_it_breaks(running: Running) -> None:
    """After all these changes, and some that no template shows."""
    (service,) = running.physical_ids("AWS::ECS::Service")
    ecs, cluster = running.client("ecs"), service.split("/")[1]
    (found,) = ecs.describe_services(cluster=cluster, services=[service])["services"]
    ecs.deregister_task_definition(taskDefinition=found["taskDefinition"])
    running.client("cloudwatch").put_metric_alarm(
        AlarmName="rovn-production-errors",
        ActionsEnabled=False,
        AlarmActions=[f"arn:aws:sns:us-east-2:{running.endpoint.account}:nowhere"],
        MetricName="Errors",
        Namespace="Test",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    running.client("cloudwatch").put_alarm_mute_rule(
        Name="tonight",
        Rule={"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT4H"}},
        MuteTargets={"AlarmNames": ["rovn-production-api-5xx-rate-passport-api"]},
    )
    code, told = verify(running.endpoint, ENVIRONMENT, running.folder / "cdk.out")
    breaches = [finding for finding in told["findings"] if finding["kind"] == "breach"]
    assert code == 1
    for check, what, clause in (
        ("templates", "audit-bucket-lock: records are kept", "ROVN-BCK-2"),
        ("templates", "log-retention: it is kept 1 days", "ROVN-LOG-1"),
        ("templates", "AWS::S3::BucketPolicy: in the stack, but not there", "ROVN-BCK-2"),
        ("locks", "new records are locked for", "ROVN-AUD-1"),
        ("trail", "the trail does not log", "ROVN-AUD-1"),
        ("keys", "the key is Disabled", "ROVN-BCK-2"),
        ("keys", "the key is deleted on", "ROVN-BCK-2"),
        ("task definitions", "it runs, and is INACTIVE", "ROVN-DEP-5"),
        ("alarm delivery", "its actions are off", "ALL-7"),
        ("alarm delivery", "alarms tell it, and there is no such topic", "ALL-7"),
        ("alarm mutes", "no stack of rovn/production declares it", "ROVN-SEV-1"),
    ):
        fitting = [b for b in breaches if b["check"] == check and what in b["what"]]
        assert fitting, f"{check}: {what}"
        assert clause in fitting[0]["clauses"]
        assert fitting[0]["fix"]
