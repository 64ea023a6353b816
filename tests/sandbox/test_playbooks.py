"""Playbooks' reading commands, typed into a deployed sandbox with the real AWS CLI.

A page is read when something burns: a command that only parses may still ask for a name that no
stack has. What the emulator does not have is listed; a line of the list that is answered fails.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from runbook.model.loader import load_environment
from runbook.playbooks.lookup import playbooks_of
from sandbox.rehearsal.aws_cli import AWS, variables
from tests.playbooks.typed import ASSIGNED, FENCED
from tests.sandbox.loopback import free_port
from tests.sandbox.test_sandbox import ENVIRONMENT, Running, run

pytestmark = pytest.mark.sandbox

# What the reader puts in: no name of the environment's.
OPERATORS_WORDS = re.compile(r"(?<![\w$])(SECRET|BUCKET|NAME)\b(?!=)")
# Nothing here answers these: the emulator has no traces, costs, insights, stages and runs.
NOT_HERE = {
    "ce get-cost-and-usage",
    "codepipeline get-pipeline-state",
    "pi describe-dimension-keys",
    "pi get-resource-metrics",
    "route53 get-health-check-status",
    "synthetics get-canary-runs",
    "xray get-trace-summaries",
}
QUICK_SECONDS = 120


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    port = free_port()
    done = run(folder, "up", "--environment", ENVIRONMENT, "--port", str(port))
    try:
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        yield Running(folder, port)
    finally:
        run(folder, "down")


@pytest.mark.clause("ALL-8")
def test_every_reading_command_is_answered(running: Running) -> None:
    """With the environment's own names, as a shell runs them, each block from its top."""
    pages = playbooks_of(load_environment(ENVIRONMENT))
    blocks = [
        (page.page.id, block)
        for page in pages
        for _, block in FENCED.findall(page.sections["Diagnosis"])
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        told = [
            each for found in pool.map(lambda of: typed(running, *of), blocks) for each in found
        ]
    assert len(told) > 100
    refused = {line: why for line, why in told if why and operation(line) not in NOT_HERE}
    assert refused == {}
    answered = {operation(line) for line, why in told if not why}
    assert answered.isdisjoint(NOT_HERE), "the emulator answers these now"
    assert {operation(line) for line, _ in told} >= set(NOT_HERE), "no page asks for these"


def typed(running: Running, page: str, block: str) -> list[tuple[str, str]]:
    """Run the block's commands of the AWS CLI; map each to what it complained of."""
    known, found = dict[str, str](), []
    for line in block.splitlines():
        assigned = ASSIGNED.fullmatch(line.strip())
        command = assigned[2] if assigned else line.strip()
        lost = [name for name in re.findall(r"\$([A-Z]+)\b", command) if not known.get(name)]
        if not command.startswith("aws ") or OPERATORS_WORDS.search(command) or lost:
            continue
        # Of SQS the AWS CLI reads no variable that says where the sandbox is. Comments stay last.
        asked, hash_, comment = command.partition("  #")
        done = subprocess.run(  # noqa: S602 - our own pages
            f"{asked} --endpoint-url {running.endpoint.url}{hash_}{comment}",
            shell=True,
            env={
                **variables(running.endpoint),
                **known,
                "AWS_MAX_ATTEMPTS": "1",
                "PATH": f"{AWS.parent}{os.pathsep}{os.defpath}",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=QUICK_SECONDS,
            check=False,
        )
        why = f"{page}: {done.stderr.strip()[-300:]}" if done.returncode else ""
        found.append((command, why))
        if assigned and not why:
            known[assigned[1]] = done.stdout.strip().replace("None", "")
    return found


def operation(command: str) -> str:
    """Name the service and the operation of a command."""
    return " ".join(command.split()[1:3])
