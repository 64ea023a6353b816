"""`rehearse`: one environment deployed in the order of a first release, then every drill."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from runbook.access import delivery_names
from runbook.model.environment import Environment
from runbook.model.ingress import PRODUCTION_PORT
from runbook.model.loader import load_environment
from runbook.working_tree import working_tree
from sandbox import emulator_process
from sandbox.claimed_port import free_port
from sandbox.cloud_assembly import SynthesizedStack, read_stacks, single_place
from sandbox.deployment import Deployment, limits_of, parameters_to_give
from sandbox.emulator.rehearsal.settings import AUTHORITY, RehearsalSettings, database_names
from sandbox.emulator_process import EmulatorProcess
from sandbox.endpoint import Endpoint
from sandbox.failure import SandboxError
from sandbox.interruption import uninterrupted
from sandbox.rehearsal import page, report, sentry_stand_in, summary
from sandbox.rehearsal.audit_records import AuditRecords
from sandbox.rehearsal.database import Database
from sandbox.rehearsal.desk import Desk
from sandbox.rehearsal.drill import Drill
from sandbox.rehearsal.drills import DRILLS
from sandbox.rehearsal.first_release import (
    FIRST,
    FIRST_RELEASE,
    first_release,
    first_rotations,
    founded,
    in_order,
    prepare,
)
from sandbox.rehearsal.pipeline import RehearsedPipeline
from sandbox.rehearsal.rehearsed_code import rehearsed_code
from sandbox.rehearsal.report import Outcome
from sandbox.rehearsal.service import RehearsedService
from sandbox.rehearsal.source import SourceStore
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.subscribers import Subscribers
from sandbox.rehearsal.watched import watched
from sandbox.rehearsal.wire import Wire
from sandbox.screen import Screen
from sandbox.workplace import Workplace

# What stands in for a declared variable on this machine; see the summary, which says so.
STAND_INS = {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "SENTRY_DSN": "", "PYTHONUNBUFFERED": "1"}
# Of the example's buildspec, what `make lint` and `make test` have run on the same source: a minute
# of each build. A drill's fault would be found by them, too.
LEFT_OUT = ("uv run --no-sync mypy", "uv run --no-sync pytest")


@dataclass
class Rehearsal:
    """One rehearsal of one environment; `bake_seconds` stand for each minute of bake time.

    With `only`, those drills alone whose names contain one of these.
    """

    workplace: Workplace
    screen: Screen
    name: str
    bake_seconds: float = 0.2
    only: Sequence[str] = ()

    def run(self, port: int) -> bool:
        """Deploy, drill, report, end everything; return whether no drill failed."""
        found = emulator_process.running(self.workplace)
        if found is not None:
            raise SandboxError(
                f"A sandbox is running with its files in {self.workplace.folder}: "
                "`make sandbox-down` ends it; or set SANDBOX_FOLDER and SANDBOX_PORT"
            )
        drills = chosen(self.only)
        started, tree = datetime.now(UTC), working_tree(self.workplace.root)
        for folder in (self.workplace.temporary, self._folder):
            shutil.rmtree(folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._report.parent.mkdir(parents=True, exist_ok=True)
        environment = load_environment(self.name)
        database = Database(
            self._python,
            self._folder,
            environment.database.database_name,
            self.workplace.environment(),
        )
        try:
            outcomes = self._rehearsed(environment, database, port, drills)
        finally:
            with uninterrupted():
                database.stop()
        code = rehearsed_code(tree, working_tree(self.workplace.root))
        report.write(self._report, self.name, started, outcomes, code)
        simulated: Any = {"bake_seconds": self.bake_seconds, "left_out": LEFT_OUT}
        markdown = self._report.with_suffix(".md")
        page.write(markdown, self.name, started, outcomes, code, **simulated)
        summary.show(self.screen.console, outcomes, self._report, **simulated)
        return all(outcome.outcome != report.FAILED for outcome in outcomes)

    def _rehearsed(
        self, environment: Environment, database: Database, port: int, drills: Sequence[Drill]
    ) -> list[Outcome]:
        settings = self._settings(environment, database)
        settings.write(self._folder / "settings.json")
        emulator = emulator_process.start(
            self.workplace,
            port,
            keep_running=False,
            rehearsal=self._folder / "settings.json",
        )
        heard = Subscribers(settings.subscribers, Path(settings.clock))
        try:
            # From the first deploy on: a new composite alarm tells how it stands.
            with heard.listening():
                return self._drilled(environment, database, emulator, settings, heard, drills)
        finally:
            with uninterrupted():
                emulator.stop()
                shutil.rmtree(self.workplace.temporary, ignore_errors=True)

    def _drilled(
        self,
        environment: Environment,
        database: Database,
        emulator: EmulatorProcess,
        settings: RehearsalSettings,
        heard: Subscribers,
        drills: Sequence[Drill],
    ) -> list[Outcome]:
        deployment = Deployment(self.workplace, self.screen.progress, self.screen.detail)
        with self.screen.phase("synth", f"{self.name}, while the emulator starts"):
            deployment.synthesize(self.name)
            stacks = read_stacks(self.workplace.assembly)
        emulator.wait_until_ready()
        account, region = single_place(stacks)
        endpoint = Endpoint(emulator.url, account, region)
        before, services, after = in_order(stacks)
        with self.screen.phase("deploy", "limits, bootstrap, and all that a service stands on"):
            deployment.deploy(endpoint, selected=f"{environment.slug}-bootstrap/**")
            regions = sorted({stack.region for stack in stacks})
            deployment.bootstrap(endpoint, regions, limits_of(environment))
            ground, rotating = founded(before, environment)
            self._deploy(deployment, environment, endpoint, ground)
        with self.screen.phase("prepare", "the database's master, values of vendors' secrets"):
            prepare(environment, endpoint, database)
        with self.screen.phase(
            "rotate", "functions that rotate secrets, and each for a first time"
        ):
            self._deploy(deployment, environment, endpoint, rotating)
            first_rotations(environment, endpoint)
            stage = self._stage(environment, endpoint, services[0], settings, heard)

        def deploy(tag: str) -> None:
            for stacks in (services, after):
                paths, given = [each.path for each in stacks], parameters_to_give(stacks, tag)
                if paths:
                    deployment.deploy(endpoint, given, paths, exclusively=True)

        with self.screen.phase("first", "release: a source for a pipeline without a service"):
            run = partial(watched, partial(first_release, deploy), stage)
            outcomes = [self._told(report.drilled(FIRST, FIRST_RELEASE, run))]
        if outcomes[0].outcome == report.FAILED:
            return outcomes
        for number, drill in enumerate(drills, start=1):
            with self.screen.phase(f"drill {number}", drill.name):
                run = partial(watched, drill.run, stage)
                outcomes.append(self._told(report.drilled(drill.name, drill.clauses, run)))
            emulator.check_alive()
        stage.records.write(self._report.with_name("records.jsonl"))
        return outcomes

    def _deploy(
        self,
        deployment: Deployment,
        environment: Environment,
        endpoint: Endpoint,
        stacks: Sequence[SynthesizedStack],
    ) -> None:
        """Deploy these stacks and no others; none is nothing to do."""
        if stacks:
            given = parameters_to_give(stacks, environment.images.tag_example)
            deployment.deploy(endpoint, given, [stack.path for stack in stacks], exclusively=True)

    def _told(self, outcome: Outcome) -> Outcome:
        for line in summary.failures([outcome]):
            self.screen.progress(line)
        return outcome

    def _settings(self, environment: Environment, database: Database) -> RehearsalSettings:
        ports = (str(PRODUCTION_PORT), str(environment.load_balancer.test_port))
        for service in environment.services.values():
            (self._images / service.name).mkdir(parents=True, exist_ok=True)
        return RehearsalSettings(
            images=str(self._images),
            python=str(self._python),
            account=environment.account,
            region=environment.region,
            variables=database.variables | STAND_INS,
            listeners={port: free_port() for port in ports},
            certificates=str(self._folder / "certificates"),
            hostnames=[
                *(each.ingress.hostname for each in environment.services.values()),
                sentry_stand_in.HOST,
                database_names(environment.region),
            ],
            database_door=free_port(),
            builds=str(self._folder / "builds"),
            held=str(self._folder / "held"),
            subscribers=free_port(),
            clock=str(self._folder / "clock"),
            left_out=LEFT_OUT,
            bake_seconds_per_minute=self.bake_seconds,
        )

    def _stage(
        self,
        environment: Environment,
        endpoint: Endpoint,
        stack: SynthesizedStack,
        settings: RehearsalSettings,
        heard: Subscribers,
    ) -> Stage:
        key = next(key for key in environment.services if stack.name.endswith(f"-{key}"))
        service = environment.services[key]
        return Stage(
            environment=environment,
            key=key,
            endpoint=endpoint,
            service=RehearsedService(
                endpoint=endpoint,
                stack=stack.name,
                cluster=environment.slug,
                name=service.name,
                hostname=service.ingress.hostname,
                listeners=dict(settings.listeners),
                authority=Path(settings.certificates) / AUTHORITY,
            ),
            sources=SourceStore(self._example),
            pipeline=RehearsedPipeline(
                endpoint=endpoint,
                name=delivery_names.pipeline(environment, key),
                bucket=delivery_names.source_bucket(environment),
                key=delivery_names.source_key(key),
            ),
            test_port=str(environment.load_balancer.test_port),
            records=AuditRecords(environment, endpoint),
            desk=self._desk(environment, endpoint, key, settings),
            held=Path(settings.held),
            subscribers=heard,
            database_door=settings.database_door,
        )

    def _desk(
        self, environment: Environment, endpoint: Endpoint, key: str, settings: RehearsalSettings
    ) -> Desk:
        folder = self._folder / "desk"
        folder.mkdir()
        return Desk(
            environment=environment,
            service=key,
            endpoint=endpoint,
            wire=Wire(endpoint.url),
            variables=self.workplace.environment(),
            root=self.workplace.root,
            folder=folder,
            authority=Path(settings.certificates) / AUTHORITY,
            ports=dict(settings.listeners),
        )

    @property
    def _report(self) -> Path:
        return self.workplace.root / "build" / "rehearsal" / "report.json"

    @property
    def _folder(self) -> Path:
        return self.workplace.folder / "rehearsal"

    @property
    def _images(self) -> Path:
        return self._folder / "images"

    @property
    def _example(self) -> Path:
        return self.workplace.root / "examples" / "passport-api"

    @property
    def _python(self) -> Path:
        python = self._example / ".venv" / "bin" / "python"
        if not python.exists():
            raise SandboxError(f"{python}: the example is not installed. `make setup` installs it")
        return python


def chosen(only: Sequence[str]) -> list[Drill]:
    """Return the drills to run after the first release; raises SandboxError if a word fits none."""
    names = [FIRST, *(drill.name for drill in DRILLS)]
    for word in only:
        if not any(word in name for name in names):
            raise SandboxError(f"No drill's name contains {word!r}: there are {'; '.join(names)}")
    return [drill for drill in DRILLS if not only or any(word in drill.name for word in only)]
