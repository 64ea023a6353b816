"""Every call of the operators' commands, with everything that can happen to it (ROVN-DEP-8).

Whatever happens: an image serves that served before or is gone back to, what is said, recorded and
returned is so, nothing is done unrecorded but what always goes on, and the same command run again
ends well.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from typer.testing import CliRunner

from runbook.cli import app
from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Exit
from runbook.operators.web import Answer
from tests.operations.aws import ACTOR, Aws
from tests.operations.faults import PASSING, Table, demand_reason, operations_in, try_again_at_once
from tests.operations.passing_time import PassingTime
from tests.operations.revisions import NEW, OLD
from tests.operations.wire import SECRET, Call, CrashedError, Fault, Wire
from tests.operators.past import PastAws
from tests.operators.scenes import ENVIRONMENT, ROLLBACK, SCENES, TOKEN, image_of
from tests.operators.vault import OLD_VALUE, VaultAws
from tests.operators.verified import InTurn, no_rule_breaks

# Each module that opens the account.
COMMANDS = ("operators.commands", "operators.secret_commands", "verification.commands")
# What `runbook verify` asks of resources that its scene has not, and of quotas, where a stack is
# missing: what fails there is tried in tests/verification (test_checks, test_alarm_mutes,
# test_quotas).
ELSEWHERE = {
    "describe_db_instance_automated_backups",
    "describe_db_instances",
    "describe_db_snapshots",
    "get_alarm_mute_rule",
    "get_aws_default_service_quota",
    "get_object_lock_configuration",
    "get_object_retention",
    "get_service_quota",
    "get_trail_status",
}


@dataclass
class Night:
    """One operator, one command, and what came of it; each run is a process of its own."""

    name: str
    said: str = ""
    said_last: str = ""
    codes: list[int | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scene = SCENES[self.name]
        self.aws = self.scene.prepare()
        self.wire = Wire(self.aws)
        self.before, self.image = self.state, image_of(self.aws)

    def run(self) -> int | None:
        """Run the command; None when its process crashed."""
        self.wire.begin(self.name)
        with pytest.MonkeyPatch.context() as patched:
            time, account = PassingTime(), Account(ENVIRONMENT, self.wire.session())
            patched.setattr("runbook.operations.waiting.Time.clock", lambda _: time.clock())
            patched.setattr("runbook.operations.waiting.Time.sleep", lambda _, s: time.sleep(s))
            patched.setattr("runbook.operators.web.Web.get", self._page)
            patched.setattr("runbook.operators.web.Web.status", lambda *_: Answer(200))
            for commands in COMMANDS:
                patched.setattr(
                    f"runbook.{commands}.begin",
                    lambda *_, as_json: (account, Console(as_json=as_json)),
                )
            patched.setattr("runbook.verification.verify.ThreadPoolExecutor", InTurn)
            patched.setattr("policies.live_values.judge", no_rule_breaks)
            try:
                ran = CliRunner().invoke(app, self.scene.words, input=self.scene.given)
            except CrashedError:
                self.codes.append(None)
                return None
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        self.said_last = ran.output
        self.said += ran.output
        self.codes.append(ran.exit_code)
        return ran.exit_code

    def _page(self, url: str, headers: object = None) -> Answer:
        if "/stats/" in url:
            return Answer(200, [])
        return Answer(200, {"version": image_of(self.aws)})

    @property
    def state(self) -> str:
        """What a command could have changed, beside records."""
        return f"{self.aws.freeze} {image_of(self.aws)} {self.wire.changes}"

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was recorded."""
        return [r for r in self.aws.records.values() if "actor" in r]

    @property
    def reached(self) -> bool:
        return self.scene.reached(self.aws)


def calls_of(name: str) -> list[Call]:
    """Record the calls of a night in which nothing goes wrong."""
    night = Night(name)
    assert night.run() == Exit.DONE, night.said
    assert night.reached
    assert night.scene.shown in night.said
    return night.wire.calls


TABLE = Table(SCENES, calls_of)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    try_again_at_once(monkeypatch)


def demand_sound(night: Night) -> None:
    """Hold what must hold after any fault: the service serves, nothing is given away."""
    may_serve = {OLD, NEW} if night.scene.arguments == ROLLBACK else {night.image}
    assert image_of(night.aws) in may_serve
    if night.scene.recorded_first:
        assert all(records for _, records in night.wire.changes), "recorded before"
    everything = night.said + str(night.records)
    assert not {word for word in ("Traceback", SECRET, TOKEN, OLD_VALUE) if word in everything}
    if not night.scene.writes:
        assert (night.state, night.records) == (night.before, [])


def demand_truth(night: Night, code: int | None) -> None:
    """Hold exit code, words and records against what AWS has."""
    changed, said = bool(night.wire.changes), night.said_last
    if code == Exit.DONE:
        assert night.reached
        assert night.scene.shown in said
    if code == Exit.REFUSED or "Nothing was changed" in said:
        assert not changed
    if code in (Exit.DONE, Exit.REFUSED):
        assert "not known whether" not in said
    starts = [r for r in night.records if r["outcome"] == "started"]
    ends = [r["outcome"] for r in night.records if r["outcome"] != "started"]
    if code is not None:
        assert len(starts) <= len(ends) or "is not recorded" in said
        assert not night.wire.changes or starts or "is not recorded" in said
    for outcome in ends:
        assert outcome != "succeeded" or night.reached
        assert outcome != "not begun" or not changed


def demand_line(night: Night, code: int, fault: Fault) -> None:
    """Hold that it is said what went wrong, and what to do, and in one line if nothing began."""
    demand_reason(night.said_last, fault)
    if fault.kind == "aws error":
        who = "this identity" if fault.call.operation == "GetCallerIdentity" else ACTOR
        assert re.search(rf"{who} may not [a-z0-9]+:[A-Z]", night.said_last)
    if code == Exit.REFUSED:
        told = re.compile(rf"{fault.call.operation}|Error: |Interrupted")
        lines = [each for each in night.said_last.splitlines() if told.search(each)]
        # But for the record to put into the bucket.
        (line,) = [e for e in lines if "is not recorded: " not in e and not e.startswith("{")]
        assert "rovn/production" in line
        assert re.search(r"Nothing was changed\. Now: .|is refused: .*; .", line)
    elif code == Exit.FAILED:
        assert re.search(r"[Nn]ow: .|To watch it: |audit bucket as ", night.said_last)


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(("scene", "fault"), TABLE.cases, ids=TABLE.ids)
def test_a_call_goes_wrong(scene: str, fault: Fault) -> None:
    night = Night(scene)
    night.wire.fault = fault
    code = night.run()
    assert night.wire.struck
    demand_sound(night)
    demand_truth(night, code)
    if fault.kind.startswith("interrupted"):
        assert code == Exit.INTERRUPTED
    if fault.kind in PASSING and not fault.lasting:
        assert code == Exit.DONE
    if fault.call.operation == "PutObject" and code == Exit.FAILED:
        assert night.reached, "what cannot be recorded and goes on, goes on to its end"
    if code not in (None, Exit.DONE):
        assert code is not None
        demand_line(night, code, fault)
    run_again(night)


def run_again(night: Night) -> None:
    """Run the same command again, with no clean-up by hand: it ends well."""
    night.wire.fault = None
    settle(night.aws)
    before = len(night.wire.changes)
    assert night.run() == Exit.DONE, night.said_last
    assert night.reached
    if night.name in ("freeze", "unfreeze") and night.codes[0] == Exit.DONE:
        assert len(night.wire.changes) == before
    if night.scene.arguments == ROLLBACK:
        moved = [op for op, _ in night.wire.changes if op != "ExecuteChangeSet"]
        assert len(set(moved)) == 1


def settle(aws: Aws) -> None:
    """Let what was begun come to its end without anybody who watches."""
    if isinstance(aws, VaultAws):
        aws.settle()
    elif isinstance(aws, PastAws):
        del aws.past[0].steps[:-1]
        aws.answer("DescribeServiceDeployments", {"serviceDeploymentArns": []})


def test_the_table_has_every_operation_that_the_sources_call(record_cases: list[str]) -> None:
    called = operations_in("operators") | operations_in("verification")
    assert called - TABLE.operations == ELSEWHERE
    record_cases.append(TABLE.summary("runbook status, freeze, rollback, restart, ..."))
