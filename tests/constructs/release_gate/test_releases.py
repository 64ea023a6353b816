"""What passes the gate and what does not, from the hook's event to its last answer."""

import json

import pytest

from tests.constructs.release_gate.places import FREEZE, NAME
from tests.constructs.release_gate.world import Migration, World, lines_of

FIRST, SECOND = Migration("0001_first.sql"), Migration("0002_add_x.sql")
PASSED, HELD = "SUCCEEDED", "FAILED"


def freeze(world: World, value: str) -> None:
    world.moto("ssm").put_parameter(Name=FREEZE, Value=value, Overwrite=True)


def served(world: World) -> str:
    """Release the first image, which has one migration."""
    task_definition = world.image(1, "prod-1", FIRST)
    assert world.deploy(task_definition)["hookStatus"] == PASSED
    return task_definition


def why(answer: dict[str, object]) -> str:
    return str(answer["hookDetails"]["why"])  # type: ignore[index]


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.clause("ROVN-MIG-2")
def test_a_release_migrates_on_its_own_revision_after_a_snapshot(world: World) -> None:
    served(world)
    before = {s["DBSnapshotIdentifier"] for s in world.snapshots}
    assert world.deploy(world.image(2, "prod-2", FIRST, SECOND))["hookStatus"] == PASSED
    assert [entry["file"] for entry in world.ledger] == ["0001_first.sql", "0002_add_x.sql"]
    assert world.ledger[-1]["previous_image"] == "prod-1"
    (snapshot,) = [s for s in world.snapshots if s["DBSnapshotIdentifier"] not in before]
    assert snapshot["DBSnapshotIdentifier"].startswith(f"{NAME}-0002-add-x-20")
    assert {tag["Key"]: tag["Value"] for tag in snapshot["TagList"]} == {
        "runbook:purpose": "pre-deploy",
        "runbook:service": NAME,
        "runbook:deployment": "dep2",
        "runbook:migrations": "0002_add_x.sql",
    }
    order = [name for _, name in world.calls if name in ("create_db_snapshot", "run_task")]
    asked, snapshot_taken, applied, checked = order[-4:]
    assert (asked, snapshot_taken) == ("run_task", "create_db_snapshot")
    assert [run["clientToken"] for run in world.runs[-3:]] == [
        "dep2-pending",
        "dep2-apply",
        "dep2-check",
    ]
    assert (applied, checked) == ("run_task", "run_task")


def test_each_task_is_the_paired_one_in_private_and_told_nothing_else(world: World) -> None:
    served(world)
    world.deploy(world.image(2, "prod-2", FIRST, SECOND))
    for run in world.runs[-3:]:
        assert run["taskDefinition"].endswith(f"/{NAME}-migrations:2")
        assert run["networkConfiguration"]["awsvpcConfiguration"] == {
            "subnets": ["subnet-1", "subnet-2"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
        assert (run["launchType"], run["count"]) == ("FARGATE", 1)
        assert set(run["overrides"]) == {"containerOverrides"}
        (override,) = run["overrides"]["containerOverrides"]
        assert override["environment"] == [{"name": "PREVIOUS_IMAGE", "value": "prod-1"}]
        assert set(override) <= {"name", "command", "environment"}
    commands = [r["overrides"]["containerOverrides"][0].get("command") for r in world.runs[-3:]]
    runner = ["python", "-m", "migrations"]
    assert commands == [[*runner, "--pending"], None, [*runner, "--check"]]


@pytest.mark.clause("ROVN-MIG-2")
def test_without_a_pending_migration_there_is_no_snapshot(world: World) -> None:
    served(world)
    count = len(world.snapshots)
    assert world.deploy(world.image(2, "prod-2", FIRST))["hookStatus"] == PASSED
    assert len(world.snapshots) == count
    assert [run["clientToken"] for run in world.runs[3:]] == ["dep2-pending", "dep2-check"]


@pytest.mark.clause("ROVN-MIG-1")
def test_a_schema_that_is_not_whole_holds_the_next_try_too(world: World) -> None:
    """The first try has migrated, so the second finds nothing pending."""
    first = served(world)
    second = world.image(2, "prod-2", FIRST, SECOND)
    world.broken = "the index by_x is not valid"
    for _ in range(2):
        answer = world.deploy(second)
        assert answer["hookStatus"] == HELD
        assert world.broken in why(answer)
        assert (world.serving, len(world.ledger)) == (first, 2)
    world.broken = ""
    assert world.deploy(second)["hookStatus"] == PASSED


def test_a_schema_that_is_not_whole_holds_nobody_who_goes_back(world: World) -> None:
    first = served(world)
    assert world.deploy(world.image(2, "prod-2", FIRST, SECOND))["hookStatus"] == PASSED
    world.broken = "the index by_x is not valid"
    assert world.deploy(first)["hookStatus"] == PASSED
    # A change set makes ImageTag agree: a new revision of the image that serves.
    assert world.deploy(world.image(3, "prod-1", FIRST))["hookStatus"] == PASSED


@pytest.mark.clause("ROVN-MIG-1")
def test_a_migration_that_the_serving_image_cannot_read_is_refused_before_anything(
    world: World,
) -> None:
    first = served(world)
    count = len(world.snapshots)
    answer = world.deploy(
        world.image(2, "prod-2", FIRST, Migration("0002_drop.sql", readable=False))
    )
    assert answer["hookStatus"] == HELD
    assert "prod-1, which serves meanwhile, cannot read the result of 0002_drop.sql" in why(answer)
    assert (len(world.snapshots), len(world.ledger)) == (count, 1)
    assert len(world.tasks_to("apply")) == 1
    assert world.serving == first


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.parametrize("served_meanwhile", [False, True])
def test_a_migration_over_one_that_the_serving_image_never_had_is_refused_before_anything(
    world: World, served_meanwhile: bool
) -> None:
    """The second image was migrated for, and failed its probe; or served, and was taken back."""
    first = served(world)
    second = world.image(2, "prod-2", FIRST, SECOND)
    assert world.deploy(second)["hookStatus"] == PASSED
    if served_meanwhile:
        assert world.deploy(first)["hookStatus"] == PASSED
    world.serving = first
    snapshots, ran = len(world.snapshots), len(world.tasks_to("apply"))

    third = world.image(3, "prod-3", FIRST, SECOND, Migration("0003_drop_old.sql"))
    answer = world.deploy(third)
    assert answer["hookStatus"] == HELD
    assert "prod-1, which serves meanwhile, does not have 0002_add_x.sql" in why(answer)
    assert (len(world.snapshots), len(world.tasks_to("apply"))) == (snapshots, ran)
    assert (world.serving, len(world.ledger)) == (first, 2)

    # The way forward that it tells.
    assert world.deploy(second)["hookStatus"] == PASSED
    assert world.deploy(third)["hookStatus"] == PASSED
    assert len(world.ledger) == 3


@pytest.mark.clause("ROVN-MIG-1")
def test_the_rest_of_an_images_files_follows_at_the_next_try(world: World) -> None:
    served(world)
    breaks = Migration("0003_index.sql", breaks=True)
    second = world.image(2, "prod-2", FIRST, SECOND, breaks)
    assert world.deploy(second)["hookStatus"] == HELD
    breaks.breaks = False
    assert world.deploy(second)["hookStatus"] == PASSED
    assert len(world.ledger) == 3


def test_a_migration_that_may_take_longer_than_the_gate_waits_is_refused_before_anything(
    world: World,
) -> None:
    first = served(world)
    count = len(world.snapshots)
    slow = Migration("0002_slow.sql", timeout_seconds=1801)
    answer = world.deploy(world.image(2, "prod-2", FIRST, slow))
    assert answer["hookStatus"] == HELD
    assert "0002_slow.sql (1801 s) may take longer than the gate waits" in why(answer)
    assert (world.serving, len(world.snapshots), len(world.ledger)) == (first, count, 1)


def test_a_reason_is_told_in_the_words_of_the_step(world: World) -> None:
    served(world)
    answer = world.deploy(
        world.image(2, "prod-2", FIRST, Migration("0002_drop.sql", readable=False))
    )
    assert why(answer) == (
        f"{list(world.executions)[-1]} is FAILED: Refused: prod-1, which serves meanwhile, cannot "
        "read the result of 0002_drop.sql: expand first, contract in a later release"
    )


def test_an_execution_that_ended_without_a_word_holds_the_release(world: World) -> None:
    """What Step Functions itself ends has no cause of a step's."""
    event = world.begin(world.image(1, "prod-1", FIRST))
    world.ask(event)
    (execution,) = world.executions.values()
    for status, cause, said in (
        ("TIMED_OUT", "", "is TIMED_OUT: it does not say why"),
        ("ABORTED", "stopped by hand", "is ABORTED: stopped by hand"),
        ("ABORTED", "[1]", "is ABORTED: [1]"),
    ):
        execution.status, execution.cause = status, cause
        answer = world.ask(event)
        assert answer["hookStatus"] == HELD
        assert why(answer).endswith(said)


def test_the_first_release_needs_nobody_to_read_its_result(world: World) -> None:
    only = world.image(1, "prod-1", Migration("0001_first.sql", readable=False))
    assert world.deploy(only)["hookStatus"] == PASSED
    assert len(world.ledger) == 1


@pytest.mark.clause("ROVN-MIG-1")
def test_a_migration_that_breaks_holds_the_release_with_its_snapshot_kept(world: World) -> None:
    first = served(world)
    answer = world.deploy(world.image(2, "prod-2", FIRST, Migration("0002_x.sql", breaks=True)))
    assert answer["hookStatus"] == HELD
    assert "a migration failed, and its transaction was rolled back" in why(answer)
    assert any("0002-x" in s["DBSnapshotIdentifier"] for s in world.snapshots)
    assert (world.serving, len(world.tasks_to("check"))) == (first, 1)


def test_what_serves_already_passes_at_once_frozen_or_not(world: World) -> None:
    """A CloudFormation stack rolls back by updating the service to the revision it has."""
    first = served(world)
    freeze(world, '{"frozen": true}')
    asked = len(world.calls)
    assert world.deploy(first)["hookStatus"] == PASSED
    assert len(world.runs) == 3
    reads = {name for _, name in world.calls[asked:]}
    assert all(name.startswith("describe_") for name in reads)


@pytest.mark.clause("ROVN-RB-3")
def test_a_rollback_passes_a_freeze_when_its_image_can_read_the_schema(world: World) -> None:
    first = served(world)
    world.deploy(world.image(2, "prod-2", FIRST, SECOND))
    freeze(world, '{"frozen": true, "reason": "incident"}')
    assert world.deploy(first)["hookStatus"] == PASSED
    assert world.serving == first
    assert [entry["file"] for entry in world.ledger] == ["0001_first.sql", "0002_add_x.sql"]


@pytest.mark.clause("ROVN-RB-3")
def test_only_the_immediately_previous_image_goes_back_over_a_migration(world: World) -> None:
    first = served(world)
    world.deploy(world.image(2, "prod-2", FIRST))
    world.deploy(world.image(3, "prod-3", FIRST, SECOND))
    answer = world.deploy(first)
    assert answer["hookStatus"] == HELD
    assert "0002_add_x.sql is readable for prod-2" in why(answer)
    assert world.deploy(world.image(2, "prod-2", FIRST))["hookStatus"] == PASSED


@pytest.mark.clause("ROVN-RB-3")
def test_no_image_goes_back_over_a_migration_it_cannot_read(world: World) -> None:
    """An outage release: nothing serves while it runs, and nothing old comes back after it."""
    served(world)
    world.ledger.append(
        {
            "file": "0002_drop.sql",
            "image": "prod-2",
            "previous_image": "prod-1",
            "previous_image_can_read": False,
        }
    )
    second = world.image(2, "prod-2", FIRST, Migration("0002_drop.sql", readable=False))
    assert world.deploy(second)["hookStatus"] == PASSED
    answer = world.deploy(world.image(1, "prod-1", FIRST))
    assert answer["hookStatus"] == HELD
    assert "restore the snapshot" in why(answer)
    assert world.serving == second


def test_a_rollback_runs_no_migration(world: World) -> None:
    world.deploy(world.image(2, "prod-2", FIRST))
    answer = world.deploy(world.image(1, "prod-1", FIRST, SECOND))
    assert answer["hookStatus"] == HELD
    assert "0002_add_x.sql would have to run, and may not: a rollback runs no" in why(answer)
    assert len(world.tasks_to("apply")) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"frozen": true, "by": "ops", "since": "2026-11-20"}', "since 2026-11-20, by ops"),
        ("{}", "cannot be read: KeyError"),
        ("true", "cannot be read: TypeError"),
        ("frozen", "cannot be read: JSONDecodeError"),
        ('{"frozen": "no"}', "says neither true nor false"),
        (None, "cannot be read: ParameterNotFound"),
    ],
)
def test_a_freeze_or_what_cannot_be_told_from_one_holds_releases(
    world: World, value: str | None, said: str
) -> None:
    first = served(world)
    if value is None:
        world.moto("ssm").delete_parameter(Name=FREEZE)
    else:
        freeze(world, value)
    answer = world.deploy(world.image(2, "prod-2", FIRST, SECOND))
    assert answer["hookStatus"] == HELD
    assert said in why(answer)
    assert (world.serving, len(world.ledger)) == (first, 1)


def test_a_change_of_anything_but_the_image_passes_a_freeze_and_migrates_nothing(
    world: World,
) -> None:
    """After a rollback a change set makes ImageTag agree: the same image, a new revision."""
    served(world)
    freeze(world, '{"frozen": true}')
    assert world.deploy(world.image(2, "prod-1", FIRST))["hookStatus"] == PASSED
    world.ledger.clear()
    answer = world.deploy(world.image(3, "prod-1", FIRST))
    assert answer["hookStatus"] == HELD
    assert "releases are frozen" in why(answer)


def test_a_freeze_that_comes_later_does_not_stop_what_has_begun(world: World) -> None:
    served(world)
    event = world.begin(world.image(2, "prod-2", FIRST, SECOND))
    assert world.ask(event)["hookStatus"] == "IN_PROGRESS"
    freeze(world, '{"frozen": true}')
    execution = list(world.executions.values())[-1]
    execution.run()
    assert world.ask(event)["hookStatus"] == PASSED
    assert (execution.status, len(world.ledger)) == ("SUCCEEDED", 2)


def test_an_execution_that_aws_tells_of_late_is_waited_for(world: World) -> None:
    """DescribeExecution is eventually consistent."""
    served(world)
    world.unknown_for = 2
    event = world.begin(world.image(2, "prod-2", FIRST, SECOND))
    asked = [world.ask(event)["hookStatus"] for _ in range(3)]
    assert (asked, world.unknown_for) == (["IN_PROGRESS"] * 3, 0)
    list(world.executions.values())[-1].run()
    assert world.ask(event)["hookStatus"] == PASSED
    assert (len(world.executions), len(world.ledger)) == (2, 2)


def test_nothing_is_migrated_for_a_deployment_that_ecs_has_given_up(world: World) -> None:
    served(world)
    event = world.begin(world.image(2, "prod-2", FIRST, SECOND))
    world.ask(event)
    world.deployments[event["resourceArn"]]["status"] = "ROLLBACK_SUCCESSFUL"
    list(world.executions.values())[-1].run()
    answer = world.ask(event)
    assert answer["hookStatus"] == HELD
    assert "nobody waits for its migration" in why(answer)
    assert len(world.ledger) == 1


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("lifecycleStage",), "POST_SCALE_UP", "this hook is for PRE_SCALE_UP"),
        (("lifecycleStage",), None, "the event has no lifecycleStage"),
        (("resourceArn",), None, "the event has no resourceArn"),
        (("resourceArn",), "arn:aws:ecs:x:1:service-deployment/a/b/c", "is no deployment of"),
        (("executionDetails",), None, "no executionDetails.targetServiceRevisionArn"),
        (("executionDetails", "targetServiceRevisionArn"), "", "no executionDetails.target"),
        (("executionDetails", "targetServiceRevisionArn"), "arn:other", "is no revision of"),
    ],
)
def test_an_event_that_is_not_for_this_gate_is_held(
    world: World, path: tuple[str, ...], value: str | None, said: str
) -> None:
    event = world.begin(world.image(1, "prod-1", FIRST))
    *tables, key = path
    table = event
    for name in tables:
        table = table[name]
    table[key] = value
    answer = world.ask(event)
    assert answer["hookStatus"] == HELD
    assert said in why(answer)
    assert world.runs == []


def test_a_report_that_does_not_come_is_waited_for_and_then_a_no(world: World) -> None:
    world.silent_logs = True
    answer = world.deploy(world.image(1, "prod-1", FIRST))
    assert answer["hookStatus"] == HELD
    assert "NotYet" in why(answer)
    assert (world.ledger, world.snapshots) == ([], [])
    assert list(world.executions.values())[-1].seconds > 60


def test_what_the_journal_says_is_what_happened(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    served(world)
    world.deploy(world.image(2, "prod-2", FIRST, Migration("0002_drop.sql", readable=False)))
    outcomes = [line["outcome"] for line in lines_of(capsys.readouterr().out)]
    assert outcomes.count("let through") == 1
    assert outcomes.count("held") == 1
    assert outcomes[-1] == "held"


def test_the_input_of_an_execution_is_all_it_needs(world: World) -> None:
    served(world)
    (execution,) = world.executions.values()
    assert json.loads(json.dumps(execution.given)) == execution.given
    assert set(execution.given) == {
        *("deployment", "deployment_arn", "target", "kind", "image", "previous_image"),
        *("task_definition", "may_migrate", "may_not_because", "started"),
    }
