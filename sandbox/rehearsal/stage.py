"""What drills act on: the deployed service, its images, and what it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from runbook.access import delivery_names as names
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook.working_tree import working_tree
from sandbox.emulator.rehearsal.pipeline.records import build_session
from sandbox.emulator.rehearsal.records import FINISHED
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.audit_records import AuditRecords
from sandbox.rehearsal.desk import Desk
from sandbox.rehearsal.locked_bundle import LockedBundle
from sandbox.rehearsal.pipeline import EVIDENCE, RELEASE, VERIFY, Offer, RehearsedPipeline
from sandbox.rehearsal.published_evidence import PublishedEvidence
from sandbox.rehearsal.report import Checks, DrillError, NotExercisableError
from sandbox.rehearsal.service import RehearsedService, until
from sandbox.rehearsal.source import SourceStore
from sandbox.rehearsal.subscribers import Subscribers

GATE, PROBE = "PRE_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"
ALARM = "rehearsal-bake"
# Who starts the tasks by which a drill asks the ledger.
ASKED_BY_DRILLS = "rehearsal"
MIGRATIONS_LABEL = "runbook.migrations-task-definition"
Members = dict[str, Any]


@dataclass
class Stage:
    """One environment's service, deployed, and an operator who looks after it.

    While the file `held` is there, no bake window ends.
    `database_door` is the port of loopback at which clients of the drills find the database, by
    its name and over TLS.
    """

    environment: Environment
    key: str
    endpoint: Endpoint
    service: RehearsedService
    sources: SourceStore
    pipeline: RehearsedPipeline
    test_port: str
    records: AuditRecords
    desk: Desk
    held: Path
    subscribers: Subscribers
    database_door: int = 0
    # Tags of images of the example as it is, which a command can release.
    images: list[str] = field(default_factory=list)

    # --- What a drill may need ---

    def need_hook(self, stage: str) -> None:
        """Raise NotExercisableError unless a hook is deployed for the stage."""
        if not self.service.has_hook(stage):
            raise NotExercisableError(f"the service has no lifecycle hook at {stage}")

    def need_migrations(self) -> None:
        """Raise NotExercisableError unless the gate and the runner are there."""
        self.need_hook(GATE)
        if not (self.sources.source / "migrations" / "sql").is_dir():
            raise NotExercisableError("the example has no migrations to run")

    def need_commit(self) -> None:
        """Raise NotExercisableError unless the code is that of a commit, which others have too."""
        tree = working_tree(self.desk.root)
        if tree is None or not tree.clean:
            differs = f"{', '.join(tree.changed[:3])} differ" if tree else "git tells none"
            raise NotExercisableError(f"the code is no commit as it stands: {differs}")

    # --- Its pipeline ---

    def offered(
        self,
        checks: Checks,
        *,
        migrations: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> Offer:
        """Drop a source into its bucket, and check what the approver is then shown."""
        serves = self.service.health()[1]
        content = self.sources.packed(migrations=migrations, files=files, keep=keep)
        offer = self.pipeline.offer(self.pipeline.drop(content))
        if migrations is None and files is None:
            self.images.append(offer.tag)
        else:
            # What was built before may lack a migration that is applied now.
            self.images.clear()
        shown = f"{self.key} in {self.environment.name}: {serves} -> {offer.tag} ("
        checks.that(offer.shown.startswith(shown), f"the approver reads: {shown[:-2]}")
        return offer

    def spare(self, checks: Checks, *, newer: bool = False, than: tuple[str, ...] = ()) -> str:
        """Return the tag of an image that does not serve, and that a command can release.

        One that the pipeline built; where there is none, it builds one that nobody approves.
        `newer` asks for one built after what serves, `than` for another one than these.
        """
        serves = self.service.health()[1]
        others = [tag for tag in self.images if tag not in (serves, *than)]
        found = next((tag for tag in reversed(others) if tag > serves or not newer), "")
        if not found:
            offer = self.offered(checks)
            self.pipeline.answer(offer, approved=False, why="a command releases it")
            self.pipeline.ended(offer.execution)
            found = offer.tag
        return found

    def begin(self, offer: Offer) -> None:
        """Approve a release, without waiting for what comes of it."""
        self.pipeline.answer(offer, approved=True, why="rehearsal")

    def released(self, checks: Checks, offer: Offer) -> None:
        """Approve a release, and check that every stage of the pipeline succeeds at once."""
        self.begin(offer)
        checks.same(self.pipeline.ended(offer.execution), "Succeeded", "the pipeline")
        attempts = self.pipeline.attempts(offer.execution)
        checks.same(attempts.get(VERIFY), ["Succeeded"], "its stage Verify")
        checks.same(attempts.get(EVIDENCE), ["Succeeded"], "its stage Evidence")
        self.evidence(offer).check(checks)
        checks.same(self.service.status(), "UPDATE_COMPLETE", "the stack")

    def evidence(self, offer: Offer) -> PublishedEvidence:
        """Return what the pipeline's last stage published of a release."""
        project, _, number = self.pipeline.build(offer.execution, EVIDENCE).partition(":")
        return PublishedEvidence(
            self.bundles(f"{names.OF_RELEASE}{self.key}-{offer.tag}-"),
            group=names.build_log_group(self.environment, self.key, names.EVIDENCE_STEP),
            stream=f"build/{project}/{number}",
            tag=offer.tag,
        )

    def bundles(self, name: str = "") -> LockedBundle:
        """Return what the audit bucket has of the environment's evidence under names like this."""
        return LockedBundle(
            self.endpoint,
            self.records.bucket,
            f"{names.EVIDENCE}/{self.environment.environment}/{name}",
            timedelta(days=self.environment.buckets.audit.shortest_days),
        )

    def refused(self, checks: Checks, offer: Offer, *, said: str) -> None:
        """Approve a release, and check that it fails: once, for a reason, with nothing after it."""
        self.begin(offer)
        self.ended_refused(checks, offer, said=said)

    def ended_refused(self, checks: Checks, offer: Offer, *, said: str) -> None:
        """Check that an approved release has failed."""
        checks.same(self.pipeline.ended(offer.execution), "Failed", "the pipeline")
        attempts = self.pipeline.attempts(offer.execution)
        checks.same(attempts.get(RELEASE), ["Failed"], "attempts at its stage Release")
        checks.that(VERIFY not in attempts, "its stage Verify never ran")
        failure = self.pipeline.failure(offer.execution)
        if said not in failure:
            raise DrillError(f"the release's log ends without {said!r}: {failure}")
        checks.found.append(f"the end of the release's log says: {said}")

    def releaser(self, offer: Offer) -> str:
        """Return by which session CloudTrail knows the build that released."""
        role = Principals(self.environment).release.rpartition("/")[2]
        session = build_session(self.pipeline.build(offer.execution, RELEASE))
        return f"arn:aws:sts::{self.endpoint.account}:assumed-role/{role}/{session}"

    # --- What goes on meanwhile ---

    @contextmanager
    def baking(self) -> Iterator[None]:
        """Let no bake window end for a while, however slow this machine is."""
        self.held.touch()
        try:
            yield
        finally:
            self.held.unlink(missing_ok=True)

    def rests(self) -> str:
        """Wait until neither ECS nor CloudFormation does anything; return the stack's status."""

        def still() -> bool:
            deployments = self.service.deployments()
            return deployments[0]["status"] in FINISHED and self.service.is_settled()

        until(still, "the end of what goes on")
        return self.service.status()

    def is_frozen(self) -> bool:
        """Whether the parameter says that releases are frozen."""
        name = f"/{self.environment.name}/release-freeze"
        told = self.endpoint.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        return bool(json.loads(told)["frozen"])

    def alarm_states(self) -> dict[str, str]:
        """Return the state of each alarm that ends a deployment."""
        names = self.service.alarms()
        if not names:
            return {}
        told = self.endpoint.client("cloudwatch").describe_alarms(
            AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms = [*told.get("MetricAlarms", []), *told.get("CompositeAlarms", [])]
        return {each["AlarmName"]: each["StateValue"] for each in alarms}

    # --- What it keeps ---

    def snapshots(self) -> list[Members]:
        """Return the manual snapshots of the database."""
        rds = self.endpoint.client("rds")
        return list(rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"])

    def migration_tasks(self) -> list[str]:
        """Return the ARNs of all tasks of the migrations family that ever ran."""
        ecs = self.endpoint.client("ecs")
        return [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in ecs.list_tasks(
                cluster=self.service.cluster,
                family=f"{self.service.name}-migrations",
                desiredStatus=status,
            )["taskArns"]
        ]

    def commands_of(self, tasks: list[str]) -> list[str]:
        """Return what each of some migration tasks was told to do, sorted."""
        if not tasks:
            return []
        ecs = self.endpoint.client("ecs")
        described = ecs.describe_tasks(cluster=self.service.cluster, tasks=tasks)["tasks"]
        return sorted(
            " ".join(override.get("command", []))
            for task in described
            for override in task.get("overrides", {}).get("containerOverrides", [])
        )

    def applied(self) -> int:
        """Ask the ledger, by the serving revision's own migrations task, how much is applied."""
        serving = self.service.task_definition(self.service.described()["taskDefinition"])
        [app] = [each for each in serving["containerDefinitions"] if each["name"] == self.key]
        return int(self.asked(app["dockerLabels"][MIGRATIONS_LABEL], "--check")["applied"])

    def asked(self, definition: str, *arguments: str) -> Members:
        """Run a one-off migrations task and return its last line."""
        ecs, migrations = self.endpoint.client("ecs"), self.service.task_definition(definition)
        [container] = migrations["containerDefinitions"]
        command = [*container["command"], *arguments]
        [task] = ecs.run_task(
            cluster=self.service.cluster,
            taskDefinition=definition,
            startedBy=ASKED_BY_DRILLS,
            overrides={"containerOverrides": [{"name": container["name"], "command": command}]},
        )["tasks"]
        which = {"cluster": self.service.cluster, "tasks": [task["taskArn"]]}
        until(
            lambda: ecs.describe_tasks(**which)["tasks"][0]["lastStatus"] == "STOPPED",
            f"the end of {' '.join(command)}",
        )
        options = container["logConfiguration"]["options"]
        stream = "/".join(
            (
                options["awslogs-stream-prefix"],
                container["name"],
                task["taskArn"].rpartition("/")[2],
            )
        )
        told = self.endpoint.client("logs").get_log_events(
            logGroupName=options["awslogs-group"], logStreamName=stream
        )
        line: Members = json.loads(told["events"][-1]["message"])
        return line

    def last_refusal(self, stage: str) -> str:
        """Return why a stage's function refused last, in its own words from its log."""
        configuration = self.service.described()["deploymentConfiguration"]
        [function] = [
            hook["hookTargetArn"]
            for hook in configuration["lifecycleHooks"]
            if stage in hook["lifecycleStages"]
        ]
        described = self.endpoint.client("lambda").get_function_configuration(FunctionName=function)
        group = described.get("LoggingConfig", {}).get("LogGroup")
        told = self.endpoint.client("logs").filter_log_events(
            logGroupName=group or f"/aws/lambda/{described['FunctionName']}"
        )
        lines = [_json(event["message"]) for event in told["events"]]
        refusals = [str(line["why"]) for line in lines if line.get("outcome") == "held"]
        return refusals[-1] if refusals else "nothing in its log"

    def watched_alarm(self, checks: Checks) -> str:
        """Return an alarm that ends a deployment; one of the drill's own if none is declared."""
        names = self.service.alarms()
        if names:
            return names[0]
        checks.found.append(f"the service declares no alarm yet: the drill gave it {ALARM}")
        self.endpoint.client("cloudwatch").put_metric_alarm(
            AlarmName=ALARM,
            Namespace="Rehearsal",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        configuration = self.service.described()["deploymentConfiguration"]
        alarms = {"alarmNames": [ALARM], "enable": True, "rollback": True}
        self.endpoint.client("ecs").update_service(
            cluster=self.service.cluster,
            service=self.service.name,
            deploymentConfiguration={**configuration, "alarms": alarms},
        )
        self.set_alarm(ALARM, "OK")
        return ALARM

    def set_alarm(self, name: str, state: str) -> None:
        """Set an alarm's state, which the emulator does not find by itself."""
        self.endpoint.client("cloudwatch").set_alarm_state(
            AlarmName=name, StateValue=state, StateReason="rehearsal"
        )


def _json(text: str) -> Members:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
