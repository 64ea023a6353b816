"""An emulator with a rehearsal, and a service in it whose hooks do what a test tells them."""

from __future__ import annotations

import copy
import http.client
import io
import json
import ssl
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import emulator_process
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.endpoint import Endpoint
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port
from tests.sandbox.rehearsal.image import PYTHON, make_image
from tests.sandbox.service_types import SERVICE, SHARED
from tests.sandbox.test_emulated_stacks import Stack

ACCOUNT, REGION = "111122223333", "us-east-2"
CLUSTER, NAME, HOSTNAME = "some-production", "some-api", "api.example.com"
GATE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gate"
TAGS = [f"prod-202611201200{number:02d}" for number in range(20)]

HOOK = """
import json, os, pathlib

def handler(event, context):
    folder = pathlib.Path(os.environ["FOLDER"])
    with (folder / "events.jsonl").open("a") as kept:
        kept.write(json.dumps(event) + "\\n")
    answers = json.loads((folder / "answers.json").read_text())
    stage = answers["by_stage"].get(event["lifecycleStage"], [])
    calls = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    # The way back of a stack is a deployment, too, and let through unless a test says otherwise.
    if event["resourceArn"] != calls[0]["resourceArn"] and not answers["always"]:
        return {"hookStatus": "SUCCEEDED"}
    mine = [call for call in calls if call["executionId"] == event["executionId"]]
    answer = stage[min(len(mine), len(stage)) - 1] if stage else {"hookStatus": "SUCCEEDED"}
    if answer == "raise":
        raise RuntimeError("as told")
    return answer
"""


def service_template(folder: Path) -> dict[str, Any]:
    """Return a service's template with a hook function, a short bake, and a task that migrates."""
    template = copy.deepcopy(SERVICE)
    resources = template["Resources"]
    resources["Gate"] = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "gate",
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["TaskRole", "Arn"]},
            "Code": {"ZipFile": HOOK},
            "Environment": {"Variables": {"FOLDER": str(folder)}},
            "Timeout": 30,
        },
    }
    resources["Service"]["DependsOn"] = ["Gate", "Rule", "TestRule"]
    deployment = resources["Service"]["Properties"]["DeploymentConfiguration"]
    deployment["LifecycleHooks"] = [
        {
            "HookTargetArn": {"Fn::GetAtt": ["Gate", "Arn"]},
            "LifecycleStages": ["PRE_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"],
            "RoleArn": {"Fn::GetAtt": ["TrafficRole", "Arn"]},
            "HookDetails": {"given": "by the template"},
            "TimeoutConfiguration": {"TimeoutInMinutes": 30, "Action": "ROLLBACK"},
        }
    ]
    app = resources["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    app["Secrets"][0]["Name"] = "DATABASE_PASSWORD"
    return template


@dataclass
class Rig:
    """The emulator, its folder, and the two stacks."""

    folder: Path
    endpoint: Endpoint
    service: Stack
    listeners: dict[str, int]

    def client(self, name: str) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client(name)

    @property
    def images(self) -> Path:
        return self.folder / "images"

    def image(self, tag: str, **variables: str) -> str:
        make_image(self.images, NAME, tag, **variables)
        return tag

    def answers(self, *, always: bool = False, **by_stage: list[object]) -> None:
        """Tell the hook what to answer at each stage, call by call; by default SUCCEEDED.

        It holds for the first deployment that comes, or for every one.
        """
        told = {"by_stage": by_stage, "always": always}
        (self.folder / "answers.json").write_text(json.dumps(told), "utf-8")
        (self.folder / "events.jsonl").write_text("", "utf-8")

    def events(self) -> list[dict[str, Any]]:
        """Return the events that the hook was given since `answers`."""
        lines = (self.folder / "events.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def release(self, tag: str, kind: str = "update") -> str:
        """Deploy the service's stack with another tag; return the stack's status then."""
        cloudformation = self.client("cloudformation")
        getattr(cloudformation, f"{kind}_stack")(
            StackName="service",
            TemplateBody=json.dumps(service_template(self.folder)),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": "ImageTag", "ParameterValue": tag}],
        )
        return self.settled()

    @contextmanager
    def baking(self) -> Iterator[None]:
        """Let no bake window end for a while, however slow this machine is."""
        held = self.folder / "held"
        held.touch()
        try:
            yield
        finally:
            held.unlink()

    def settled(self, seconds: float = 240) -> str:
        """Wait until the stack rests and return its status."""
        pause = threading.Event()
        for _ in range(int(seconds / 0.2)):
            status = self.status()
            if not status.endswith("IN_PROGRESS"):
                return status
            pause.wait(0.2)
        raise AssertionError(f"the stack is still {status} after {seconds:.0f} s")

    def status(self) -> str:
        [stack] = self.client("cloudformation").describe_stacks(StackName="service")["Stacks"]
        return str(stack["StackStatus"])

    def alarm(self, state: str) -> None:
        """Set the state of the deployment's alarm."""
        self.client("cloudwatch").set_alarm_state(
            AlarmName="api-5xx", StateValue=state, StateReason="a test"
        )

    def register(self, tag: str) -> str:
        """Register another revision of the task definition behind the stack's back."""
        ecs = self.client("ecs")
        revision = self.described()["taskDefinition"]
        definition = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
        shape = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
        kept = {name: value for name, value in definition.items() if name in shape.members}
        app, *others = kept["containerDefinitions"]
        app["image"] = f"{app['image'].rpartition(':')[0]}:{tag}"
        kept["containerDefinitions"] = [app, *others]
        return str(ecs.register_task_definition(**kept)["taskDefinition"]["taskDefinitionArn"])

    def described(self) -> dict[str, Any]:
        told = self.client("ecs").describe_services(cluster=CLUSTER, services=[NAME])
        return dict(told["services"][0])

    def runs(self, count: int) -> bool:
        """Whether so many tasks of the service run, by its own count."""
        return bool(self.described()["runningCount"] == count)

    def deployments(self) -> list[dict[str, Any]]:
        """Return the service's deployments, the latest first."""
        ecs = self.client("ecs")
        listed = ecs.list_service_deployments(cluster=CLUSTER, service=NAME)["serviceDeployments"]
        arns = [each["serviceDeploymentArn"] for each in listed]
        told = ecs.describe_service_deployments(serviceDeploymentArns=arns)
        return list(told["serviceDeployments"])

    def version(self, port: str = "443") -> str:
        """Ask the balancer for the version that serves; its status if that is not 200."""
        trusted = ssl.create_default_context(cafile=str(self.folder / "tls" / "authority.pem"))
        plain = http.client.HTTPConnection("127.0.0.1", self.listeners[port], timeout=10)
        plain.connect()
        plain.sock = trusted.wrap_socket(plain.sock, server_hostname=HOSTNAME)
        try:
            plain.request("GET", "/health", headers={"Host": HOSTNAME})
            answer = plain.getresponse()
            content = answer.read()
        finally:
            plain.close()
        return str(json.loads(content)["version"]) if answer.status == 200 else str(answer.status)

    def weights(self) -> dict[str, list[int]]:
        """Return the weights of blue and green in the rule of each listener."""
        elbv2 = self.client("elbv2")
        found = {}
        for name, logical_id in (("production", "Rule"), ("test", "TestRule")):
            resource = self.client("cloudformation").describe_stack_resource(
                StackName="service", LogicalResourceId=logical_id
            )
            arn = resource["StackResourceDetail"]["PhysicalResourceId"]
            [rule] = elbv2.describe_rules(RuleArns=[arn])["Rules"]
            groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
            found[name] = [group["Weight"] for group in groups]
        return found


def start(folder: Path) -> tuple[Rig, emulator_process.EmulatorProcess]:
    """Start an emulator with a rehearsal; the caller stops it."""
    listeners = {"443": free_port(), "8443": free_port()}
    (folder / "images" / NAME).mkdir(parents=True)
    settings = RehearsalSettings(
        images=str(folder / "images"),
        python=PYTHON,
        account=ACCOUNT,
        region=REGION,
        variables={"DATABASE_HOST": "here"},
        listeners=listeners,
        certificates=str(folder / "tls"),
        hostnames=[HOSTNAME],
        held=str(folder / "held"),
        bake_seconds_per_minute=0.02,
        # Half an hour, which the hook is given, is a minute: a busy machine calls it in time.
        timeout_seconds_per_minute=2,
        callback_factor=0.02,
        start_seconds=40,
    )
    settings.write(folder / "rehearsal.json")
    workplace = Workplace(ROOT, folder)
    emulator = emulator_process.start(
        workplace, free_port(), keep_running=False, rehearsal=folder / "rehearsal.json"
    )
    endpoint = Endpoint(emulator.url, ACCOUNT, REGION)
    return Rig(folder, endpoint, Stack(endpoint, "service"), listeners), emulator


def zipped(name: str, code: str) -> bytes:
    """Pack a function's code."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr(name, code)
    return kept.getvalue()


def deploy_shared(rig: Rig) -> None:
    """Deploy what services share."""
    assert Stack(rig.endpoint, "shared").deploy(SHARED) == []
