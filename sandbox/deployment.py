"""Synthesis, bootstrap and deploy, by the project's own app and the unmodified CDK CLI."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runbook.access.execution_policies import cloudformation_boundary, execution_policies
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from sandbox.child_process import last_lines, run_streaming
from sandbox.cloud_assembly import SynthesizedStack
from sandbox.endpoint import Endpoint
from sandbox.failure import SandboxError
from sandbox.workplace import Workplace

Progress = Callable[[str], None]

# "stack | 3/15 | time | CREATE_COMPLETE | AWS::S3::Bucket | Name" in the CLI's output.
EVENT = re.compile(
    r"^(?P<stack>\S+) \| +(?P<done>\d+)(?:/(?P<total>\d+))? \|[^|]*\| (?P<status>[A-Z_]+) +\| "
    r"(?P<type>\S+) +\| (?P<resource>.+)$"
)
FINISHED = re.compile(r"^ *✅ +(?P<what>.+)$")
STACKS_AT_ONCE = 4
# The parameter by which a service's stack is told its image.
IMAGE_TAG = "ImageTag"


@dataclass(frozen=True)
class Parameter:
    """A value for a stack's parameter."""

    stack: str
    name: str
    value: str


def parameters_to_give(stacks: Iterable[SynthesizedStack], image_tag: str) -> list[Parameter]:
    """Return a value for every parameter without default; raises SandboxError at an unknown one."""
    given = []
    for stack in stacks:
        for name, parameter in stack.template.get("Parameters", {}).items():
            if "Default" in parameter:
                continue
            if name != IMAGE_TAG:
                raise SandboxError(
                    f"Stack {stack.name} has a parameter {name} without default, for which the "
                    f"sandbox knows no value: it gives {IMAGE_TAG} only. Give the parameter a "
                    "default, or teach sandbox/deployment.py a value for it"
                )
            given.append(Parameter(stack.name, name, image_tag))
    return given


def limits_of(environment: Environment) -> list[str]:
    """Return what `make bootstrap` gives the CDK's own bootstrap: never AdministratorAccess."""
    principals = Principals(environment)
    policies = [principals.policy(policy.name) for policy in execution_policies(principals)]
    return [
        *("--cloudformation-execution-policies", ",".join(policies)),
        *("--custom-permissions-boundary", cloudformation_boundary(principals).name),
    ]


@dataclass(frozen=True)
class Deployment:
    """The commands that bring one environment into the emulator.

    `progress` is told of each stack's beginning and end, `detail` of every event.
    """

    workplace: Workplace
    progress: Progress
    detail: Progress

    def synthesize(self, environment: str) -> None:
        """Write the environment's cloud assembly; raises SandboxError with the app's own words."""
        shutil.rmtree(self.workplace.assembly, ignore_errors=True)
        variables = self.workplace.environment() | {
            "CDK_CONTEXT_JSON": json.dumps({"environment": environment}),
            "CDK_OUTDIR": str(self.workplace.assembly),
            # The CDK's own template validation takes seconds and has its place in `make check`.
            "CDK_VALIDATION": "false",
            "JSII_RUNTIME_PACKAGE_CACHE": "enabled",
        }
        log = self.workplace.folder / "synth.log"
        code = run_streaming(
            [sys.executable, str(self.workplace.root / "app.py")],
            environment=variables,
            folder=self.workplace.root,
            log=log,
            on_line=self.detail,
        )
        if code != 0:
            raise SandboxError(f"Synthesis of {environment} failed:\n{last_lines(log)}")

    def bootstrap(
        self, endpoint: Endpoint, regions: Iterable[str], options: Sequence[str] = ()
    ) -> None:
        """Bootstrap the emulator's account in some regions at once; raises SandboxError.

        `options` are the CLI's own, such as the policies that a real deploy would act under.
        """
        places = [f"aws://{endpoint.account}/{region}" for region in regions]
        self._cdk(endpoint, "bootstrap", *places, *options)

    def deploy(
        self,
        endpoint: Endpoint,
        parameters: Iterable[Parameter] = (),
        selected: str | Sequence[str] = "**",
        *,
        exclusively: bool = False,
    ) -> None:
        """Deploy the selected stacks of the assembly, by default every one; raises SandboxError.

        What they stand on is deployed with them, unless they are deployed `exclusively`.
        """
        given = [
            word
            for parameter in parameters
            for word in ("--parameters", f"{parameter.stack}:{parameter.name}={parameter.value}")
        ]
        self._cdk(
            endpoint,
            "deploy",
            "--app",
            str(self.workplace.assembly),
            *([selected] if isinstance(selected, str) else selected),
            *(["--exclusively"] if exclusively else []),
            *given,
            "--concurrency",
            str(STACKS_AT_ONCE),
            "--method",
            "direct",
            "--progress",
            "events",
            "--require-approval",
            "never",
        )

    def _cdk(self, endpoint: Endpoint, command: str, *arguments: str) -> None:
        log = self.workplace.folder / f"cdk-{command}.log"
        empty = self.workplace.folder / "empty"  # so that the CLI finds no cdk.json
        empty.mkdir(parents=True, exist_ok=True)
        variables = self.workplace.environment() | endpoint.variables
        variables |= {
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CI": "true",  # the CLI then writes its progress to standard output
            "NO_COLOR": "1",
        }
        code = run_streaming(
            [str(self.workplace.cdk), command, *arguments, "--no-notices"],
            environment=variables,
            folder=empty,
            log=log,
            on_line=Reporter(self.progress, self.detail).line,
        )
        if code != 0:
            raise SandboxError(
                f"`cdk {command}` ended with code {code}. The end of {log}:\n{last_lines(log, 25)}"
            )


class Reporter:
    """Turns the CLI's output into a line when a stack begins and one when it is done."""

    def __init__(self, progress: Progress, detail: Progress) -> None:
        """Tell `progress` of stacks and `detail` of resources."""
        self.progress = progress
        self.detail = detail
        self.begun: set[str] = set()

    def line(self, line: str) -> None:
        """Take one line of the CLI."""
        event = EVENT.match(line)
        if event:
            stack = event["stack"]
            if stack not in self.begun:
                self.begun.add(stack)
                self.progress(f"{stack} …")
            if event["status"].endswith("FAILED"):
                self.progress(line)
            total = f"/{event['total']}" if event["total"] else ""
            self.detail(f"{stack} {event['done']}{total} {event['type']} {event['resource']}")
        elif finished := FINISHED.match(line):
            self.progress(f"✓ {finished['what']}")
