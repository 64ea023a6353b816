"""Secrets Manager: rotations by their functions, step by step, and the schedules of stacks.

ministack's RotateSecret copies the current value. Here the function is called as Secrets Manager
calls it: off the request, each step in order, the whole again if one fails. What AWS does not tell
is how often and how soon; here it is soon. A schedule is kept and told, but nothing comes due: the
sandbox has no clock for it.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, RefusedError, answers
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.services.secret_versions import (
    ABANDONED,
    CURRENT,
    MANAGER,
    PENDING,
    Answer,
    Members,
    pending,
)

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# Seconds before each further attempt at a rotation that failed.
PAUSES = (1.0, 3.0)
SERVICE = "secretsmanager.amazonaws.com"
# A function of a rotation ends after fifteen minutes at the latest.
FUNCTION_SECONDS = 15 * 60 + 10
UNFINISHED = "A previous rotation isn't complete. That rotation will be reattempted."
NOT_INVOKED = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
    "grants access to the principal secretsmanager.amazonaws.com."
)
_RATE = re.compile(r"rate\((\d+) (hour|day)s?\)")
SECONDS = {"hour": 3600, "day": 86400}
# Who is told of RotationStarted and the like, with the secret's ARN, each off ministack's loop.
TOLD: list[Callable[[Caller, str, str], None]] = []
# Rotations at work, each by its secret's ARN and its version.
_AT_WORK: set[tuple[str, str]] = set()
_LOCK = threading.Lock()

PATCHES.needs(MANAGER, "_resolve", "_is_replica", "_secrets", "json_response")
PATCHES.needs("ministack.core.responses", "request_scope")


@answers("secretsmanager", "RotateSecret")
def rotate(caller: Caller, request: Members) -> Members:
    """Take over function and rules, and begin a rotation unless it is asked not to."""
    secret = _found(caller, request)
    function = request.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        raise RefusedError(
            "InvalidRequestException", "No Lambda rotation function ARN is associated with it."
        )
    _check_may_invoke(caller, function)
    secret["RotationLambdaARN"], secret["RotationEnabled"] = function, True
    if request.get("RotationRules"):
        secret["RotationRules"] = dict(request["RotationRules"])
    named = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if not request.get("RotateImmediately", True):
        return named
    token = request.get("ClientRequestToken") or str(uuid.uuid4())
    waits = pending(secret)
    if waits and waits != token:
        _begin(caller, secret, waits)
        raise RefusedError("InvalidRequestException", UNFINISHED)
    if token not in secret["Versions"]:
        for version in secret["Versions"].values():
            version["Stages"] = [stage for stage in version["Stages"] if stage != PENDING]
        secret["Versions"][token] = {
            "SecretString": None,
            "SecretBinary": None,
            "CreatedDate": int(time.time()),
            "Stages": [PENDING],
        }
        _begin(caller, secret, token)
    return {**named, "VersionId": token}


@answers("secretsmanager", "CancelRotateSecret")
def cancel(caller: Caller, request: Members) -> Members:
    """Let a secret rotate no more; what a rotation has left pending stays so."""
    secret = _found(caller, request)
    secret["RotationEnabled"] = False
    waits = pending(secret)
    named = {"ARN": secret["ARN"], "Name": secret["Name"]}
    return {**named, "VersionId": waits} if waits else named


def _found(caller: Caller, request: Mapping[str, Any]) -> Members:
    from ministack.services import secretsmanager

    with _scope(caller):
        secret: Members | None = secretsmanager._resolve(request.get("SecretId"))[1]
    if secret is None:
        raise RefusedError(
            "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
        )
    if secret.get("DeletedDate"):
        raise RefusedError("InvalidRequestException", "The secret was marked for deletion.")
    if secretsmanager._is_replica(secret):
        raise RefusedError("InvalidRequestException", "A replica secret does not rotate.")
    return secret


def _check_may_invoke(caller: Caller, function: str) -> None:
    """Raise RefusedError unless the function's own policy lets Secrets Manager call it."""
    with _scope(caller):
        functions = client("lambda", caller=SERVICE)
    try:
        policy = json.loads(functions.get_policy(FunctionName=function)["Policy"])
    except ClientError:
        raise RefusedError("AccessDeniedException", NOT_INVOKED) from None
    for statement in policy["Statement"]:
        principal = statement.get("Principal")
        services = principal.get("Service") if isinstance(principal, dict) else principal
        if statement.get("Effect") == "Allow" and SERVICE in (services, *_listed(services)):
            return
    raise RefusedError("AccessDeniedException", NOT_INVOKED)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# --- One rotation, on a thread of its own ---


def _begin(caller: Caller, secret: Members, token: str) -> None:
    """Begin or take up a rotation, unless it is at work."""
    with _LOCK:
        if (secret["ARN"], token) in _AT_WORK:
            return
        _AT_WORK.add((secret["ARN"], token))
    threading.Thread(target=_attempts, args=(caller, secret, token), daemon=True).start()


def _attempts(caller: Caller, secret: Members, token: str) -> None:
    try:
        for pause in (0.0, *PAUSES):
            time.sleep(pause)
            # Abandoned, cancelled or deleted meanwhile: there is nothing to rotate any more.
            if not secret["RotationEnabled"] or pending(secret) != token:
                return
            _tell(caller, "RotationStarted", secret["ARN"])
            if _is_done(caller, secret, token):
                secret["LastRotatedDate"] = int(time.time())
                _tell(caller, "RotationSucceeded", secret["ARN"])
                return
            _tell(caller, "RotationFailed", secret["ARN"])
    finally:
        with _LOCK:
            _AT_WORK.discard((secret["ARN"], token))


def _is_done(caller: Caller, secret: Members, token: str) -> bool:
    """Call each step; whether all succeeded and the version is the current one."""
    with _scope(caller):
        functions = client("lambda", patience_seconds=FUNCTION_SECONDS, caller=SERVICE)
    for step in STEPS:
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token}
        try:
            told = functions.invoke(
                FunctionName=secret["RotationLambdaARN"], Payload=json.dumps(event).encode()
            )
        except (BotoCoreError, ClientError):
            return False
        if told.get("FunctionError"):
            return False
    return CURRENT in secret["Versions"].get(token, {}).get("Stages", [])


def _tell(caller: Caller, name: str, arn: str) -> None:
    for tell in TOLD:
        tell(caller, name, arn)


def _abandoned(arn: str, _version: str) -> None:
    region, account = arn.split(":")[3:5]
    _tell(Caller(account, region), "RotationAbandoned", arn)


ABANDONED.append(_abandoned)


def _scope(caller: Caller) -> Any:  # noqa: ANN401 - ministack's context manager
    from ministack.core.responses import request_scope

    return request_scope(caller.account, caller.region)


# --- What is told of it ---


@PATCHES.wrap(MANAGER, "_describe_secret", parameters=("data",))
def describe(original: Function, data: Members) -> Answer:
    """Tell when a secret was rotated last, and when it is to be rotated next."""
    from ministack.services import secretsmanager

    answer: Answer = original(data)
    if answer[0] != 200:
        return answer
    told = json.loads(answer[2])
    dated: Answer = secretsmanager.json_response(told | _dates(told["Name"]))
    return dated


@PATCHES.wrap(MANAGER, "_list_secrets", parameters=("data",))
def list_secrets(original: Function, data: Members) -> Answer:
    """Tell of each secret how it rotates, which ministack tells by DescribeSecret alone."""
    from ministack.services import secretsmanager

    answer: Answer = original(data)
    if answer[0] != 200:
        return answer
    told = json.loads(answer[2])
    for each in told["SecretList"]:
        secret = secretsmanager._secrets[each["Name"]]
        kept = ("KmsKeyId", "RotationLambdaARN", "RotationRules")
        each |= {name: secret[name] for name in kept if secret.get(name)}
        each |= _dates(each["Name"])
    listed: Answer = secretsmanager.json_response(told)
    return listed


def _dates(name: str) -> dict[str, int]:
    """Return both dates in seconds, where there are any; a cron expression's are not computed."""
    from ministack.services import secretsmanager

    secret = secretsmanager._secrets[name]
    last = secret.get("LastRotatedDate")
    dates = {"LastRotatedDate": int(last)} if last else {}
    seconds = _every(secret.get("RotationRules") or {})
    if secret.get("RotationEnabled") and seconds:
        dates["NextRotationDate"] = int(last or secret["LastChangedDate"]) + seconds
    return dates


def _every(rules: Mapping[str, Any]) -> int:
    if rules.get("AutomaticallyAfterDays"):
        return int(rules["AutomaticallyAfterDays"]) * SECONDS["day"]
    rate = _RATE.fullmatch(rules.get("ScheduleExpression", ""))
    return int(rate[1]) * SECONDS[rate[2]] if rate else 0
