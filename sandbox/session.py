"""What the commands do, phase by phase."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.deployed.comparison import compare
from runbook.deployed.deployed_stack import read_deployed
from runbook.deployed.difference import Comparison
from runbook.deployed.known_differences import UNTOLD, Verdict, judge, load
from runbook.model.loader import load_environment
from sandbox import emulator_process, summary
from sandbox.cloud_assembly import SynthesizedStack, read_stacks, single_place
from sandbox.deployment import Deployment, limits_of, parameters_to_give
from sandbox.emulator_process import EmulatorProcess
from sandbox.endpoint import Endpoint
from sandbox.failure import SandboxError
from sandbox.interruption import uninterrupted
from sandbox.screen import Screen
from sandbox.supplied import holders, supply_address
from sandbox.tamper import FAILING, Result, locked_buckets, tamper_with
from sandbox.workplace import Workplace

EMULATORS_OWN = Path(__file__).with_name("differences.toml")


@dataclass
class Session:
    """One command's work on one environment."""

    workplace: Workplace
    screen: Screen
    environment: str

    def demo(self, port: int) -> bool:
        """Deploy, compare, tamper, show, and end the emulator; return whether all is as it must."""
        begun = time.monotonic()
        found = emulator_process.running(self.workplace)
        if found is not None:  # whose files a demo would replace
            raise self._beside(*found)
        emulator = self._start(port, keep_running=False)
        try:
            endpoint, stacks = self._deploy(emulator)
            with self.screen.phase("describe", "what was deployed, property by property"):
                comparison, verdict = self._compare(endpoint, stacks)
            with self.screen.phase("tamper", "with objects under lock, in every way S3 offers"):
                results = self._tamper(endpoint, stacks)
                _, verdict_after = self._compare(endpoint, stacks)
            memory = emulator.memory()
        finally:
            self._end(emulator)
        total = time.monotonic() - begun
        self._write_costs(total, memory)
        console = self.screen.console
        summary.show_comparison(console, comparison, verdict)
        summary.show_tampering(console, results)
        summary.show_costs(console, self.screen.seconds, memory, total)
        summary.show_limits(console)
        failures = failures_of(verdict, verdict_after, results)
        for failure in failures:
            console.print(f"\n[bold red]FAILED[/] {failure}", highlight=False)
        if not failures:
            summary.show_next(console, self.environment)
        return not failures

    def up(self, port: int) -> bool:
        """Deploy, compare, and leave the emulator running; return whether all is as it must."""
        running = self._running_on(port)
        emulator = running or self._start(port, keep_running=True)
        ready = False
        try:
            # At once, so that `down` finds it even if this process is killed.
            emulator_process.remember(self.workplace, emulator, self.environment)
            endpoint, stacks = self._deploy(emulator)
            with self.screen.phase("describe", "what was deployed, property by property"):
                comparison, verdict = self._compare(endpoint, stacks)
            ready = True
        finally:
            # One that was running before is the user's, however this deploy went.
            if not ready and not running:
                self._end(emulator)
                self.workplace.state.unlink(missing_ok=True)
        summary.show_comparison(self.screen.console, comparison, verdict)
        summary.show_exports(
            self.screen.console, endpoint, str(emulator.log), differs=not verdict.passed
        )
        return verdict.passed

    def _beside(self, emulator: EmulatorProcess, environment: str) -> SandboxError:
        """Say why no second one can work in the folder of one that runs."""
        return SandboxError(
            f"A sandbox of {environment} is running on port {emulator.port} with its files in "
            f"{self.workplace.folder}: `make sandbox-down` ends it; or give this one a folder and "
            "a port of its own with the variables SANDBOX_FOLDER and SANDBOX_PORT"
        )

    def _running_on(self, port: int) -> EmulatorProcess | None:
        found = emulator_process.running(self.workplace)
        if found is None:
            return None
        emulator, environment = found
        if emulator.port != port:
            raise self._beside(emulator, environment)
        self.screen.progress(f"the sandbox on port {port} is running: deploying into it")
        return emulator

    def _start(self, port: int, *, keep_running: bool) -> EmulatorProcess:
        # Fail before the seconds of a synthesis if something is not installed.
        _ = self.workplace.cdk
        emulator_process.refuse_busy_port(port)
        # What one that was killed has left.
        shutil.rmtree(self.workplace.temporary, ignore_errors=True)
        return emulator_process.start(self.workplace, port, keep_running=keep_running)

    def _deploy(self, emulator: EmulatorProcess) -> tuple[Endpoint, list[SynthesizedStack]]:
        deployment = Deployment(self.workplace, self.screen.progress, self.screen.detail)
        with self.screen.phase("synth", f"{self.environment}, while the emulator starts"):
            deployment.synthesize(self.environment)
            stacks = read_stacks(self.workplace.assembly)
        # Late: before the synthesis has judged it, a wrong environment is no news of ours.
        environment = load_environment(self.environment)
        with self.screen.phase("start", f"emulator on {emulator.url}, begun before") as phase:
            phase.seconds = emulator.wait_until_ready()
        account, region = single_place(stacks)
        endpoint = Endpoint(emulator.url, account, region)
        try:
            # As `make bootstrap` and `make deploy` do, in the same order.
            with self.screen.phase("limits", "boundaries, execution policies, deploy identity"):
                deployment.deploy(endpoint, selected=f"{environment.slug}-bootstrap/**")
            regions = sorted({stack.region for stack in stacks})
            with self.screen.phase("bootstrap", f"account {account} in {', '.join(regions)}"):
                deployment.bootstrap(endpoint, regions, limits_of(environment))
            if before := holders(stacks, environment):
                with self.screen.phase("supply", "secrets, and the pager's address among them"):
                    deployment.deploy(endpoint, selected=before)
                    supply_address(environment, endpoint)
            with self.screen.phase("deploy", "the other stacks, by the CDK CLI"):
                given = parameters_to_give(stacks, environment.images.tag_example)
                deployment.deploy(endpoint, given, selected=f"{environment.slug}/**")
        except SandboxError:
            emulator.check_alive()  # its death explains more than what the CLI says of it
            raise
        return endpoint, stacks

    def _compare(
        self, endpoint: Endpoint, stacks: Sequence[SynthesizedStack]
    ) -> tuple[Comparison, Verdict]:
        deployed = [
            (
                read_deployed(
                    Endpoint(endpoint.url, stack.account, stack.region), stack.name, stack.template
                ),
                stack.termination_protection,
            )
            for stack in stacks
        ]
        comparison = compare(deployed)
        return comparison, judge(comparison, load(UNTOLD, EMULATORS_OWN))

    def _tamper(self, endpoint: Endpoint, stacks: Sequence[SynthesizedStack]) -> list[Result]:
        results: list[Result] = []
        for stack in stacks:
            place = Endpoint(endpoint.url, stack.account, stack.region)
            deployed = read_deployed(place, stack.name, stack.template)
            buckets = [
                physical_id
                for type_, physical_id in deployed.resources.values()
                if type_ == "AWS::S3::Bucket"
            ]
            s3 = place.client("s3")
            for bucket in locked_buckets(s3, buckets):
                self.screen.detail(bucket)
                results += tamper_with(s3, bucket)
        return results

    def _write_costs(self, total: float, memory: int) -> None:
        """Leave the seconds by phase and the bytes of memory for `make bench`."""
        costs = {"seconds": {**self.screen.seconds, "total": total}, "memory": memory}
        self.workplace.costs.write_text(json.dumps(costs, indent=2) + "\n", "utf-8")

    def _end(self, emulator: EmulatorProcess) -> None:
        with uninterrupted():
            emulator.stop()
            shutil.rmtree(self.workplace.temporary, ignore_errors=True)


def failures_of(verdict: Verdict, verdict_after: Verdict, results: Sequence[Result]) -> list[str]:
    """Say what fails a demo: before the tampering, after it, and each attempt that did harm."""
    failures = []
    if not results:
        failures.append("no bucket is under a COMPLIANCE lock, so no attempt on one was denied")
    if not verdict.passed:
        failures.append("what was deployed is not what the templates declare")
    elif not verdict_after.passed:
        failures += [f"after the tampering: {difference}" for difference in verdict_after.failures]
        failures += [
            f"after the tampering: {known.type}.{known.property} does not differ any more"
            for known in verdict_after.stale
        ]
    failures += [
        f"{result.bucket}: {result.attempt.name}: {result.answer}"
        for result in results
        if result.outcome in FAILING
    ]
    return failures
