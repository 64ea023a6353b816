"""A buildspec as one shell script; what the rehearsal does not know of it is refused. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

Members = dict[str, Any]

PHASES = ("install", "pre_build", "build", "post_build")
KNOWN = {"version", "env", "phases", "artifacts"}
KNOWN_ENV = {"shell", "variables", "exported-variables"}
KNOWN_PHASE = {"on-failure", "commands", "runtime-versions"}
KNOWN_ARTIFACTS = {"files"}
# What the script leaves for its caller: the phase it is in and the command, and the environment.
AT, LEFT = "at", "environment"
# Of a build's own container on AWS; of the whole machine here.
SHARED = "/tmp/"  # noqa: S108 - replaced by a folder of the build's own


class BuildspecError(Exception):
    """A buildspec that cannot be run, and what in it."""


@dataclass(frozen=True)
class Buildspec:
    """What a build is told: the commands of each phase, in order."""

    variables: Mapping[str, str]
    exported: Sequence[str]
    phases: Mapping[str, Sequence[str]]
    runtimes: Mapping[str, str]
    files: Sequence[str]


def read_buildspec(text: str) -> Buildspec:
    """Read version 0.2 in YAML or JSON; raises BuildspecError."""
    try:
        spec = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BuildspecError(f"it cannot be read: {error}") from None
    if not isinstance(spec, dict) or str(spec.get("version")) != "0.2":
        raise BuildspecError("the rehearsal knows version 0.2 only")
    environment, phases = spec.get("env") or {}, spec.get("phases") or {}
    _known(spec, KNOWN, "")
    _known(environment, KNOWN_ENV, "env: ")
    _known(phases, PHASES, "phases: ")
    _known(spec.get("artifacts") or {}, KNOWN_ARTIFACTS, "artifacts: ")
    if environment.get("shell") != "bash":
        raise BuildspecError("env: the rehearsal knows shell bash only")
    for name, phase in phases.items():
        _known(phase, KNOWN_PHASE, f"phases: {name}: ")
        # Without it a later phase runs although an earlier one failed.
        if phase.get("on-failure") != "ABORT":
            raise BuildspecError(f"phases: {name}: the rehearsal knows on-failure ABORT only")
    return Buildspec(
        variables={name: str(value) for name, value in environment.get("variables", {}).items()},
        exported=environment.get("exported-variables", []),
        phases={name: phases[name].get("commands", []) for name in PHASES if name in phases},
        runtimes={
            language: str(version)
            for phase in phases.values()
            for language, version in (phase.get("runtime-versions") or {}).items()
        },
        files=(spec.get("artifacts") or {}).get("files", []),
    )


def script(spec: Buildspec, marks: str, temporary: str, left_out: Collection[str] = ()) -> str:
    """Write all commands for one shell, as a build runs them; it ends at the first that fails.

    `marks` is a folder for what the caller must know; `/tmp/` becomes `temporary`, because builds
    here share a machine. Commands that are `left_out` are only named in the log.
    """
    at = shlex.quote(f"{marks}/{AT}")
    lines = [f"trap {shlex.quote(f'env -0 > {shlex.quote(marks)}/{LEFT}')} EXIT"]
    for phase, commands in spec.phases.items():
        lines.append(f"echo '[Container] Entering phase {phase.upper()}'")
        for command in commands:
            if command in left_out:
                lines.append(f"echo {shlex.quote(f'[Container] Left out: {command}')}")
                continue
            said = f"[Container] Running command {command}"
            lines += [
                f"printf '%s\\n%s' {phase.upper()} {shlex.quote(command)} > {at}",
                f"echo {shlex.quote(said)}",
                command.replace(SHARED, f"{temporary}/"),
                'status=$?; [ "$status" -eq 0 ] || exit "$status"',
            ]
    return "\n".join([*lines, ""])


def _known(given: Mapping[str, Any], known: Collection[str], where: str) -> None:
    unknown = sorted(given.keys() - set(known))
    if unknown:
        raise BuildspecError(f"{where}the rehearsal does not know {', '.join(unknown)}")
