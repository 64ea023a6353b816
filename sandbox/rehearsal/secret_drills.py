"""Drills of secrets: rotated by the AWS CLI and by the command, and a reader nobody listed."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pg8000.exceptions
import pg8000.native

from runbook.access.principals import Principals
from runbook.access.roles import SECRET_READERS, SECRET_RESTART
from sandbox.rehearsal.aws_cli import typed
from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.command_checks import DONE, REFUSED, check_recorded
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.on_call import pages_of
from sandbox.rehearsal.report import Checks, NotExercisableError
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage

ROTATE = "aws secretsmanager rotate-secret --secret-id {secret}"
APPLICATION, TOKEN = "database-application", "mcp-inbound-token"
STRANGER, GRANT = "rehearsal-stranger", "reads-a-secret"
TOLD = ["RotationStarted", "RotationSucceeded"]
# What PostgreSQL says to a password that is not the user's.
WRONG_PASSWORD = "28P01"  # noqa: S105 - a code of an error
PATIENCE_SECONDS = 60
Members = dict[str, Any]


@drill("rotation of a database secret", "ROVN-SEC-3", "ROVN-SEC-5", "DLX-SEC-1")
def database_secret(stage: Stage, checks: Checks) -> None:
    """Rotate the application's user by hand: another user logs in, and so does the one before."""
    _need_restarts(stage)
    name, service = _name(stage, APPLICATION), stage.service
    before, tasks, runs = _value(stage, name), service.tasks(), _runs(stage)
    serves = service.health()[1]
    _check_connected(stage, checks, before, "users of the service's sessions")
    with pages_of(stage) as pages, asking(service) as caller:
        done = typed(ROTATE.format(secret=name), stage.endpoint)
        checks.same((done.code, done.complained), (DONE, ""), ROTATE.format(secret=name))
        version = done.answer["VersionId"] if isinstance(done.answer, dict) else ""
        until(lambda: _version(stage, name) == version, "the new version")
        after = _value(stage, name)
        checks.that(after["username"] != before["username"], "the value is of the other user")
        checks.that(after["password"] != before["password"], "and has another password")
        for value in (after, before):
            user = value["username"]
            checks.same(_logged_in(stage, value), user, "a client logs in as")
        wrong = {**after, "password": before["password"]}
        checks.same(_logged_in(stage, wrong), "", "with the other's password it logs in as")
        _check_restarted(stage, checks, APPLICATION, runs, tasks)
        _check_connected(stage, checks, after, "users of its sessions now")
        _check_paged(stage, checks, name, pages)
    check_uninterrupted(checks, caller, versions={serves})
    _check_told(stage, checks, name)


@drill("rotation with operator's command", "ROVN-SEC-3", "ROVN-SEC-4", "ROVN-SEC-5")
def by_command(stage: Stage, checks: Checks) -> None:
    """Rotate a token by the command: never within its overlap, but on exposure until it is out."""
    _need_restarts(stage)
    name, service = _name(stage, TOKEN), stage.service
    before, tasks, runs = _value(stage, name), service.tasks(), _runs(stage)
    serves = service.health()[1]
    words = ("rotate", "--secret", TOKEN, "--yes")
    early = stage.desk.run(*words, "--now")
    checks.same(early.code, REFUSED, f"runbook rotate --secret {TOKEN} --now: exit code")
    checks.that(early.refusal.startswith("overlap: "), f"it says: {early.refusal}")
    with asking(service) as caller:
        ran = stage.desk.run(*words, "--suspected-exposure")
        checks.same(ran.code, DONE, f"{' '.join(words)} --suspected-exposure: exit code")
        checks.that(not tasks & service.tasks(), "when it ends, no task of before runs")
        after = _value(stage, name)
        taken = {after["token"], after["previous"]}
        checks.that(before["token"] not in taken, "the exposed token is taken nowhere")
        told = ran.told + json.dumps(ran.answer)
        shown = [each for each in (before["token"], *taken) if each in told]
        checks.same(len(shown), 0, "values of the token that it shows")
        who = f"arn:aws:iam::{stage.endpoint.account}:root"
        checks.that(f"NOT EXPECTED: {who}" in ran.told, f"it names who read it: {who}")
        _check_restarted(stage, checks, TOKEN, runs, tasks, times=2)
    check_uninterrupted(checks, caller, versions={serves})
    check_recorded(stage, checks, "rotate", "succeeded")
    _check_told(stage, checks, name, times=2)


@drill("a reader nobody listed", "ROVN-SEC-6")
def unlisted(stage: Stage, checks: Checks) -> None:
    """Grant a new role a secret: somebody is paged who it is, and by what."""
    _need_readers(stage)
    iam, name = stage.endpoint.client("iam"), _name(stage, APPLICATION)
    arn = stage.endpoint.client("secretsmanager").describe_secret(SecretId=name)["ARN"]
    trust = _policy(Effect="Allow", Principal={"AWS": stage.endpoint.account})
    trust["Statement"][0]["Action"] = "sts:AssumeRole"
    grant = _policy(Effect="Allow", Action="secretsmanager:GetSecretValue", Resource=arn)
    with pages_of(stage) as pages:
        role = iam.create_role(RoleName=STRANGER, AssumeRolePolicyDocument=json.dumps(trust))[
            "Role"
        ]["Arn"]
        try:
            iam.put_role_policy(
                RoleName=STRANGER, PolicyName=GRANT, PolicyDocument=json.dumps(grant)
            )
            # The look after CreateRole may see the grant already; the next one is after the grant.
            found = until(
                lambda: _naming(pages(), role, "PutRolePolicy"), "the page of the new reader"
            )
        finally:
            if GRANT in iam.list_role_policies(RoleName=STRANGER)["PolicyNames"]:
                iam.delete_role_policy(RoleName=STRANGER, PolicyName=GRANT)
            iam.delete_role(RoleName=STRANGER)
        for word in (role, "GetSecretValue", APPLICATION, GRANT):
            checks.that(word in found[0], f"the page says {word.rpartition('/')[2]}")
        others = [
            line for line in found[0].splitlines() if line.startswith("- ") and role not in line
        ]
        checks.same(others, [], "others on the page, of all that is deployed and bootstrapped")


# --- What the drills ask ---


def _name(stage: Stage, secret: str) -> str:
    if secret not in stage.environment.secrets:
        raise NotExercisableError(f"the environment has no secret {secret}")
    return f"{stage.environment.name}/{secret}"


def _value(stage: Stage, name: str) -> Members:
    manager = stage.endpoint.client("secretsmanager")
    value: Members = json.loads(manager.get_secret_value(SecretId=name)["SecretString"])
    return value


def _version(stage: Stage, name: str) -> str:
    """Return the current version, once the rotation that made it has ended."""
    told = stage.endpoint.client("secretsmanager").get_secret_value(SecretId=name)
    return str(told["VersionId"])


def _session(stage: Stage, value: Members) -> pg8000.native.Connection:
    """Log in to the database with a secret's value, as any client could: by its name, over TLS."""
    rds = stage.endpoint.client("rds")
    instance = f"{stage.environment.slug}-postgres"
    [found] = rds.describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"]
    return pg8000.native.Connection(
        value["username"],
        host=found["Endpoint"]["Address"],
        sock=socket.create_connection(("127.0.0.1", stage.database_door), PATIENCE_SECONDS),
        database=stage.environment.database.database_name,
        password=value["password"],
        ssl_context=ssl.create_default_context(cafile=str(stage.service.authority)),
    )


def _logged_in(stage: Stage, value: Members) -> str:
    """Return as whom the database knows the client; nobody where it refuses the password."""
    try:
        with _session(stage, value) as session:
            return str(session.run("SELECT session_user")[0][0])
    except pg8000.exceptions.DatabaseError as error:
        if error.args[0].get("C") != WRONG_PASSWORD:
            raise
        return ""


def _connected(stage: Stage, value: Members) -> set[str]:
    """Return the users of the application's sessions, other than the one that asks."""
    with _session(stage, value) as session:
        rows = session.run(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND usename LIKE 'application%'"
        )
    return {str(name) for (name,) in rows}


def _check_connected(stage: Stage, checks: Checks, value: Members, what: str) -> None:
    """Check that sessions are of a secret's user alone, once those that were left have ended.

    PostgreSQL ends a session only after its client has gone, in a time of its own.
    """
    user = value["username"]
    until(lambda: _connected(stage, value) == {user}, f"sessions of {user} alone")
    checks.found.append(f"{what}: {user}")


def _machine(stage: Stage) -> str:
    """Write the ARN of the machine that restarts who reads a rotated secret."""
    place = f"{stage.endpoint.region}:{stage.endpoint.account}"
    name = Principals(stage.environment).named(SECRET_RESTART)
    return f"arn:aws:states:{place}:stateMachine:{name}"


def _need_restarts(stage: Stage) -> None:
    """Raise NotExercisableError unless something restarts who reads a rotated secret."""
    machines = stage.endpoint.client("stepfunctions")
    pages = machines.get_paginator("list_state_machines").paginate()
    known = {each["stateMachineArn"] for page in pages for each in page["stateMachines"]}
    if _machine(stage) not in known:
        raise NotExercisableError("nothing restarts who reads a rotated secret")


def _need_readers(stage: Stage) -> None:
    """Raise NotExercisableError unless something looks at who may read secrets."""
    functions = stage.endpoint.client("lambda").get_paginator("list_functions").paginate()
    known = {each["FunctionName"] for page in functions for each in page["Functions"]}
    if Principals(stage.environment).named(SECRET_READERS) not in known:
        raise NotExercisableError("nothing looks at who may read secrets")


def _runs(stage: Stage) -> set[str]:
    """Return the executions of the machine that restarts."""
    told = stage.endpoint.client("stepfunctions").get_paginator("list_executions")
    pages = told.paginate(stateMachineArn=_machine(stage))
    return {each["executionArn"] for page in pages for each in page["executions"]}


def _check_restarted(
    stage: Stage,
    checks: Checks,
    secret: str,
    runs: set[str],
    tasks: set[str],
    *,
    times: int = 1,
) -> None:
    """Check that the secret's consumers were restarted, so often each, and nobody else."""
    machines, environment = stage.endpoint.client("stepfunctions"), stage.environment
    consumers = times * sorted(
        environment.services[key].name for key in environment.secrets[secret].services
    )

    def ended() -> list[Members]:
        described = [machines.describe_execution(executionArn=arn) for arn in _runs(stage) - runs]
        # One restart may be over before another has begun.
        done = len(described) >= len(consumers) and all(
            each["status"] != "RUNNING" for each in described
        )
        return described if done else []

    found = until(ended, f"the restart after the rotation of {secret}")
    given = [json.loads(each["input"]) for each in found]
    checks.same(
        sorted((each["secret"], each["service"]) for each in given),
        [(secret, name) for name in consumers],
        "what the machine was started for",
    )
    checks.same([each["status"] for each in found], ["SUCCEEDED"] * len(consumers), "it")
    stage.rests()
    checks.same(sorted(tasks & stage.service.tasks()), [], "tasks of before that still run")
    stage.records.settled()
    calls = stage.records.of("call-update-service")
    by = {each["actor"].get("role") for each in calls}
    checks.same(by, {Principals(environment).secret_restart}, "recorded: who restarted")
    told = sorted(each["after"]["service"] for each in calls)
    checks.same(told, consumers, "recorded: what was restarted, and nothing else")


def _check_told(stage: Stage, checks: Checks, name: str, *, times: int = 1) -> None:
    """Check that the rotation is recorded from its begin to its end, and who asked for it."""
    stage.records.settled()
    rotations = [each for each in stage.records.of("rotation") if name in each["after"]["secret"]]
    states = [each["after"]["state"] for each in rotations]
    checks.same(sorted(states), sorted(times * TOLD), "recorded: the rotation")
    asked = stage.records.of("call-rotate-secret")
    checks.same(len(asked), times, "recorded: calls that asked for it")
    key = name.rpartition("/")[2]
    restarts = [each["outcome"] for each in stage.records.of("restart", secret=key)]
    checks.same(restarts.count("succeeded"), times, "recorded: restarts after it that went well")


def _check_paged(stage: Stage, checks: Checks, name: str, pages: Callable[[], list[str]]) -> None:
    """Check that those on call are told of the rotation's begin and end, and of no value."""

    def told() -> list[str]:
        found = [page for page in pages() if name in page]
        return found if all(any(word in page for page in found) for word in TOLD) else []

    found = until(told, "what the security topic tells of the rotation")
    checks.found.append(f"the security topic tells of {' and '.join(TOLD)}")
    value = _value(stage, name)
    checks.that(not any(value["password"] in page for page in found), "and of no value")


def _naming(pages: list[str], *words: str) -> list[str]:
    return [page for page in pages if all(word in page for word in words)]


def _policy(**statement: object) -> Members:
    return {"Version": "2012-10-17", "Statement": [statement]}
