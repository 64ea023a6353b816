"""Every command of every page, parsed by the program that it is for; none is run."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest
import typer
from typer._click.exceptions import UsageError  # Typer's own copy has no public name
from typer.core import TyperGroup

from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.alarms.log_metrics import TOKENS, namespace
from runbook.cli import app
from runbook.model.environment import Environment
from runbook.model.refusal import RefusedError
from runbook.playbooks.compiled import Playbook
from runbook.playbooks.lookup import playbook
from runbook.playbooks.names import ANY_SECRET
from tests.assembly import ROOT, Assembly
from tests.playbooks.conftest import with_replica
from tests.playbooks.typed import NoCommandError, Typed, commands_of, inline_of, typed

PYTHON = ROOT / "sandbox" / ".venv" / "bin" / "python"
PARSER = ROOT / "tests" / "playbooks" / "aws_parser.py"
LOG_GROUP, QUEUE = "AWS::Logs::LogGroup", "AWS::SQS::Queue"
# Where a command names a resource: the option, and the type and property that has the name.
NAMED = {
    ("logs", "--log-group-name"): (LOG_GROUP, "LogGroupName"),
    ("ecs", "--cluster"): ("AWS::ECS::Cluster", "ClusterName"),
    ("ecs", "--services"): ("AWS::ECS::Service", "ServiceName"),
    ("ecs", "--service-name"): ("AWS::ECS::Service", "ServiceName"),
    ("rds", "--db-instance-identifier"): ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("rds", "--source-identifier"): ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("sqs", "--queue-name"): (QUEUE, "QueueName"),
    ("sqs", "--source-arn"): (QUEUE, "QueueName"),
    ("sqs", "--destination-arn"): (QUEUE, "QueueName"),
    ("lambda", "--function-name"): ("AWS::Lambda::Function", "FunctionName"),
    ("cloudtrail", "--name"): ("AWS::CloudTrail::Trail", "TrailName"),
    ("events", "--name"): ("AWS::Events::Rule", "Name"),
    ("sns", "--topic-arn"): ("AWS::SNS::Topic", "TopicName"),
    ("synthetics", "--name"): ("AWS::Synthetics::Canary", "Name"),
    ("codepipeline", "--name"): ("AWS::CodePipeline::Pipeline", "Name"),
    ("secretsmanager", "--secret-id"): ("AWS::SecretsManager::Secret", "Name"),
    ("stepfunctions", "--state-machine-arn"): (
        "AWS::StepFunctions::StateMachine",
        "StateMachineName",
    ),
}
# What pages ask for beside the metrics of alarms; AWS documents them by service.
METRICS_OF_AWS = {
    ("AWS/Bedrock", "InvocationServerErrors"),
    ("AWS/ECS", "CPUUtilization"),
    ("AWS/Lambda", "Errors"),
    ("AWS/RDS", "OldestReplicationSlotLag"),
    ("AWS/RDS", "TransactionLogsDiskUsage"),
    ("AWS/RDS", "WriteIOPS"),
    ("AWS/SNS", "NumberOfNotificationsDelivered"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    ("AWS/WAFV2", "BlockedRequests"),
}


def wrong(commands: Iterable[Typed]) -> dict[str, str]:
    """Let the AWS CLI say what is wrong, by line."""
    asked = list(commands)
    done = subprocess.run(
        [PYTHON, PARSER],
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-2"},
        input=json.dumps([command.words for command in asked]),
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert len(told) == len(asked)
    return {command.line: why for command, why in zip(asked, told, strict=True) if why}


def test_every_aws_command_is_one_that_the_aws_cli_would_send(
    playbooks: tuple[Playbook, ...],
) -> None:
    commands = [c for found in playbooks for c in commands_of(found) if c.program == "aws"]
    assert len(commands) > 100
    assert wrong(commands) == {}


def test_aws_commands_within_sentences_name_operations_that_there_are(
    playbooks: tuple[Playbook, ...],
) -> None:
    """They leave out what they are given; what is missing then is all that may be wrong."""
    commands = [c for found in playbooks for c in inline_of(found) if c.program == "aws"]
    assert commands
    for line, why in wrong(commands).items():
        assert "arguments are required" in why, line


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("aws ecz list-clusters", "argument command: Invalid choice"),
        ("aws ecs list-clutsers", "argument operation: Invalid choice"),
        ("aws ecs describe-services --cluster a", "required: --services"),
        ("aws ecs list-tasks --clutser a", "Unknown options: --clutser"),
        (
            "aws ecs list-tasks --desired-status GONE",
            "'GONE' is none of RUNNING",
        ),
        (
            "aws sns list-subscriptions-by-topic --topic-arn",
            "expected one argument",
        ),
        ("aws rds describe-events --duration soon", "invalid literal for int"),
        ("aws pi get-resource-metrics --metric-queries [{]", "required"),
        (
            "aws ecs describe-tasks --tasks a --query tasks[",
            "Bad value for --query",
        ),
        (
            "aws ecs describe-tasks --tasks a --query tasks[].taskARN",
            "no field taskARN",
        ),
        (
            "aws ecs describe-tasks --tasks a --query tasks.taskArn",
            "would find nothing",
        ),
        ("aws ecs wait services-happy --services a", "Invalid choice"),
        ("aws cloudwatch list-metrics --dimensions Name=", "Invalid length"),
        ("aws cloudwatch list-metrics --dimensions Name", "Error parsing parameter"),
        ("aws cloudwatch list-metrics --dimensions Nam=a", "Unknown parameter"),
    ],
)
def test_a_wrong_command_is_found(line: str, why: str) -> None:
    assert why in wrong([typed("page", line)])[line]


def test_every_runbook_command_is_one_that_the_runbook_would_run(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    commands = [c for found in playbooks for c in chain(commands_of(found), inline_of(found))]
    seen = 0
    for command in commands:
        # A sentence may name a command without what it is given.
        if command.program == "runbook" and environment.name in command.words:
            parse(command.words[1:])
            seen += 1
        elif command.program == "runbook":
            resolve(command.words[1:])
    assert seen > 60


@pytest.mark.parametrize(
    "line",
    [
        "rollbak rovn/staging",
        "rollback rovn/staging",
        "rollback rovn/staging --services passport-api",
        "audit rovn/staging",
        "audit list rovn/staging --days soon",
        "release deploy rovn/staging --service passport-api",
    ],
)
def test_a_wrong_runbook_command_is_found(line: str) -> None:
    with pytest.raises(UsageError):
        parse(tuple(line.split()))


def test_services_and_secrets_that_commands_name_stand_in_the_file(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    for command in (c for found in playbooks for c in commands_of(found)):
        if command.program == "runbook":
            assert set(command.option("--service")) <= set(environment.services), command.line
            assert set(command.option("--secret")) <= {*environment.secrets, ANY_SECRET}


def test_pages_that_sentences_send_to_are_there(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    full = with_replica(environment)
    for command in (c for found in playbooks for c in inline_of(found)):
        if command.words[1] == "playbook":
            assert playbook(full, command.words[3]).page.id
    with pytest.raises(RefusedError):
        playbook(full, "no-such-page")


def test_make_has_the_targets(playbooks: tuple[Playbook, ...]) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = [c for found in playbooks for c in commands_of(found) if c.program == "make"]
    assert commands
    for command in commands:
        assert re.search(rf"^{command.words[1]}:", makefile, re.M), command.line
        assert command.words[2:] == (f"ENV={_environment(command)}",)


def test_names_in_commands_are_those_of_the_templates(
    environment: Environment, playbooks: tuple[Playbook, ...], assembly: Assembly
) -> None:
    known = _names(assembly, environment)
    # No environment has a replica; its names follow from the first instance's.
    known |= {(t, f"{environment.slug}-postgres-replica") for t in ("AWS::RDS::DBInstance",)}
    known.add((LOG_GROUP, f"/aws/rds/instance/{environment.slug}-postgres-replica/postgresql"))
    seen = set()
    for command in (c for found in playbooks for c in commands_of(found)):
        for (service, option), (kind, _) in NAMED.items():
            if command.program != "aws" or command.words[1] != service:
                continue
            for value in command.option(option):
                name = re.split(r"[:/](?=[^:/]*$)", value)[-1] if "-arn" in option else value
                if ANY_SECRET not in name:
                    assert (kind, name) in known, command.line
                    seen.add((service, option))
    assert seen >= set(NAMED) - {("secretsmanager", "--secret-id")}


def test_stacks_that_commands_name_are_deployed(
    playbooks: tuple[Playbook, ...], assembly: Assembly
) -> None:
    for command in (c for found in playbooks for c in commands_of(found)):
        for stack in command.option("--stack-name"):
            assert stack in assembly.templates, command.line


def test_alarms_that_commands_name_are_the_catalogues(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    full = with_replica(environment)
    every = (*alarms_of(full), *metric_alarms_of(full))
    names = {alarm.name(environment.slug) for alarm in every}
    for command in (c for found in playbooks for c in commands_of(found)):
        for option in ("--alarm-name", "--alarm-names"):
            assert set(command.option(option)) <= names, command.line
        for prefix in command.option("--alarm-name-prefix"):
            assert any(name.startswith(prefix) for name in names), command.line


def test_metrics_that_commands_ask_for_are_known(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    """Those of alarms, and AWS's own that no alarm looks at."""
    every = metric_alarms_of(with_replica(environment))
    known = {(m.namespace, m.name) for alarm in every for m in alarm.metrics} | METRICS_OF_AWS
    known.add((namespace(environment, "passport-api"), TOKENS))
    seen = set()
    for command in (c for found in playbooks for c in commands_of(found)):
        for name in command.option("--metric-name"):
            (of,) = command.option("--namespace")
            assert (of, name) in known, command.line
            seen.add((of, name))
    assert seen >= METRICS_OF_AWS


def test_events_that_commands_filter_for_are_those_of_the_service(
    playbooks: tuple[Playbook, ...],
) -> None:
    package = ROOT / "examples" / "passport-api" / "passport_api"
    written = (package / "events.py").read_text("utf-8")
    seen = set()
    for command in (c for found in playbooks for c in commands_of(found)):
        for event in re.findall(r'(?:\$\.|\b)event = "(\w+)"', command.line):
            assert f'"{event}"' in written, command.line
            seen.add(event)
    assert {"request", "source_adapter_error", "ai_executor_failed", "admin_auth"} <= seen


def test_each_command_of_the_aws_cli_says_its_region(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    for command in (c for found in playbooks for c in commands_of(found)):
        if command.program == "aws":
            (region,) = command.option("--region")
            assert region in environment.regions, command.line


@pytest.mark.parametrize(
    "line",
    ["rm -rf /", "aws ecs list-tasks $(whoami)", "aws s3 ls `whoami`", "# nothing", "aws 'ecs"],
)
def test_what_a_page_may_not_ask_a_shell_for(line: str) -> None:
    with pytest.raises((NoCommandError, ValueError)):
        typed("page", line)


def _environment(command: Typed) -> str:
    return command.words[-1].partition("=")[2]


def parse(words: tuple[str, ...]) -> None:
    """Let Typer read a command's arguments; ``UsageError`` where it would refuse them."""
    command, context, rest = resolve(words)
    command.make_context(context.info_name or "", list(rest), parent=context.parent)


def resolve(words: tuple[str, ...]) -> tuple[Any, typer.Context, tuple[str, ...]]:
    """Find the command that the words begin with, through its groups."""
    command: Any = typer.main.get_command(app)
    context = typer.Context(command, info_name="runbook")
    while isinstance(command, TyperGroup) and words:
        name, command, rest = command.resolve_command(context, list(words))
        words = tuple(rest)
        context = typer.Context(command, info_name=name, parent=context)
    return command, context, words


def _names(assembly: Assembly, environment: Environment) -> set[tuple[str, str]]:
    wanted = dict(NAMED.values())
    return {
        (resource["Type"], name)
        for stack, template in assembly.templates.items()
        if stack.startswith(f"{environment.slug}-")
        for resource in template["Resources"].values()
        if isinstance(name := resource.get("Properties", {}).get(wanted.get(resource["Type"])), str)
    }
