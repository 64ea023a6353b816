"""Commands that do not get as far as AWS: one line that says what, where, why, what to do."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from runbook.cli import app
from runbook.model.loader import load_environment
from runbook.operations.account import Account
from tests.operations.aws import ACTOR, Aws, Fault
from tests.operations.faults import try_again_at_once

SERVICE = "rovn/production --service passport-api"
COMMANDS = [
    "status rovn/production",
    "freeze rovn/production --reason x --yes",
    "unfreeze rovn/production --yes",
    "unfreeze rovn/production --dry-run",
    f"rollback {SERVICE} --yes",
    f"restart {SERVICE} --yes",
    f"migrations {SERVICE} --yes",
    f"release deploy {SERVICE} --image-tag x --yes",
    f"release verify {SERVICE} --image-tag x",
    "secrets rovn/production",
    "rotate rovn/production --secret admin-token --now --yes",
    "audit list rovn/production",
    "audit show rovn/production releases/x.json",
]
SECRET = "wJalr-not-a-real-key"  # noqa: S105
# No machine gives this port to whoever asks for a free one, so nobody listens there.
NOBODY = "http://127.0.0.1:9"
Prepare = Callable[[pytest.MonkeyPatch, Path], None]


def settings(text: str, *, keys: bool = False, **variables: str) -> Prepare:
    """Write ~/.aws/config, and set variables; without ``keys`` no key is in one."""

    def prepare(patched: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / "config").write_text(text)
        patched.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            if not keys:
                patched.delenv(name)
        for name, value in variables.items():
            patched.setenv(name, value)

    return prepare


def no_names(patched: pytest.MonkeyPatch, _: Path) -> None:
    """Let no name be found."""

    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    patched.setattr(socket, "getaddrinfo", fails)


NO_AWS: dict[str, tuple[Prepare, str, str]] = {
    "no credentials": (settings(""), "NoCredentialsError", "sign in"),
    "half of a key": (
        settings("", AWS_ACCESS_KEY_ID="AKIA"),
        "PartialCredentialsError",
        "mend this machine's AWS settings",
    ),
    "no such profile": (settings("", AWS_PROFILE="nowhere"), "ProfileNotFound", "sign in"),
    "a broken file": (settings("no [section"), "ConfigParseError", "mend this machine's"),
    "no such process": (
        settings("[default]\ncredential_process = /no/such/thing"),
        "FileNotFoundError: No such file",
        "mend this machine's",
    ),
    "a process that says no JSON": (
        settings(f"[default]\ncredential_process = echo {SECRET}"),
        "a value has not its form",
        "mend this machine's",
    ),
    "an address that is none": (
        settings("", keys=True, AWS_ENDPOINT_URL="nowhere"),
        "a value has not its form",
        "mend this machine's",
    ),
    "a token of two lines": (
        settings(
            "",
            keys=True,
            AWS_SESSION_TOKEN=f"{SECRET}\nx",
            AWS_ENDPOINT_URL=NOBODY,
        ),
        "a header cannot be sent",
        "run the same command again",
    ),
    "refused": (
        settings("", keys=True, AWS_ENDPOINT_URL=NOBODY),
        "EndpointConnectionError",
        "reaches AWS",
    ),
    "no names": (no_names, "EndpointConnectionError", "reaches AWS"),
}


def demand_one_line(command: str, why: str, fix: str) -> str:
    """Run it: exit code 2, and one line on the standard error that has both."""
    ran = CliRunner().invoke(app, command.split())
    assert isinstance(ran.exception, SystemExit), ran.exception
    assert ran.exit_code == 2
    (line,) = ran.stderr.splitlines()
    assert "rovn/production" in line
    assert why in line
    assert fix in line
    assert re.search(r"Nothing was changed\. Now: |is refused: ", line)
    assert not {word for word in ("Traceback", SECRET) if word in ran.output}
    return line


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    try_again_at_once(monkeypatch)


@pytest.mark.parametrize("state", NO_AWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_machine_that_cannot_ask(
    command: str, state: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare, why, fix = NO_AWS[state]
    prepare(monkeypatch, tmp_path)
    line = demand_one_line(command, why, fix)
    assert "(account 111122223333, us-east-2)" in line


REFUSED: dict[str, tuple[Fault, str]] = {
    "expired": (("ExpiredToken", "The security token included in the request is expired"), "sign"),
    "unknown key": (("InvalidClientTokenId", "The security token is invalid"), "sign in"),
    "denied": (("AccessDenied", "no"), "docs/decisions/0015 says who may"),
    "too fast": (("ThrottlingException", "Rate exceeded"), "wait a minute"),
}


@pytest.mark.parametrize("state", REFUSED)
@pytest.mark.parametrize("command", COMMANDS)
def test_aws_that_lets_nobody_in(
    command: str, state: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, fix = REFUSED[state]
    assert isinstance(fault, tuple)
    aws.faults["GetCallerIdentity"] = [fault]
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    demand_one_line(command, f"GetCallerIdentity: {fault[0]}: {fault[1]}", fix)


@pytest.mark.parametrize("state", REFUSED)
def test_machines_are_told_what_to_do_as_well(
    state: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, fix = REFUSED[state]
    aws.faults["GetCallerIdentity"] = [fault]
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    ran = CliRunner().invoke(app, ["status", "rovn/production", "--json"])
    assert fix in json.loads(ran.stdout)["failure"]["fix"]


@pytest.mark.parametrize("command", COMMANDS)
def test_another_account_is_told_nothing_and_tells_nothing(
    command: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.signed_in = "999988887777"
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    demand_one_line(command, "of the account 999988887777", "sign in to 111122223333")
    assert set(aws.calls) == {"GetCallerIdentity"}


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_the_environments_whatever_the_machine_says(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "eu-west-1")
    client = Account(load_environment("rovn/production")).client("ecs")
    assert client.meta.region_name == "us-east-2"


@pytest.mark.parametrize(
    ("service", "call", "parameters", "action"),
    [
        ("s3", "list_objects_v2", {"Bucket": "x"}, "s3:ListBucket"),
        ("cloudwatch", "describe_alarms", {}, "cloudwatch:DescribeAlarms"),
        ("stepfunctions", "list_state_machines", {}, "states:ListStateMachines"),
        ("cloudformation", "describe_stacks", {}, "cloudformation:DescribeStacks"),
    ],
)
def test_a_refusal_names_who_and_the_action_as_iam_does(
    aws: Aws, service: str, call: str, parameters: dict[str, str], action: str
) -> None:
    account = Account(aws.environment, aws.session())
    account.identity()
    client = account.client(service)
    aws.faults[client.meta.method_to_api_mapping[call]] = [("AccessDenied", "Access Denied")]
    with pytest.raises(ClientError, match=re.escape(f"({ACTOR} may not {action})")):
        getattr(client, call)(**parameters)


def test_what_aws_itself_says_of_who_is_not_said_twice(aws: Aws) -> None:
    account = Account(aws.environment, aws.session())
    said = "User: x is not authorized to perform: ecs:DescribeServices on resource: y"
    aws.faults["DescribeServices"] = [("AccessDeniedException", said)]
    with pytest.raises(ClientError, match=re.escape(said) + "$"):
        account.client("ecs").describe_services(services=["x"])
