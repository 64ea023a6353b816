"""Builds of CodeBuild projects: the buildspec's own commands, as a process of this machine."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller
from sandbox.emulator.rehearsal.log_stream import LogStream
from sandbox.emulator.rehearsal.pipeline.buildspec import (
    AT,
    LEFT,
    Buildspec,
    BuildspecError,
    read_buildspec,
    script,
)
from sandbox.emulator.rehearsal.pipeline.records import ActionFailedError, build_session
from sandbox.emulator.rehearsal.pipeline.workshop import Workshop
from sandbox.emulator.rehearsal.process import ContainerProcess
from sandbox.emulator.rehearsal.settings import RehearsalSettings

Members = dict[str, Any]
LAST_LINES = 12
GRACE_SECONDS = 5
KNOWN_SOURCES = {"CODEPIPELINE"}


@dataclass(frozen=True)
class Built:
    """What a build leaves: variables that it exports, and the files of its artifact."""

    variables: Mapping[str, str]
    folder: Path
    files: tuple[str, ...]


@dataclass
class Build:
    """One build of a project in a folder of its own; `id` is `<project>:<uuid>`."""

    project: Members
    caller: Caller
    workshop: Workshop
    settings: RehearsalSettings

    def __post_init__(self) -> None:
        """Take an id and make the folders."""
        number = str(uuid.uuid4())
        self.id = f"{self.project['name']}:{number}"
        # Short, because a database's socket must find room under it.
        self.folder = self.workshop.folder / number[:8]
        self.source, self._marks = self.folder / "src", self.folder / "marks"
        for each in (self.source, self._marks, self.folder / "tmp"):
            each.mkdir(parents=True)
        self._lines: list[str] = []

    @property
    def url(self) -> str:
        """Where the console would show it."""
        region, account = self.caller.region, self.caller.account
        name = self.project["name"]
        return (
            f"https://{region}.console.aws.amazon.com/codesuite/codebuild/{account}/projects/"
            f"{name}/build/{self.id.replace(':', '%3A')}/?region={region}"
        )

    def run(self, given: Mapping[str, str], initiator: str) -> Built:
        """Run it to its end; raises ActionFailedError with the log's last lines."""
        try:
            spec = self._buildspec()
        except BuildspecError as error:
            raise ActionFailedError("JobFailed", f"YAML_FILE_ERROR: {error}") from None
        log = LogStream(self._log_configuration(), self.id.partition(":")[2], self.caller)
        code, in_time = self._process(spec, given, initiator, log)
        log.flush()
        if not in_time:
            minutes, last = self.project["timeoutInMinutes"], self._last_lines()
            told = f"Build terminated with state: TIMED_OUT after {minutes} minutes\n{last}"
            raise ActionFailedError("JobFailed", told)
        if code != 0:
            raise ActionFailedError("JobFailed", self._failure(code))
        left = (self._marks / LEFT).read_text("utf-8").split("\0")
        values = dict(each.partition("=")[::2] for each in left if each)
        files = self._files(spec)
        return Built({name: values.get(name, "") for name in spec.exported}, self.source, files)

    def end(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _buildspec(self) -> Buildspec:
        if self.project["source"]["type"] not in KNOWN_SOURCES:
            raise BuildspecError("the rehearsal knows projects of a pipeline only")
        inline = self.project["source"].get("buildspec")
        try:
            return read_buildspec(inline or (self.source / "buildspec.yml").read_text("utf-8"))
        except FileNotFoundError:
            raise BuildspecError("the source has no buildspec.yml") from None

    def _process(
        self, spec: Buildspec, given: Mapping[str, str], initiator: str, log: LogStream
    ) -> tuple[int, bool]:
        """Run the commands; return the exit code, and whether they ended in time."""
        path, codes, ended = self.folder / "build.sh", list[int](), threading.Event()
        text = script(spec, str(self._marks), str(self.folder / "tmp"), self.settings.left_out)
        path.write_text(text, "utf-8")

        def line(text: str) -> None:
            self._lines.append(text)
            log.add(text)

        def done(code: int) -> None:
            codes.append(code)
            ended.set()

        for language, version in spec.runtimes.items():
            line(f"[Container] Simulated: {language} {version} is this machine's own")
        variables = self._variables(spec, given, initiator)
        process = ContainerProcess(["bash", str(path)], variables, self.source, line, done)
        minutes = float(self.project["timeoutInMinutes"])
        in_time = ended.wait(minutes * self.settings.timeout_seconds_per_minute)
        if not in_time:
            process.stop(GRACE_SECONDS)
            ended.wait(GRACE_SECONDS)
        return (codes or [-1])[0], in_time

    def _variables(
        self, spec: Buildspec, given: Mapping[str, str], initiator: str
    ) -> dict[str, str]:
        """Return a build's environment; what the pipeline gives wins, then the project."""
        environment, region = self.project["environment"], self.caller.region
        declared = {
            each["name"]: each["value"] for each in environment.get("environmentVariables") or []
        }
        endpoint = client("sts").meta.endpoint_url
        docker = {
            "SANDBOX_DOCKER": str(self.folder / "docker"),
            "SANDBOX_IMAGES": str(Path(self.settings.images).resolve()),
        }
        return {
            **self.workshop.variables(),
            **spec.variables,
            **declared,
            **given,
            "TMPDIR": str(self.folder / "tmp"),
            "AWS_ENDPOINT_URL": endpoint,
            **self._credentials(),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "CODEBUILD_BUILD_ARN": self.caller.arn("codebuild", f"build/{self.id}"),
            "CODEBUILD_BUILD_ID": self.id,
            "CODEBUILD_BUILD_URL": self.url,
            "CODEBUILD_BUILD_SUCCEEDING": "1",
            "CODEBUILD_CI": "true",
            "CODEBUILD_INITIATOR": initiator,
            "CODEBUILD_SRC_DIR": str(self.source),
            "CODEBUILD_START_TIME": str(int(time.time() * 1000)),
            **(docker if environment.get("privilegedMode") else {}),
        }

    def _credentials(self) -> dict[str, str]:
        """Take a session of the project's role, by which the build's calls are known."""
        given = client("sts", caller="codebuild.amazonaws.com").assume_role(
            RoleArn=self.project["serviceRole"], RoleSessionName=build_session(self.id)
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def _log_configuration(self) -> Members:
        logs = (self.project.get("logsConfig") or {}).get("cloudWatchLogs") or {}
        if logs.get("status") != "ENABLED":
            return {"name": self.project["name"]}
        options = {
            "awslogs-group": logs["groupName"],
            "awslogs-stream-prefix": logs.get("streamName", ""),
        }
        name = self.project["name"]
        return {"name": name, "logConfiguration": {"logDriver": "awslogs", "options": options}}

    def _failure(self, code: int) -> str:
        phase, command = "DOWNLOAD_SOURCE", ""
        if (self._marks / AT).exists():
            phase, _, command = (self._marks / AT).read_text("utf-8").partition("\n")
        return (
            f"Build terminated with state: FAILED. Phase: {phase}, Code: COMMAND_EXECUTION_ERROR, "
            f"Message: Error while executing command: {command}. Reason: exit status {code}\n"
            f"{self._last_lines()}"
        )

    def _last_lines(self) -> str:
        return "\n".join(self._lines[-LAST_LINES:])

    def _files(self, spec: Buildspec) -> tuple[str, ...]:
        found: list[str] = []
        for pattern in spec.files:
            matches = [path for path in self.source.glob(pattern) if path.is_file()]
            if not matches:
                raise ActionFailedError(
                    "JobFailed",
                    "Build terminated with state: FAILED. Phase: UPLOAD_ARTIFACTS, Code: "
                    f"CLIENT_ERROR, Message: no matching artifact paths found: {pattern}",
                )
            found += [path.relative_to(self.source).as_posix() for path in matches]
        return tuple(found)
