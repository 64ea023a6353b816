"""Who called, as far as the emulator knows it: by the access key, or by a service's own word.

A twelve-digit key is the account itself. Keys of users and of sessions are known to ministack; each
function gets a session of its role, as on AWS. Nobody's permissions are checked.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sandbox.emulator.client import INVOKED_BY
from sandbox.emulator.patching import PATCHES, Function

EVALUATOR = "ministack.core.iam_evaluator"
IAM, STS = "ministack.services.iam", "ministack.services.sts"
RUNTIMES = ("ministack.core.lambda_runtime", "ministack.services.lambda_svc")
Members = dict[str, Any]
_INVOKED_BY = re.compile(rf"{INVOKED_BY}/([a-z]+\.amazonaws\.com)")
_SESSION = re.compile(r"arn:aws:sts::[0-9]{12}:assumed-role/([^/]+)/.+")

PATCHES.needs(EVALUATOR, "resolve_caller_identity")
PATCHES.needs(IAM, "_roles")
PATCHES.needs(STS, "register_session")


def identity_of(place: tuple[str, str], key: str, agent: str) -> tuple[Members, str]:
    """Return CloudTrail's `userIdentity`, and a service's name where a service called."""
    from ministack.core.iam_evaluator import resolve_caller_identity
    from ministack.core.responses import request_scope
    from ministack.services import iam

    if service := _INVOKED_BY.search(agent):
        return {"type": "AWSService", "invokedBy": service[1]}, service[1]
    account = place[0]
    with request_scope(*place):
        known = resolve_caller_identity(key) or {}
        arn = str(known.get("userArn") or f"arn:aws:iam::{account}:root")
        role = iam._roles.get(session[1]) if (session := _SESSION.fullmatch(arn)) else None
    base = {"principalId": known.get("userId", account), "arn": arn, "accountId": account}
    if not session:
        return {"type": "IAMUser" if ":user/" in arn else "Root", **base}, ""
    issuer = {
        "type": "Role",
        "arn": role["Arn"] if role else f"arn:aws:iam::{account}:role/{session[1]}",
        "accountId": account,
        "userName": session[1],
    }
    return {"type": "AssumedRole", **base, "sessionContext": {"sessionIssuer": issuer}}, ""


def with_session(original: Function, config: Members) -> dict[str, str]:
    """Give a function a session of its own role, by which its calls are known."""
    from ministack.services import sts

    given: dict[str, str] = original(config)
    account, role = given["AWS_ACCESS_KEY_ID"], str(config.get("Role", "")).rpartition("/")[2]
    name = str(config.get("FunctionName", ""))
    if not role:
        return given
    key = "ASIA" + hashlib.sha256(f"{account}/{role}/{name}".encode()).hexdigest()[:16].upper()
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    sts.register_session(key, {"Arn": arn, "UserId": f"{role}:{name}"})
    return {**given, "AWS_ACCESS_KEY_ID": key, "AWS_SESSION_TOKEN": "sandbox"}


for _module in RUNTIMES:
    PATCHES.wrap(_module, "execution_credentials", parameters=("config",))(with_session)
