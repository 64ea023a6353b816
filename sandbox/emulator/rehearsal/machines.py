"""Calls that state machines make by `aws-sdk`: sent to the emulator as anybody's are.

ministack hands them to its own services past its gateway, so neither a rehearsal's answers nor the
trail would know of them. Here each goes in a session of its machine's role.
"""

from __future__ import annotations

import contextvars
import functools
import hashlib
import os
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from sandbox.emulator.client import PATIENCE_SECONDS
from sandbox.emulator.patching import PATCHES, Function

MACHINES, STS = "ministack.services.stepfunctions", "ministack.services.sts"
Members = dict[str, Any]
# What botocore calls a service that state machines call otherwise.
NAMES = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}
_ROLE: contextvars.ContextVar[str] = contextvars.ContextVar("role", default="")

PATCHES.needs(
    MACHINES,
    "_ExecutionError",
    "_executions",
    "_prefix_sdk_error",
    "_sdk_json_params",
    "_sdk_json_result",
    "_state_machines",
)
PATCHES.needs(STS, "register_session")
PATCHES.needs("ministack.core.responses", "get_account_id", "get_region")


@PATCHES.wrap(MACHINES, "_run_execution", parameters=("exec_arn",))
def run_execution(original: Function, exec_arn: str) -> None:
    """Let every call of an execution know whose role it is made in."""
    from ministack.services import stepfunctions

    execution = stepfunctions._executions.get(exec_arn) or {}
    machine = stepfunctions._state_machines.get(execution.get("stateMachineArn", "")) or {}
    _ROLE.set(str(machine.get("roleArn", "")))
    original(exec_arn)


@PATCHES.wrap(
    MACHINES,
    "_dispatch_aws_sdk_json",
    parameters=("service_info", "service_name", "action", "input_data"),
)
def call(
    _original: Function, service_info: Members, service_name: str, action: str, input_data: Members
) -> Any:  # noqa: ANN401 - what the state is given
    """Make the call over the emulator's own door; an error has the name that machines catch."""
    from ministack.services import stepfunctions

    key = service_info.get("service_key", service_name)
    name = action[:1].upper() + action[1:]
    client = _client(NAMES.get(service_name, service_name), *_session())
    methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}
    given = stepfunctions._sdk_json_params(service_info, key, name, input_data)
    try:
        told = getattr(client, methods[name])(**given)
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise stepfunctions._ExecutionError(
            stepfunctions._prefix_sdk_error(service_name, code), said
        ) from None
    except BotoCoreError as error:
        raise stepfunctions._ExecutionError("States.TaskFailed", str(error)) from None
    told.pop("ResponseMetadata", None)
    return stepfunctions._sdk_json_result(key, name, _plain(told))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any answer
    """Write times as the wire has them: in seconds."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.timestamp() if hasattr(value, "timestamp") else value


def _session() -> tuple[str, str]:
    """Return the access key of a session of the machine's role, and the region."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import sts

    account, role = get_account_id(), _ROLE.get().rpartition("/")[2]
    if not role:
        return account, get_region()
    key = "ASIA" + hashlib.sha256(f"{account}/{role}/states".encode()).hexdigest()[:16].upper()
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/states"
    sts.register_session(key, {"Arn": arn, "UserId": f"{role}:states"})
    return key, get_region()


@functools.cache
def _client(service: str, key: str, region: str) -> Any:  # noqa: ANN401 - made at run time
    return Session().create_client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        aws_access_key_id=key,
        aws_secret_access_key="sandbox",  # noqa: S106 - no secret: the emulator checks none
        aws_session_token="sandbox" if key.startswith("ASIA") else None,
        config=Config(read_timeout=PATIENCE_SECONDS, retries={"total_max_attempts": 1}),
    )
