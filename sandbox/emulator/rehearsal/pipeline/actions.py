"""The actions of a pipeline: a source from a bucket, a build, a person's approval."""

from __future__ import annotations

import io
import json
import secrets
import threading
import zipfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import request_scope

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller
from sandbox.emulator.rehearsal.pipeline.builds import Build
from sandbox.emulator.rehearsal.pipeline.declaration import Declaration
from sandbox.emulator.rehearsal.pipeline.records import (
    ActionFailedError,
    ActionRun,
    Decision,
    Execution,
)
from sandbox.emulator.rehearsal.pipeline.workshop import Workshop
from sandbox.emulator.rehearsal.settings import RehearsalSettings

Members = dict[str, Any]
# CodePipeline cuts names in the keys of artifacts.
LONGEST = 20


class Actions:
    """Does what the actions of one pipeline say."""

    def __init__(
        self,
        caller: Caller,
        declaration: Declaration,
        workshop: Workshop,
        settings: RehearsalSettings,
    ) -> None:
        """Begin; nothing is done before it is called."""
        self._caller, self._declaration = caller, declaration
        self._workshop, self._settings = workshop, settings
        # A project has one build at a time if it says so; others wait for it.
        self._projects: dict[str, threading.Lock] = {}

    def __call__(self, run: ActionRun, execution: Execution) -> None:
        """Do one action; raises ActionFailedError."""
        kinds = {
            ("Source", "S3"): self._source,
            ("Build", "CodeBuild"): self._build,
            ("Approval", "Manual"): self._approval,
        }
        with request_scope(self._caller.account, self._caller.region):
            kinds[run.action.kind](run, execution)

    def _source(self, run: ActionRun, execution: Execution) -> None:
        """Take exactly the version that the execution was started with, or else the newest."""
        bucket, key = run.told["S3Bucket"], run.told["S3ObjectKey"]
        version = execution.revisions.get(run.action.name, "")
        try:
            answer = client("s3").get_object(
                Bucket=bucket, Key=key, **({"VersionId": version} if version else {})
            )
        except ClientError as error:
            raise ActionFailedError(
                "ConfigurationError", f"s3://{bucket}/{key} {version}: {error}"
            ) from None
        run.revision = answer.get("VersionId", "")
        run.summary = f"Amazon S3 version id: {run.revision}"
        run.variables = {
            "BucketName": bucket,
            "ETag": answer["ETag"].strip('"'),
            "ObjectKey": key,
            "VersionId": run.revision,
        }
        self._keep(run, execution, run.action.outputs[0], answer["Body"].read())

    def _build(self, run: ActionRun, execution: Execution) -> None:
        """Run the project's build on the first artifact."""
        [project] = client("codebuild").batch_get_projects(names=[run.told["ProjectName"]])[
            "projects"
        ]
        with self._projects.setdefault(project["name"], threading.Lock()):
            build = Build(project, self._caller, self._workshop, self._settings)
            run.external_id, run.external_url = build.id, build.url
            try:
                self._fetch(run, execution, build.source)
                given = _plain(json.loads(run.told.get("EnvironmentVariables") or "[]"))
                built = build.run(given, f"codepipeline/{self._declaration.name}")
                run.variables = built.variables
                for name in run.action.outputs:
                    self._keep(run, execution, name, _zipped(built.folder, built.files))
            finally:
                build.end()

    def _approval(self, run: ActionRun, _execution: Execution) -> None:
        """Ask by the topic, and wait for the answer."""
        run.decision = Decision()
        if run.told.get("NotificationArn"):
            self._ask(run, run.decision)
        minutes = run.action.timeout_minutes
        if not run.decision.given.wait(minutes * self._settings.timeout_seconds_per_minute):
            raise ActionFailedError("JobTimedOut", f"nobody answered in {minutes:.0f} minutes")
        run.summary = run.decision.summary
        if not run.decision.approved:
            raise ActionFailedError("JobFailed", f"Rejected: {run.decision.summary}")

    def _ask(self, run: ActionRun, decision: Decision) -> None:
        name, region = self._declaration.name, self._caller.region
        link = f"https://console.aws.amazon.com/codesuite/codepipeline/pipelines/{name}/view"
        approval = {
            "pipelineName": name,
            "stageName": run.stage,
            "actionName": run.action.name,
            "token": decision.token,
            "customData": run.told.get("CustomData", ""),
            "approvalReviewLink": f"{link}?region={region}",
        }
        client("sns").publish(
            TopicArn=run.told["NotificationArn"],
            Subject=f"APPROVAL NEEDED: AWS CodePipeline {name} for action {run.action.name}"[:100],
            Message=json.dumps({"region": region, "consoleLink": link, "approval": approval}),
        )

    # --- Artifacts ---

    def _keep(self, run: ActionRun, execution: Execution, name: str, content: bytes) -> None:
        bucket = self._declaration.artifacts
        key = "/".join((self._declaration.name[:LONGEST], name[:LONGEST], secrets.token_urlsafe(5)))
        client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        artifact = {"name": name, "s3location": {"bucket": bucket, "key": key}}
        execution.artifacts[name] = artifact
        run.outputs.append(artifact)

    def _fetch(self, run: ActionRun, execution: Execution, folder: Path) -> None:
        """Unpack an action's one artifact; raises ActionFailedError if it is no ZIP."""
        [name] = run.action.inputs
        artifact = execution.artifacts[name]
        run.inputs.append(artifact)
        where = artifact["s3location"]
        answer = client("s3").get_object(Bucket=where["bucket"], Key=where["key"])
        try:
            with zipfile.ZipFile(io.BytesIO(answer["Body"].read())) as packed:
                unpack(packed, folder)
        except zipfile.BadZipFile as error:
            raise ActionFailedError("JobFailed", f"DOWNLOAD_SOURCE: {error}") from None


def unpack(packed: zipfile.ZipFile, folder: Path) -> None:
    """Unpack with the files' modes, which Python's own way drops."""
    for entry in packed.infolist():
        path = Path(packed.extract(entry, folder))
        mode = entry.external_attr >> 16 & 0o777
        if mode and path.is_file():
            path.chmod(mode)


def _zipped(folder: Path, files: tuple[str, ...]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(folder / file, file)
    return content.getvalue()


def _plain(variables: list[Members]) -> dict[str, str]:
    for each in variables:
        if each.get("type", "PLAINTEXT") != "PLAINTEXT":
            raise ActionFailedError("JobFailed", f"the rehearsal knows no {each['type']} variable")
    return {each["name"]: each["value"] for each in variables}
