"""log-encrypted (ROVN-LOG-1)."""

from policies.rules.log_encrypted import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

FAULT = "KmsKeyId names no key of this environment and region"


def group(name: object = "/ecs/some", key: object = None) -> Json:
    given = {"LogGroupName": name, "KmsKeyId": key or {"Fn::GetAtt": ["Key", "Arn"]}}
    return {"Type": "AWS::Logs::LogGroup", "Properties": given}


def verdict(body: Json, **others: Json) -> dict[str | None, str]:
    resources = {"Group": body, "Key": {"Type": "AWS::KMS::Key"}, **others}
    return verdicts(RULE, template("platform", resources), whole=True)


def task(name: object) -> Json:
    logging = {"LogDriver": "awslogs", "Options": {"awslogs-group": name}}
    containers = [{"Name": "plain"}, {"Name": "app", "LogConfiguration": logging}]
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"ContainerDefinitions": containers},
    }


def test_a_group_under_our_key_passes() -> None:
    assert verdict(group()) == {"Group": "pass"}


def test_another_key_fails() -> None:
    assert verdict(group(key="arn:aws:kms:us-east-2:111122223333:key/1")) == {"Group": FAULT}
    bare = {"Type": "AWS::Logs::LogGroup"}
    assert verdict(bare) == {"Group": FAULT}


def test_a_group_that_a_container_writes_must_exist() -> None:
    assert verdict(group(), Task=task("/ecs/some")) == {"Group": "pass"}
    assert verdict(group(), Task=task({"Ref": "Group"})) == {"Group": "pass"}
    assert verdict(group(), Task=task("/ecs/other")) == {
        "Group": "pass",
        None: "no stack makes the log group /ecs/other: AWS makes it itself, without a key",
    }


def test_a_group_that_the_database_writes_must_exist() -> None:
    database = {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {
            "DBInstanceIdentifier": "some",
            "EnableCloudwatchLogsExports": ["postgresql"],
        },
    }
    name = "/aws/rds/instance/some/postgresql"
    assert verdict(group(name), Database=database) == {"Group": "pass"}
    assert verdict(group(), Database=database) == {
        "Group": "pass",
        None: f"no stack makes the log group {name}: AWS makes it itself, without a key",
    }


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in verdict(group(key=OPEN))["Group"]
    assert "${SomeParameter} is open" in verdict(group(), Task=task(OPEN))[None]


def test_only_this_rule_sees_a_group_without_key(real: Real) -> None:
    def spoil(body: Json) -> None:
        del properties(body, "AWS::Logs::LogGroup", "NetworkFlowLogsGroup")["KmsKeyId"]

    assert real.caught("network", spoil) == {("log-encrypted", "NetworkFlowLogsGroup")}


def test_only_this_rule_sees_a_database_that_makes_its_own_group(real: Real) -> None:
    def spoil(body: Json) -> None:
        instance = properties(body, "AWS::RDS::DBInstance", "DatabaseInstance")
        instance["EnableCloudwatchLogsExports"].append("iam-db-auth-error")

    assert real.caught("data", spoil) == {("log-encrypted", "")}


def test_a_group_that_a_program_writes_must_exist() -> None:
    function: Json = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f"}}
    build: Json = {"Type": "AWS::CodeBuild::Project", "Properties": {"Name": "b"}}
    by_itself = "AWS makes it itself, without a key"
    assert verdict(group("/aws/lambda/f"), Function=function, Build=build)[None] == (
        f"no stack makes the log group /aws/codebuild/b: {by_itself}"
    )
    function["Properties"]["LoggingConfig"] = {"LogGroup": {"Ref": "Group"}}
    build["Properties"]["LogsConfig"] = {"CloudWatchLogs": {"Status": "DISABLED"}}
    assert verdict(group(), Function=function, Build=build) == {"Group": "pass"}
