"""ROVN-IMG-1: a build follows the lock file, and fails where it has drifted."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from policies.dockerfile import DRIFT, SWALLOWED
from policies.rule import Rule
from policies.source_file import FileKind, SourceFile, leaves

Json = Any
_LATEST = re.compile(r"[\w/.}-]:latest(?![\w.-])")


def _judge_file(file: SourceFile) -> Iterator[str]:
    spec = file.mapping()
    yield from _workflow(spec) if file.kind is FileKind.WORKFLOW else _buildspec(spec)
    yield from _no_latest(spec)


def _buildspec(spec: dict[Any, Any]) -> Iterator[str]:
    phases = spec.get("phases") or {}
    commands = [
        str(line)
        for phase in phases.values()
        for key in ("commands", "finally")
        for line in phase.get(key) or ()
    ]
    yield from _drift(commands)


def _workflow(flow: dict[Any, Any]) -> Iterator[str]:
    steps = [step for job in flow["jobs"].values() for step in job.get("steps") or ()]
    counted = [step for step in steps if not step.get("continue-on-error")]
    yield from _drift([str(step["run"]) for step in counted if "run" in step])


def _drift(commands: Iterable[str]) -> Iterator[str]:
    lines = [line for command in commands for line in command.splitlines()]
    checks = [line for line in lines if DRIFT.search(line)]
    if not any(not SWALLOWED.search(line) for line in checks):
        yield "no command fails when the lock file has drifted, such as uv lock --check"


def _no_latest(value: Json) -> Iterator[str]:
    if any(_LATEST.search(text) for _, text in leaves(value)):
        yield "it names the tag latest, which is another image each day"


RULE = Rule(
    id="lock-checked",
    title="A build fails when the lock file no longer fits the project",
    why="A lock file that has drifted is not what was reviewed and scanned.",
    remedy="Run uv lock --check, or install with --locked, before anything is built.",
    clauses=("ROVN-IMG-1",),
    controls=("NIST CM-2", "NIST SI-7", "SOC2 CC8.1"),
    files=(FileKind.BUILDSPEC, FileKind.WORKFLOW),
    required_files=(FileKind.BUILDSPEC,),
    judge_file=_judge_file,
    waivable=False,
)
