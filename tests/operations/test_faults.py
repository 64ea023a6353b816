"""Every call of `runbook release` to AWS, with everything that can happen to it (ROVN-DEP-8).

Whatever happens: one of the two images serves, no change set is executed twice, what was executed
was recorded before, the records and the words are true, and the same command run again ends well.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from runbook.model.loader import load_environment
from runbook.model.preflight import Preflight as Settings
from runbook.operations.account import Account
from runbook.operations.operation import Exit
from runbook.operations.stacks import change_set_name
from tests.operations.aws import Aws
from tests.operations.conftest import Operator
from tests.operations.faults import PASSING, Table, demand_reason, operations_in, try_again_at_once
from tests.operations.revisions import NEW, OLD
from tests.operations.watched import Watched
from tests.operations.wire import SECRET, Call, CrashedError, Fault, Wire

PRODUCTION = load_environment("rovn/production")
GOOD = [("UPDATE_IN_PROGRESS", ""), ("UPDATE_COMPLETE", "")]
BAD = [("Service/UPDATE_FAILED", "the deployment failed"), ("UPDATE_ROLLBACK_COMPLETE", "")]


def as_it_is(aws: Aws) -> None:
    """Leave everything as a release finds it."""


def rolling_back(aws: Aws) -> None:
    """Let the release fail, and an older try have left its change set."""
    aws.story, aws.deployment = list(BAD), {"status": "ROLLBACK_SUCCESSFUL"}
    name = change_set_name(NEW)
    aws.change_sets[name] = {"ChangeSetId": "arn:old", "Changes": []} | {
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "OBSOLETE",
    }


def begun_by_another(aws: Aws) -> None:
    """Let somebody else have begun the same release."""
    aws.begin()


def asking_for_a_preflight(aws: Aws) -> None:
    """Let the file ask for a preflight; staging is in another account, which nobody can see."""
    asks = {"preflight": Settings(staging="staging", snapshot_hours=24)}
    aws.environment = aws.environment.model_copy(update=asks)


SCENES: dict[str, tuple[Callable[[Aws], None], tuple[str, ...]]] = {
    "released": (as_it_is, ("preview", "deploy", "verify")),
    "rolled back": (rolling_back, ("deploy",)),
    "verified under way": (begun_by_another, ("verify",)),
    "taken over": (begun_by_another, ("deploy",)),
    "after a preflight": (asking_for_a_preflight, ("deploy",)),
}


@dataclass
class Night:
    """One environment, one operator, and what the commands ended with."""

    scene: str
    ended: dict[str, Exit | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        prepare, self.commands = SCENES[self.scene]
        self.aws = Watched(PRODUCTION)
        prepare(self.aws)
        self.wire = Wire(self.aws)
        self.operator = Operator(self.aws, accepts=prepare is asking_for_a_preflight)

    def run(self, command: str) -> Exit | None:
        """Run a command; None when its process crashed."""
        self.wire.begin(command)
        self.operator.account = Account(self.aws.environment, self.wire.session())
        try:
            self.ended[command] = getattr(self.operator, command)()
        except CrashedError:
            self.ended[command] = None
        return self.ended[command]

    @property
    def outcomes(self) -> list[str]:
        """What the last records say, in the order of their runs."""
        return [r["outcome"] for r in self.aws.records.values() if r["outcome"] != "started"]

    @property
    def begun(self) -> bool:
        return bool(self.aws.executions) or SCENES[self.scene][0] is begun_by_another


def calls_of(scene: str) -> list[Call]:
    """Record the calls of a night in which nothing goes wrong."""
    night = Night(scene)
    for command in night.commands:
        night.run(command)
    return night.wire.calls


TABLE = Table(SCENES, calls_of)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    try_again_at_once(monkeypatch)


def demand_sound(night: Night) -> None:
    """Hold what must hold after any fault."""
    aws = night.aws
    assert aws.running in (OLD, NEW)
    assert len(aws.executions) <= 1
    assert all(aws.executions), "what was executed was recorded before"
    assert "Traceback" not in night.operator.said
    assert SECRET not in night.operator.said


def demand_truth(night: Night, code: Exit | None, *, crashed: bool, changed: bool) -> None:
    """Hold records and words against what happened; ``changed`` when this command began it."""
    aws, said = night.aws, night.operator.said
    starts = [r for r in aws.records.values() if r["outcome"] == "started"]
    assert crashed or len(starts) <= len(night.outcomes) or "is not recorded" in said
    for outcome in night.outcomes:
        assert outcome != "succeeded" or aws.running == NEW
        assert outcome != "failed" or aws.stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert outcome != "not begun" or not night.begun
    if "Nothing was changed" in said or code == Exit.REFUSED:
        assert not changed
    if "goes on in CloudFormation" in said and "not known whether it began" not in said:
        assert night.begun


def demand_words(said: str, fault: Fault) -> None:
    """Hold what is said: which call, why, and what to do."""
    demand_reason(said, fault)
    assert re.search(
        r"Nothing was changed|[Nn]ow: |To watch it: |audit bucket as |is refused: .*; ", said
    )


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(("scene", "fault"), TABLE.cases, ids=TABLE.ids)
def test_a_call_goes_wrong(scene: str, fault: Fault) -> None:
    night = Night(scene)
    night.wire.fault = fault
    for command in night.commands[: night.commands.index(fault.call.command)]:
        night.run(command)
    before = len(night.aws.executions)
    code = night.run(fault.call.command)
    assert night.wire.struck
    demand_sound(night)
    changed = len(night.aws.executions) > before
    demand_truth(night, code, crashed=fault.kind.startswith("crash"), changed=changed)
    good = Exit.FAILED if scene == "rolled back" else Exit.DONE
    if fault.kind in PASSING and not fault.lasting:
        assert code == good
    if code not in (None, good):
        demand_words(night.operator.said, fault)
    run_again(night)


def run_again(night: Night) -> None:
    """Run the same command again, with no clean-up by hand: it ends well, and then it is done."""
    aws = night.aws
    night.wire.fault = None
    if aws.stack["StackStatus"] == "UPDATE_IN_PROGRESS" and night.scene == "rolled back":
        assert night.run("deploy") == Exit.FAILED
        assert night.outcomes[-1] == "failed"
    if aws.stack["StackStatus"] != "UPDATE_IN_PROGRESS":
        aws.story = list(GOOD)
    executed = len(aws.executions)
    assert night.run("deploy") == Exit.DONE
    assert night.run("verify") == Exit.DONE
    assert aws.running == NEW
    assert len(aws.executions) <= executed + 1
    records, executed = dict(aws.records), len(aws.executions)
    assert executed == len({*aws.executions}) or night.scene == "rolled back"
    assert night.run("deploy") == Exit.DONE
    assert (aws.records, len(aws.executions)) == (records, executed)
    assert not [c for c in aws.change_sets.values() if c.get("ExecutionStatus") == "AVAILABLE"]


def test_the_table_has_every_operation_that_the_sources_call(record_cases: list[str]) -> None:
    assert TABLE.operations == operations_in("operations")
    record_cases.append(TABLE.summary("runbook release"))
