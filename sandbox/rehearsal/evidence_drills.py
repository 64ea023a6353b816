"""Drills of evidence: a bundle that an operator publishes."""

from __future__ import annotations

import shutil
from pathlib import Path

from botocore.exceptions import ClientError

from sandbox.attempt import LOCKED, Target
from sandbox.object_attempts import delete_version, delete_version_bypassing, retain_less_bypassing
from sandbox.rehearsal.command_checks import DONE, QUESTION, REFUSED, check_ended, check_recorded
from sandbox.rehearsal.desk import PUBLISH
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.locked_bundle import LockedBundle
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.stage import Stage

ATTEMPTS = (delete_version, delete_version_bypassing, retain_less_bypassing)
SPOILT = "results.csv"


@drill("evidence published by an operator", "ROVN-BCK-2", "ROVN-AUD-1", "ALL-4")
def published(stage: Stage, checks: Checks) -> None:
    """Publish a bundle: with a byte changed, whole, again; then try to remove it."""
    stage.need_commit()
    folder, manifest = _written(stage, checks)
    there = _versions(stage)
    _refused(stage, checks, folder)
    with stage.desk.open(*PUBLISH, str(folder)) as terminal:
        terminal.says(QUESTION)
        checks.same(_since(stage, there), [], "versions written before somebody agrees")
        terminal.answer("y")
        check_ended(checks, terminal, DONE, "runbook evidence publish")
    check_recorded(stage, checks, "publish", "succeeded")
    [record] = stage.records.of("publish-end", manifest_sha256=manifest)
    prefix = record["after"]["prefix"]
    bundle = stage.bundles(prefix.removeprefix(stage.bundles().prefix))
    checks.that(prefix == bundle.prefix, f"recorded: {manifest[:12]}… is published as {prefix}")
    bundle.check(checks, manifest)
    _again(stage, checks, folder)
    _locked(checks, bundle)


def _written(stage: Stage, checks: Checks) -> tuple[Path, str]:
    """Write a bundle of the commit; return its folder, and its manifest's SHA-256."""
    ran = stage.desk.run("evidence", "--out", str(stage.desk.folder / "evidence"))
    checks.same(ran.code, DONE, "runbook evidence: exit code")
    [told] = ran.answer["bundles"]
    checks.found.append(f"it judged {sum(told['summary'].values())} rows at {told['commit'][:7]}")
    return stage.desk.folder / told["folder"], told["manifest_sha256"]


def _refused(stage: Stage, checks: Checks, folder: Path) -> None:
    """Check that a bundle with another byte is refused by name, and that nothing is written."""
    spoilt, there = Path(f"{folder}-spoilt"), _versions(stage)
    shutil.copytree(folder, spoilt)
    data = bytearray((spoilt / SPOILT).read_bytes())
    data[len(data) // 2] ^= 1
    (spoilt / SPOILT).write_bytes(data)
    with stage.desk.open(*PUBLISH, str(spoilt), "--yes") as terminal:
        check_ended(checks, terminal, REFUSED, f"one with a byte of {SPOILT} changed")
        checks.that(f"changed: {SPOILT}" in terminal.text, f"it names {SPOILT}")
    checks.same(_since(stage, there), [], "versions that were written of it")


def _again(stage: Stage, checks: Checks, folder: Path) -> None:
    there = _versions(stage)
    ran = stage.desk.run(*PUBLISH, str(folder), "--yes")
    found = (ran.code, ran.answer.get("outcome"))
    checks.same(found, (DONE, "nothing to do"), "published again: exit code, outcome")
    checks.same(_since(stage, there), [], "versions that were written again")
    check_recorded(stage, checks, "publish", "succeeded")


def _locked(checks: Checks, bundle: LockedBundle) -> None:
    """Try to delete each version and to shorten its lock; everything is there afterwards."""
    s3, before = bundle.endpoint.client("s3"), bundle.versions()
    codes = set()
    for each in before:
        key, version = each["Key"], each["VersionId"]
        named = {"Bucket": bundle.bucket, "Key": key, "VersionId": version}
        until = s3.get_object_retention(**named)["Retention"]["RetainUntilDate"]
        target = Target(s3, bundle.bucket, key, version, until)
        for attempt in ATTEMPTS:
            try:
                attempt(target)
            except ClientError as error:
                codes.add(error.response["Error"]["Code"])
            else:
                codes.add(f"{attempt.__name__} of {key} went through")
    checks.same(
        sorted(codes),
        sorted(LOCKED),
        f"{len(ATTEMPTS)} ways to remove each of {len(before)} versions",
    )
    checks.that(bundle.versions() == before, "each version is there as before")


def _versions(stage: Stage) -> set[tuple[str, str]]:
    return {(each["Key"], each["VersionId"]) for each in stage.bundles().versions()}


def _since(stage: Stage, there: set[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(_versions(stage) - there)
