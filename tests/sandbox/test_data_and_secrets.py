"""A database and its secrets: deployed and compared, changed behind the stack's back, and found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runbook.deployed.difference import Difference
from tests.sandbox.loopback import free_port
from tests.sandbox.test_sandbox import ENVIRONMENT, Running, run

pytestmark = pytest.mark.sandbox

INSTANCE = "AWS::RDS::DBInstance"
PARAMETERS = "AWS::RDS::DBParameterGroup"
SUBNETS = "AWS::RDS::DBSubnetGroup"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - the name of a type
POLICY = "AWS::SecretsManager::ResourcePolicy"
ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
# Members of values that are secret; the others are names, ids, times and public halves of keys.
SECRET_MEMBERS = {"password", "previous", "private", "seed", "token"}
CANARY = "canary-7f3b/@"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    port = free_port()
    done = run(folder, "up", "--environment", ENVIRONMENT, "--port", str(port))
    try:
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        (folder / "stdout").write_text(done.stdout, "utf-8")
        yield Running(folder, port)
    finally:
        run(folder, "down")


def test_no_value_of_a_secret_is_written_anywhere(running: Running) -> None:
    values = [text for text in (value(running, arn) for arn in arns(running)) if text]
    words = [word for text in values for word in words_of(text)]
    assert len(values) > 1
    assert len(set(words)) == len(words) >= len(values), "every value is another"
    paths = [path for path in running.folder.rglob("*") if path.is_file()]
    assert {"stdout", "emulator.log", "cdk-deploy.log"} <= {path.name for path in paths}
    for path in paths:
        content = path.read_bytes()
        assert [word for word in words if word.encode() in content] == [], path


def test_a_secret_is_known_by_its_arn_as_on_aws(running: Running) -> None:
    for arn in arns(running):
        assert arn.startswith("arn:aws:secretsmanager:")
    assert arns(running).count(running.physical_ids(ATTACHMENT)[0]) == 1


def test_a_secret_declared_without_a_value_has_none(running: Running) -> None:
    declared = [
        resource["Properties"]
        for stack in running.stacks
        for resource in stack.template["Resources"].values()
        if resource["Type"] == SECRET
    ]
    # The sandbox supplies the pager's address itself: topics subscribe it.
    supplied = "/pager-address"
    without = [
        each
        for each in declared
        if "GenerateSecretString" not in each and not each["Name"].endswith(supplied)
    ]
    assert [value(running, arn) for arn in arns(running)].count(None) == len(without) > 0


def words_of(text: str) -> list[str]:
    """Return what of a secret's text nobody may see: all of an address, parts of what is JSON."""
    return [text] if text.startswith("https://") else secret_words(json.loads(text))


def secret_words(found: object, name: str = "") -> list[str]:
    """Return what of a secret's value nobody may see, wherever it stands in it."""
    if isinstance(found, dict):
        return [word for key, item in found.items() for word in secret_words(item, key)]
    if isinstance(found, list):
        return [word for item in found for word in secret_words(item, name)]
    return [found] if name in SECRET_MEMBERS and isinstance(found, str) and found else []


def arns(running: Running) -> list[str]:
    return running.physical_ids(SECRET)


def value(running: Running, arn: str) -> str | None:
    secretsmanager = running.client("secretsmanager")
    try:
        return str(secretsmanager.get_secret_value(SecretId=arn)["SecretString"])
    except secretsmanager.exceptions.ResourceNotFoundException:
        return None


def generated(running: Running) -> list[str]:
    """Return the secrets whose values are as generated, but for that of the database's master.

    What a rotation made meanwhile is not.
    """
    master = running.physical_ids(ATTACHMENT)
    manager = running.client("secretsmanager")
    return [
        arn
        for arn in arns(running)
        if arn not in master
        and value(running, arn)
        and "LastRotatedDate" not in manager.describe_secret(SecretId=arn)
    ]


def modify(running: Running, **settings: Any) -> None:  # noqa: ANN401 - RDS's own
    running.client("rds").modify_db_instance(
        DBInstanceIdentifier=running.physical_ids(INSTANCE)[0], ApplyImmediately=True, **settings
    )


def drop_deletion_protection(running: Running) -> None:
    modify(running, DeletionProtection=False)


def keep_backups_for_a_day(running: Running) -> None:
    modify(running, BackupRetentionPeriod=1)


def open_to_the_internet(running: Running) -> None:
    modify(running, PubliclyAccessible=True)


def stop_exporting_logs(running: Running) -> None:
    modify(running, CloudwatchLogsExportConfiguration={"DisableLogTypes": ["upgrade"]})


def stop_performance_insights(running: Running) -> None:
    modify(running, EnablePerformanceInsights=False)


def replicate_backups_under_another_key(running: Running) -> None:
    database = running.client("rds").describe_db_instances()["DBInstances"][0]
    [replication] = database["DBInstanceAutomatedBackupsReplications"]
    region = replication["DBInstanceAutomatedBackupsArn"].split(":")[3]
    source = database["DBInstanceArn"]
    there = Running(running.folder, running.port, region)
    there.client("rds").stop_db_instance_automated_backups_replication(SourceDBInstanceArn=source)
    key = there.client("kms").create_key()["KeyMetadata"]["Arn"]
    there.client("rds").start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=source, KmsKeyId=key, BackupRetentionPeriod=2
    )


def accept_connections_without_tls(running: Running) -> None:
    change = {
        "ParameterName": "rds.force_ssl",
        "ParameterValue": "0",
        "ApplyMethod": "pending-reboot",
    }
    running.client("rds").modify_db_parameter_group(
        DBParameterGroupName=running.physical_ids(PARAMETERS)[0], Parameters=[change]
    )


def take_a_subnet_away(running: Running) -> None:
    rds, name = running.client("rds"), running.physical_ids(SUBNETS)[0]
    [group] = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    subnets = [subnet["SubnetIdentifier"] for subnet in group["Subnets"]]
    rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=subnets[1:])


def remove_a_resource_policy(running: Running) -> None:
    running.client("secretsmanager").delete_resource_policy(SecretId=arns(running)[0])


def encrypt_under_another_key(running: Running) -> None:
    key = running.client("kms").create_key()["KeyMetadata"]["Arn"]
    running.client("secretsmanager").update_secret(SecretId=arns(running)[1], KmsKeyId=key)


def tag_a_secret(running: Running) -> None:
    tags = [{"Key": "runbook:owner", "Value": "somebody"}]
    running.client("secretsmanager").tag_resource(SecretId=arns(running)[2], Tags=tags)


def choose_a_password(running: Running) -> None:
    arn = next(arn for arn in generated(running) if str(value(running, arn)).startswith("{"))
    chosen = json.loads(str(value(running, arn))) | {"password": CANARY}
    running.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=json.dumps(chosen))


def point_the_master_elsewhere(running: Running) -> None:
    [arn] = running.physical_ids(ATTACHMENT)
    elsewhere = json.loads(str(value(running, arn))) | {"host": CANARY}
    running.client("secretsmanager").put_secret_value(
        SecretId=arn, SecretString=json.dumps(elsewhere)
    )


CHANGES: dict[Callable[[Running], None], set[tuple[str, str]]] = {
    drop_deletion_protection: {(INSTANCE, "DeletionProtection")},
    keep_backups_for_a_day: {(INSTANCE, "BackupRetentionPeriod")},
    open_to_the_internet: {(INSTANCE, "PubliclyAccessible")},
    stop_exporting_logs: {(INSTANCE, "EnableCloudwatchLogsExports")},
    stop_performance_insights: {(INSTANCE, "EnablePerformanceInsights")},
    replicate_backups_under_another_key: {
        (INSTANCE, "AutomaticBackupReplicationKmsKeyId"),
        (INSTANCE, "AutomaticBackupReplicationRetentionPeriod"),
    },
    accept_connections_without_tls: {(PARAMETERS, "Parameters.rds.force_ssl")},
    take_a_subnet_away: {(SUBNETS, "SubnetIds")},
    remove_a_resource_policy: {(POLICY, "")},
    encrypt_under_another_key: {(SECRET, "KmsKeyId")},
    tag_a_secret: {(SECRET, "Tags")},
    choose_a_password: {
        (SECRET, "GenerateSecretString.ExcludeCharacters"),
        (SECRET, "GenerateSecretString.PasswordLength"),
    },
    point_the_master_elsewhere: {(ATTACHMENT, "")},
}


@pytest.fixture(scope="module")
def found(running: Running) -> list[Difference]:
    """Return what a comparison finds after every change, having found nothing before."""
    assert running.failures() == []
    for change in CHANGES:
        change(running)
    return running.failures()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.__name__))
def test_a_change_behind_the_stacks_back_is_found(
    found: list[Difference], change: Callable[[Running], None]
) -> None:
    assert CHANGES[change] <= {(difference.type, difference.property) for difference in found}


def test_nothing_else_is_found_and_no_difference_shows_a_value(found: list[Difference]) -> None:
    expected = sorted(pair for pairs in CHANGES.values() for pair in pairs)
    assert sorted((difference.type, difference.property) for difference in found) == expected
    assert CANARY not in repr(found)
