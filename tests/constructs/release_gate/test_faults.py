"""Every call of the gate's, with everything that can happen to it.

Whatever happens: no release passes whose migration did not run and was not checked, the old
revision serves on, nothing is snapshotted or migrated twice, another try succeeds, and the journal
says what happened.
"""

from collections import Counter

import pytest

from tests.constructs.release_gate.faults import KINDS, Fault
from tests.constructs.release_gate.world import Migration, World, lines_of

FIRST, SECOND = Migration("0001_first.sql"), Migration("0002_add_x.sql")
# What the gate's code calls for a release with one migration, in this order: operation and the
# how-manieth call of it. A test below holds this list against a run without faults.
CALLS = [
    ("describe_execution", 1),
    ("describe_service_deployments", 1),
    ("describe_service_revisions", 1),
    ("describe_task_definition", 1),
    ("describe_service_revisions", 2),
    ("describe_task_definition", 2),
    ("get_parameter", 1),
    ("start_execution", 1),
    ("run_task", 1),
    ("describe_tasks", 1),
    ("describe_tasks", 2),
    ("describe_tasks", 3),
    ("get_log_events", 1),
    ("create_db_snapshot", 1),
    ("describe_db_snapshots", 1),
    ("describe_db_snapshots", 2),
    ("describe_service_deployments", 2),
    ("run_task", 2),
    ("describe_tasks", 4),
    ("describe_tasks", 5),
    ("describe_tasks", 6),
    ("get_log_events", 2),
    ("run_task", 3),
    ("describe_tasks", 7),
    ("describe_tasks", 8),
    ("describe_tasks", 9),
    ("get_log_events", 3),
    ("describe_execution", 2),
]
STEPS = ("hook", "ask", "decide", "snapshot", "migrate", "check", "hear-migration", "hear-check")
CASES = [(call, kind) for call in CALLS for kind in KINDS]
# A release that is refused comes as far as this.
HELD_CALLS = CALLS[: CALLS.index(("create_db_snapshot", 1))]
HELD_CASES = [(call, kind) for call in HELD_CALLS for kind, lasting in KINDS if not lasting]


@pytest.fixture
def release(world: World) -> str:
    """Let one image serve; return the next one's task definition, which has a migration."""
    world.deploy(world.image(1, "prod-1", FIRST))
    world.calls.clear()
    for task in list(world.tasks):
        del world.tasks[task]
    return world.image(2, "prod-2", FIRST, SECOND)


def own_snapshots(world: World, deployment: str) -> int:
    tags = [{t["Key"]: t["Value"] for t in s["TagList"]} for s in world.snapshots]
    return sum(t["runbook:deployment"] == deployment for t in tags)


def demand_sound(world: World, answer: dict[str, object], old: str, new: str) -> None:
    """Hold what must hold after any fault."""
    applied = Counter(entry["file"] for entry in world.ledger)
    assert max(applied.values()) == 1
    tokens = Counter(run["clientToken"] for run in world.runs)
    assert max(tokens.values()) == 1
    assert own_snapshots(world, "dep2") <= 1
    if applied["0002_add_x.sql"]:
        assert own_snapshots(world, "dep2") == 1
    if answer["hookStatus"] == "SUCCEEDED":
        assert applied["0002_add_x.sql"] == 1
        assert [task["code"] for task in world.tasks_to("check")] == [0]
        assert world.serving == new
    else:
        assert answer["hookStatus"] == "FAILED"
        assert world.serving == old


def demand_truth(out: str, answer: dict[str, object], *, crashed: bool) -> None:
    """Hold the journal against the answer."""
    lines = list(lines_of(out))
    outcomes = [line["outcome"] for line in lines]
    if answer["hookStatus"] == "SUCCEEDED":
        assert outcomes[-1] == "let through"
    else:
        assert "let through" not in outcomes
        assert crashed or outcomes[-1] == "held"
        assert crashed or lines[-1]["why"] == answer["hookDetails"]["why"]  # type: ignore[index]


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.parametrize(
    ("call", "kind"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{k[0]}{' for good' if k[1] else ''}" for c, k in CASES],
)
def test_a_call_goes_wrong(
    world: World,
    release: str,
    call: tuple[str, int],
    kind: tuple[str, bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = str(world.serving)
    capsys.readouterr()
    world.fault = Fault(call[0], call[1], kind[0], lasting=kind[1])
    answer = world.deploy(release)
    demand_sound(world, answer, old, release)
    demand_truth(capsys.readouterr().out, answer, crashed=kind[0].startswith("crash"))
    world.fault = None
    # An execution that nobody waits for any more comes to its own end, and migrates nothing late.
    for execution in world.executions.values():
        if execution.status == "RUNNING":
            execution.run()
    applied = len(world.ledger)
    assert applied == 1 or own_snapshots(world, "dep2") == 1
    assert world.deploy(release)["hookStatus"] == "SUCCEEDED"
    assert [entry["file"] for entry in world.ledger] == ["0001_first.sql", "0002_add_x.sql"]
    assert world.serving == release


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.parametrize(
    ("call", "kind"),
    HELD_CASES,
    ids=[f"{c[0]}-{c[1]}-{k}" for c, k in HELD_CASES],
)
def test_a_call_goes_wrong_while_a_release_is_refused(
    world: World, release: str, call: tuple[str, int], kind: str
) -> None:
    """No fault brings a migration over one that the image that serves never had."""
    old = str(world.serving)
    assert world.deploy(release)["hookStatus"] == "SUCCEEDED"
    world.serving = old  # It failed its probe.
    world.calls.clear()
    snapshots = len(world.snapshots)
    world.fault = Fault(call[0], call[1], kind, lasting=False)
    answer = world.deploy(world.image(3, "prod-3", FIRST, SECOND, Migration("0003_drop.sql")))
    world.fault = None
    for execution in world.executions.values():
        if execution.status == "RUNNING":
            execution.run()
    assert answer["hookStatus"] == "FAILED"
    assert (world.serving, len(world.snapshots), len(world.ledger)) == (old, snapshots, 2)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_called_twice(world: World, release: str, step: str) -> None:
    world.twice = step
    answer = world.deploy(release)
    demand_sound(world, answer, "", release)
    assert answer["hookStatus"] == "SUCCEEDED"
    assert len(world.snapshots) == 2
    assert len(world.tasks_to("apply")) == 1


@pytest.mark.parametrize(
    ("kind", "passes"),
    [
        ("server error", True),
        ("throttled", True),
        ("timed out", True),
        ("lost response", True),
        ("crash before", True),
        ("crash after", True),
        ("aws error", False),
    ],
)
@pytest.mark.parametrize("operation", ["run_task", "create_db_snapshot", "get_log_events"])
def test_what_passes_by_itself_is_tried_again_by_the_machine(
    world: World, release: str, operation: str, kind: str, passes: bool
) -> None:
    """And what does not is told at once."""
    world.fault = Fault(operation, 1, kind)
    answer = world.deploy(release)
    assert (answer["hookStatus"] == "SUCCEEDED") is passes
    if not passes:
        assert "AccessDeniedException" in str(answer["hookDetails"])


def test_a_task_that_never_ends_is_given_up(world: World, release: str) -> None:
    world.fault = Fault("describe_tasks", 4, "stuck", lasting=True)
    answer = world.deploy(release)
    assert answer["hookStatus"] == "FAILED"
    assert "Migrate took more than 30 minutes" in str(answer["hookDetails"])
    assert world.serving != release


def test_a_snapshot_that_never_comes_is_given_up_before_anything_is_migrated(
    world: World, release: str
) -> None:
    world.fault = Fault("describe_db_snapshots", 1, "creating", lasting=True)
    answer = world.deploy(release)
    assert answer["hookStatus"] == "FAILED"
    assert "Snapshot took more than 60 minutes" in str(answer["hookDetails"])
    assert len(world.ledger) == 1


def test_the_table_names_every_call(world: World, release: str, record_cases: list[str]) -> None:
    world.deploy(release)
    seen: Counter[str] = Counter()
    calls = []
    for _, operation in world.calls:
        seen[operation] += 1
        calls.append((operation, seen[operation]))
    assert calls == CALLS
    record_cases.append(
        f"release gate: {len(CASES) + len(HELD_CASES) + len(STEPS)} faults tried: {len(CALLS)} "
        f"calls x {len(KINDS)} kinds, {len(HELD_CASES)} while it refuses, {len(STEPS)} steps "
        "called twice"
    )
