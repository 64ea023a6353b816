"""ROVN-IMG-1: a build follows the lock file, and fails where it has drifted."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from policies.dockerfile import DRIFT, fails_with
from policies.rule import Rule
from policies.source_file import FileKind, SourceFile, leaves

Json = Any
_LATEST = re.compile(r"[\w/.}-]:latest(?![\w.-])")


def _judge_file(file: SourceFile) -> Iterator[str]:
    spec = file.mapping()
    yield from _workflow(spec) if file.kind is FileKind.WORKFLOW else _buildspec(spec)
    yield from _no_latest(spec)


def _buildspec(spec: dict[Any, Any]) -> Iterator[str]:
    phases = {
        name: phase
        for name, phase in (spec.get("phases") or {}).items()
        # After the build, and where a failure is passed over, nothing is stopped any more.
        if name != "post_build" and phase.get("on-failure", "ABORT") == "ABORT"
    }
    yield from _drift(
        str(line)
        for name, phase in phases.items()
        # What the build does at last comes after the image.
        for key in ("commands",) + (("finally",) if name != "build" else ())
        for line in phase.get(key) or ()
    )


def _workflow(flow: dict[Any, Any]) -> Iterator[str]:
    jobs = [job for job in flow["jobs"].values() if not _passed_over(job)]
    steps = [step for job in jobs for step in job.get("steps") or ()]
    counted = [step for step in steps if not _passed_over(step)]
    yield from _drift([str(step["run"]) for step in counted if "run" in step])


def _passed_over(part: dict[str, Any]) -> bool:
    """Say whether a job or step does not run, or its failure stops nothing."""
    never = str(part.get("if", "")).replace("${{", "").replace("}}", "").strip().lower() == "false"
    return never or bool(part.get("continue-on-error"))


def _drift(commands: Iterable[str]) -> Iterator[str]:
    lines = [line for command in commands for line in command.splitlines()]
    if not any(fails_with(DRIFT, line) for line in lines):
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
