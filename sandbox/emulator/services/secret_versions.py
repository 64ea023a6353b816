"""Versions of secrets and their stages: where ministack's differ from those of Secrets Manager.

A token that comes again makes no second version, a stage is on one version alone, a version that
waits for its value has none to give, and one that no stage names is not listed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

MANAGER = "ministack.services.secretsmanager"
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
Members = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
VALUE = ("SecretString", "SecretBinary")
# Told of a rotation that a new value by hand puts an end to, by the secret's ARN and the version.
ABANDONED: list[Callable[[str, str], None]] = []

PATCHES.needs(
    MANAGER,
    "_find_stage_version",
    "_remove_stage_everywhere",
    "_resolve",
    "error_response_json",
    "json_response",
)


def pending(secret: Members) -> str:
    """Return the version that is pending and not current; an empty text if there is none."""
    for version, kept in secret["Versions"].items():
        if PENDING in kept["Stages"] and CURRENT not in kept["Stages"]:
            return str(version)
    return ""


def has_value(version: Members) -> bool:
    """Whether a version was given its value: one that a rotation begins with was not."""
    return any(version.get(name) is not None for name in VALUE)


def secret_of(data: Members) -> Members | None:
    """Return ministack's own record of the secret that a request means."""
    from ministack.services import secretsmanager

    found: Members | None = secretsmanager._resolve(data.get("SecretId"))[1]
    return found


@PATCHES.wrap(MANAGER, "_put_secret_value", parameters=("data",))
def put_value(original: Function, data: Members) -> Answer:
    """Put a value once for a token, and take its stages away from other versions."""
    from ministack.services import secretsmanager

    secret = secret_of(data)
    if secret is None:
        refused: Answer = original(data)
        return refused
    token, asked = data.get("ClientRequestToken", ""), data.get("VersionStages")
    known = secret["Versions"].get(token)
    if known and has_value(known):
        if any(known.get(name) != data.get(name) for name in VALUE):
            return _refusal("ResourceExistsException", f"version {token} has another value")
        return _told(secret, token)
    is_first = not secret["Versions"]
    waits = pending(secret)
    stages = [*(asked or [CURRENT])]
    if is_first and CURRENT not in stages:
        stages.append(CURRENT)
    answer: Answer = original({**data, "VersionStages": stages})
    if answer[0] != 200:
        return answer
    version = json.loads(answer[2])["VersionId"]
    kept = secret["Versions"][version]
    for stage in stages:
        secretsmanager._remove_stage_everywhere(secret, stage, except_version_id=version)
        if stage not in kept["Stages"]:
            kept["Stages"].append(stage)
    if CURRENT in stages:
        _abandon(secret, waits, version)
    return _told(secret, version)


@PATCHES.wrap(MANAGER, "_update_secret", parameters=("data",))
def update_secret(original: Function, data: Members) -> Answer:
    """Let a new value put an end to a rotation that waits."""
    secret = secret_of(data)
    waits = pending(secret) if secret else ""
    answer: Answer = original(data)
    if secret and answer[0] == 200 and "VersionId" in json.loads(answer[2]):
        _abandon(secret, waits, json.loads(answer[2])["VersionId"])
    return answer


def _abandon(secret: Members, waits: str, version: str) -> None:
    """Take AWSPENDING off every other version; tell if a rotation was waiting for its end there."""
    from ministack.services import secretsmanager

    secretsmanager._remove_stage_everywhere(secret, PENDING, except_version_id=version)
    if waits in ("", version):
        return
    for tell in ABANDONED:
        # Off ministack's event loop, which answers this request.
        threading.Thread(target=tell, args=(secret["ARN"], waits), daemon=True).start()


@PATCHES.wrap(MANAGER, "_get_secret_value", parameters=("data",))
def get_value(original: Function, data: Members) -> Answer:
    """Give no value of a version that has none yet, nor of one that its stage does not name."""
    answer: Answer = original(data)
    if answer[0] != 200:
        return answer
    told = json.loads(answer[2])
    stage = data.get("VersionStage")
    if data.get("VersionId") and stage and stage not in told["VersionStages"]:
        return _refusal(
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.",
        )
    if not has_value(told):
        return _refusal(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: "
            f"{stage or CURRENT}",
        )
    return answer


@PATCHES.wrap(MANAGER, "_list_secret_version_ids", parameters=("data",))
def list_versions(original: Function, data: Members) -> Answer:
    """List what no stage names only where it is asked for."""
    answer: Answer = original(data)
    if answer[0] != 200 or data.get("IncludeDeprecated"):
        return answer
    told = json.loads(answer[2])
    told["Versions"] = [each for each in told["Versions"] if each["VersionStages"]]
    return _json(told)


def _told(secret: Members, version: str) -> Answer:
    stages = list(secret["Versions"][version]["Stages"])
    named = {"ARN": secret["ARN"], "Name": secret["Name"]}
    return _json({**named, "VersionId": version, "VersionStages": stages})


def _json(told: Members) -> Answer:
    from ministack.services import secretsmanager

    answer: Answer = secretsmanager.json_response(told)
    return answer


def _refusal(code: str, message: str) -> Answer:
    from ministack.services import secretsmanager

    answer: Answer = secretsmanager.error_response_json(code, message, 400)
    return answer
