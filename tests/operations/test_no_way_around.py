"""No command reaches AWS beside the account, and nothing but the protocol lets it write."""

import ast
from pathlib import Path

import boto3
import pytest

from runbook.model.loader import load_environment
from runbook.operations.account import Account, WriteOutsideProtocolError
from tests.assembly import ROOT
from tests.operations.aws import Aws

SOURCES = sorted((ROOT / "runbook").rglob("*.py"))
# Data of the SDK, no calls: every region and its zones.
DATA_ONLY = {"runbook/model/location.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    return names | {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }


@pytest.mark.clause("ROVN-DEP-8")
def test_one_module_makes_clients() -> None:
    ways = {"boto3", "botocore.session", "subprocess", "urllib.request", "http.client", "socket"}
    makers = {name(path) for path in SOURCES if imported(path) & (ways | {"urllib3"})} - DATA_ONLY
    # And two that ask what is not AWS: a server, with GET alone, and git.
    assert makers == {
        "runbook/operations/account.py",
        "runbook/operators/web.py",
        "runbook/working_tree.py",
    }
    web = (ROOT / "runbook/operators/web.py").read_text("utf-8")
    assert web.count(".request(") == 1
    assert '"GET",' in web
    tree = (ROOT / "runbook/working_tree.py").read_text("utf-8")
    assert tree.count("subprocess.run(") == 1
    assert 'command = ["git", ' in tree


@pytest.mark.clause("ROVN-DEP-8")
def test_one_module_opens_them_for_writing() -> None:
    def opens(path: Path) -> bool:
        tree = ast.parse(path.read_text("utf-8"))
        touched = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        return bool(touched & {"writing", "_open", "_guard", "unregister"})

    openers = {name(path) for path in SOURCES if opens(path)}
    assert openers == {"runbook/operations/account.py", "runbook/operations/protocol.py"}


def called(path: Path) -> set[str]:
    """Names of methods of AWS clients that a module calls, or hands on as text."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def services() -> set[str]:
    """Every service that a module under ``runbook`` may make a client of."""
    known = set(boto3.Session().get_available_services())
    return known & {text for path in SOURCES for text in called(path)}


def writes() -> set[tuple[str, str]]:
    """Every call of the sources that is no reading: the service, and the client's method."""
    account = Account(load_environment("rovn/production"), Aws(ENVIRONMENT).session())
    words = {word for path in SOURCES for word in called(path)}
    return {
        (service, method)
        for service in services()
        for method, operation in account.client(service).meta.method_to_api_mapping.items()
        if method in words and not operation.startswith(("BatchGet", "Describe", "Get", "List"))
    }


ENVIRONMENT = load_environment("rovn/production")
# They make, or drop, what changes nothing before it is executed.
PREVIEWS = {("cloudformation", "create_change_set"), ("cloudformation", "delete_change_set")}


@pytest.mark.clause("ROVN-DEP-8")
def test_every_write_of_the_sources_is_refused_outside_the_protocol() -> None:
    found = writes()
    assert found >= PREVIEWS | {
        ("cloudformation", "execute_change_set"),
        ("ecs", "run_task"),
        ("ecs", "stop_service_deployment"),
        ("ecs", "update_service"),
        ("s3", "put_object"),
        ("secretsmanager", "put_secret_value"),
        ("secretsmanager", "rotate_secret"),
        ("secretsmanager", "update_secret_version_stage"),
        ("ssm", "put_parameter"),
    }, "the search finds what is known to be there"
    aws = Aws(ENVIRONMENT)
    account = Account(ENVIRONMENT, aws.session())
    for service, method in sorted(found - PREVIEWS):
        with pytest.raises(WriteOutsideProtocolError):
            getattr(account.client(service), method)()
    assert not aws.calls


CALLS = {
    "cloudformation": ("execute_change_set", {"ChangeSetName": "x"}),
    "ecs": ("update_service", {"service": "x"}),
    "s3": ("put_object", {"Bucket": "x", "Key": "y"}),
    "ssm": ("put_parameter", {"Name": "x", "Value": "y"}),
    "rds": ("delete_db_instance", {"DBInstanceIdentifier": "x"}),
    "lambda": ("invoke", {"FunctionName": "x"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "x"}),
}


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize("service", CALLS)
def test_a_write_outside_the_protocol_never_leaves(service: str) -> None:
    aws = Aws(load_environment("rovn/production"))
    call, parameters = CALLS[service]
    client = Account(aws.environment, aws.session()).client(service)
    with pytest.raises(WriteOutsideProtocolError):
        getattr(client, call)(**parameters)
    assert not aws.calls


@pytest.mark.clause("ROVN-DEP-8")
def test_nor_does_one_in_another_region() -> None:
    aws = Aws(load_environment("rovn/production"))
    client = Account(aws.environment, aws.session()).client("rds", "us-west-2")
    assert client.meta.region_name == "us-west-2"
    with pytest.raises(WriteOutsideProtocolError):
        client.delete_db_instance(DBInstanceIdentifier="x")
    assert not aws.calls


@pytest.mark.clause("ROVN-DEP-8")
def test_reading_secrets_in_batches_is_no_way_round() -> None:
    aws = Aws(load_environment("rovn/production"))
    with pytest.raises(WriteOutsideProtocolError):
        Account(aws.environment, aws.session()).client("secretsmanager").batch_get_secret_value()
    assert not aws.calls


def test_within_the_protocol_it_may_write_and_afterwards_no_more() -> None:
    aws = Aws(load_environment("rovn/production"))
    account = Account(aws.environment, aws.session())
    aws.change_sets["x"] = {"ChangeSetId": "x"}
    cloudformation = account.client("cloudformation")
    with account.writing():
        cloudformation.execute_change_set(ChangeSetName="x")
    with pytest.raises(WriteOutsideProtocolError):
        cloudformation.execute_change_set(ChangeSetName="x")


def test_a_secret_is_never_read_not_even_by_an_operation() -> None:
    aws = Aws(load_environment("rovn/production"))
    account = Account(aws.environment, aws.session())
    with account.writing(), pytest.raises(WriteOutsideProtocolError):
        account.client("secretsmanager").get_secret_value(SecretId="x")
