"""Drills of what is away or has been touched: the audit bucket, Sentry, records under lock."""

from __future__ import annotations

import json
import re

from sandbox.attempt import Outcome
from sandbox.rehearsal import sentry_stand_in
from sandbox.rehearsal.closed_port import closed_port
from sandbox.rehearsal.command_checks import (
    DONE,
    FAILED,
    check_recorded,
    refused,
    release,
    rollback,
)
from sandbox.rehearsal.desk import Desk
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.stage import Stage
from sandbox.tamper import FAILING, tamper_with

_UNRECORDED = re.compile(r"into the audit bucket as (\S+):\n(\{.*\})")
_RATE = re.compile(r"[0-9.]+ events a minute, ([0-9.]+) before")


@drill("audit bucket that takes nothing", "ROVN-AUD-1", "ROVN-DEP-8", "ROVN-RB-1")
def no_audit_bucket(stage: Stage, checks: Checks) -> None:
    """Deny the operator's records: no release begins; a rollback goes on and prints them."""
    service, serves, spare = stage.service, stage.service.health()[1], stage.spare(checks)
    release(stage, checks, spare)
    with stage.desk.wire.denying("PutObject"):
        words = ("release", "deploy", "--image-tag", serves)
        refused(stage, checks, *words, said="what cannot be recorded does not begin")
        checks.same(service.health(), (200, spare), "/health at the production listener")
        # It went well, but for what nobody can look up later: no success.
        ran = rollback(stage, checks, code=FAILED)
    checks.same(service.health(), (200, serves), "/health at the production listener")
    printed = _UNRECORDED.findall(ran.told)
    ends = [json.loads(body)["outcome"] for _, body in printed]
    checks.same(ends, ["started", "succeeded"], "the records that it prints")
    check_recorded(stage, checks, "release", "succeeded")
    for key, body in printed:
        stage.endpoint.client("s3").put_object(
            Bucket=stage.records.bucket, Key=key, Body=body.encode(), ChecksumAlgorithm="SHA256"
        )
    check_recorded(stage, checks, "rollback", "succeeded")
    shown = stage.desk.run("audit", "show", printed[1][0])
    same = shown.answer["record"] == json.loads(printed[1][1])
    checks.that(same, "put into the bucket, they are what runbook audit show tells")


@drill("Sentry that answers", "ROVN-RB-1")
def sentry_answers(stage: Stage, checks: Checks) -> None:
    """Roll back with a project of Sentry: its rate is asked with the token, and told."""
    _token(stage)
    with sentry_stand_in.sentry(stage.desk.authority.parent, stage.key, 3) as (ports, asked):
        said = _sentry(stage, checks, ports)
    checks.that(asked, f"Sentry was asked, {len(asked)} times")
    found = _RATE.fullmatch(said)
    # Three events in each ten seconds.
    checks.same(found and found[1], "18.0", f"Sentry: {said}: events a minute before")


@drill("Sentry that is down", "ROVN-RB-1")
def sentry_is_down(stage: Stage, checks: Checks) -> None:
    """Roll back while Sentry takes no connection: it is said, and holds up nothing."""
    _token(stage)
    with closed_port() as port:
        said = _sentry(stage, checks, {f"{sentry_stand_in.HOST}:443": port})
    checks.that(said.startswith("cannot be asked: "), f"Sentry: {said}")


@drill("Sentry that is not configured", "ROVN-RB-1")
def no_sentry(stage: Stage, checks: Checks) -> None:
    """Roll back with no project of Sentry in the environment file: it is said, too."""
    said = _sentry(stage, checks, None)
    checks.same(said, "not configured", "Sentry")


@drill("records that somebody would change", "ROVN-AUD-1")
def tampered(stage: Stage, checks: Checks) -> None:
    """Find a record by the command, try every way to be rid of it or its lock, look again."""
    stage.desk.run("freeze", "--reason", "a drill", "--yes")
    stage.desk.run("unfreeze", "--yes")
    listed = stage.desk.run("audit", "list", "--days", "2")
    checks.same(listed.code, DONE, "runbook audit list: exit code")
    [found, *_] = [
        each for each in listed.answer["records"] if each["record"]["kind"] == "unfreeze-end"
    ]
    checks.same(found["record"]["actor"], stage.desk.actor, "the record of the last unfreeze: who")
    before = stage.desk.run("audit", "show", found["key"]).answer
    checks.same(before["lock"]["mode"], "COMPLIANCE", "its lock")
    s3, bucket = stage.endpoint.client("s3"), stage.records.bucket
    results = tamper_with(s3, bucket)
    bad = [f"{each.attempt.name}: {each.answer}" for each in results if each.outcome in FAILING]
    checks.same(bad, [], f"of {len(results)} attempts at the bucket's lock, without the end wanted")
    denied = sum(each.outcome is Outcome.DENIED for each in results)
    checks.that(denied, f"{denied} of them S3 denied, which it permits without the lock")
    after = stage.desk.run("audit", "show", found["key"]).answer
    checks.that(after == before, "runbook audit show tells the same of it, before and after")


def _sentry(stage: Stage, checks: Checks, ports: dict[str, int] | None) -> str:
    """Go back with or without a project of Sentry; return what the command says of it."""
    service, serves, spare = stage.service, stage.service.health()[1], stage.spare(checks)
    release(stage, checks, spare)
    own = stage.desk
    stage.desk = _with_sentry(stage, ports)
    try:
        ran = rollback(stage, checks)
    finally:
        stage.desk = own
    checks.same(service.health(), (200, serves), "/health at the production listener")
    check_recorded(stage, checks, "rollback", "succeeded")
    return str(ran.answer["verified"]["sentry"])


def _with_sentry(stage: Stage, ports: dict[str, int] | None) -> Desk:
    made = sentry_stand_in.library(
        stage.desk.root,
        stage.desk.folder,
        stage.environment.name,
        stage.key,
        configured=ports is not None,
    )
    return stage.desk.with_file(made, ports or {})


def _token(stage: Stage) -> None:
    """Keep the token where the command looks for it, as whoever sets Sentry up does."""
    manager = stage.endpoint.client("secretsmanager")
    name = f"{stage.environment.name}/{sentry_stand_in.TOKEN_SECRET}"
    try:
        manager.create_secret(Name=name, SecretString=sentry_stand_in.TOKEN)
    except manager.exceptions.ResourceExistsException:
        return
