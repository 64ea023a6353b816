"""Rules over the sources of services: Dockerfile, buildspec, workflows and what they run.

They are files of the repository, not templates, so the engine does not see them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from policies import dockerfile
from policies.dockerfile import DRIFT, SWALLOWED
from policies.environment_variables import Variable, variables_of
from policies.forced_deployment import is_forced
from policies.report import Result, Status
from policies.rule import Rule
from policies.rules import no_forced_deployment, no_secret_in_environment
from policies.secret_values import held_by, known_shape
from policies.values import UnresolvedError

Json = Any
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_IMAGE = re.compile(r"(?:docker://)?\S+@sha256:[0-9a-f]{64}")
_LATEST = re.compile(r"[\w/.}-]:latest(?![\w.-])")
_RUN = {".sh", ".py", ".js", ".ts", ".yml", ".yaml", ".json", ".toml", ""}
_NOT_DEPLOYED = {"tests", "node_modules", "__pycache__"}

DOCKERFILE_PINNED = Rule(
    id="dockerfile-pinned",
    title="An image is built from pinned bases in stages, and runs as another user than root",
    why="A base that moves makes two builds of one commit differ, and root in a container is one "
    "fault away from the host.",
    remedy="Pin each base by digest, install from the lock file before the source is copied, and "
    "end the last stage with a USER that is a number.",
    clauses=("ROVN-IMG-1",),
    controls=("NIST CM-2", "NIST SI-7", "SOC2 CC8.1"),
)
LOCK_CHECKED = Rule(
    id="lock-checked",
    title="A build fails when the lock file no longer fits the project",
    why="A lock file that has drifted is not what was reviewed and scanned.",
    remedy="Run uv lock --check, or install with --locked, before anything is built.",
    clauses=("ROVN-IMG-1",),
    controls=("NIST CM-2", "NIST SI-7", "SOC2 CC8.1"),
)
ACTIONS_PINNED = Rule(
    id="actions-pinned",
    title="What a workflow runs is pinned by commit or digest",
    why="A tag of somebody else's action can move to code that reads our credentials.",
    remedy="Write uses: owner/action@<40 characters of the commit>, with the version as comment.",
    clauses=("ROVN-IMG-1",),
    controls=("NIST SR-3", "NIST SI-7", "SOC2 CC8.1"),
)
SOURCE_RULES = (DOCKERFILE_PINNED, LOCK_CHECKED, ACTIONS_PINNED)
_FORCED, _SECRETS = no_forced_deployment.RULE, no_secret_in_environment.RULE


def judge_sources(root: Path) -> list[Result]:
    """Judge the services below ``examples/`` of the repository at ``root``.

    A service without a Dockerfile or a buildspec fails, and so does having no service.
    """
    services = sorted(path for path in (root / "examples").glob("*") if path.is_dir())
    if not services:
        return [_result(DOCKERFILE_PINNED, "examples", ["there is no service to judge"])]
    return [result for service in services for result in _service(service, root)]


def _service(service: Path, root: Path) -> Iterator[Result]:
    found = {
        "Dockerfile": sorted(service.glob("Dockerfile*")),
        "buildspec.yml": sorted(
            [*service.glob("buildspec*.yml"), *service.glob("buildspec*.yaml")]
        ),
        ".github/workflows": sorted(service.glob(".github/workflows/*.y*ml")),
    }
    for name, rule in (("Dockerfile", DOCKERFILE_PINNED), ("buildspec.yml", LOCK_CHECKED)):
        if not found[name]:
            where = (service / name).relative_to(root).as_posix()
            yield _result(rule, where, [f"the service has no {name}"])
    for path in found["Dockerfile"]:
        yield _judged(DOCKERFILE_PINNED, path, root, dockerfile.faults)
    for path in found["buildspec.yml"]:
        yield _judged(LOCK_CHECKED, path, root, _buildspec)
    for path in found[".github/workflows"]:
        yield _judged(LOCK_CHECKED, path, root, _workflow)
        yield _judged(ACTIONS_PINNED, path, root, _actions)
    for path in _texts(service):
        yield _judged(_FORCED, path, root, _deploys)
    for path in (*found["buildspec.yml"], *found[".github/workflows"]):
        yield _judged(_SECRETS, path, root, _secrets)


def _texts(folder: Path) -> Iterator[Path]:
    """List the files that can run: code, scripts, definitions."""
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name != ".github"
        if path.is_dir() and not hidden and path.name not in _NOT_DEPLOYED:
            yield from _texts(path)
        elif path.is_file() and (path.suffix in _RUN or path.name.startswith("Dockerfile")):
            yield path


def _judged(rule: Rule, path: Path, root: Path, faults: Callable[[bytes], Iterable[str]]) -> Result:
    where = path.relative_to(root).as_posix()
    try:
        return _result(rule, where, list(dict.fromkeys(faults(path.read_bytes()))))
    except UnresolvedError as error:
        return _result(rule, where, [str(error)])
    except Exception as error:  # noqa: BLE001 - what cannot be judged is no pass
        said = f"it cannot be judged: {type(error).__name__}"
        return Result(rule.id, Status.ERROR, where, message=said)


def _result(rule: Rule, where: str, faults: list[str]) -> Result:
    status = Status.FAIL if faults else Status.PASS
    message = "; ".join(faults)
    return Result(
        rule.id, status, where, message=message, clauses=rule.clauses, controls=rule.controls
    )


def _buildspec(text: bytes) -> Iterator[str]:
    spec = _mapping(text)
    phases = spec.get("phases") or {}
    commands = [
        str(line)
        for phase in phases.values()
        for key in ("commands", "finally")
        for line in phase.get(key) or ()
    ]
    yield from _drift(commands)
    yield from _no_latest(spec)


def _workflow(text: bytes) -> Iterator[str]:
    flow = _mapping(text)
    steps = [step for job in flow["jobs"].values() for step in job.get("steps") or ()]
    counted = [step for step in steps if not step.get("continue-on-error")]
    yield from _drift([str(step["run"]) for step in counted if "run" in step])
    yield from _no_latest(flow)


def _drift(commands: Iterable[str]) -> Iterator[str]:
    lines = [line for command in commands for line in command.splitlines()]
    checks = [line for line in lines if DRIFT.search(line)]
    if not any(not SWALLOWED.search(line) for line in checks):
        yield "no command fails when the lock file has drifted, such as uv lock --check"


def _no_latest(value: Json) -> Iterator[str]:
    if any(_LATEST.search(text) for _, text in _leaves(value)):
        yield "it names the tag latest, which is another image each day"


def _actions(text: bytes) -> Iterator[str]:
    for key, value in _leaves(_mapping(text)):
        local = value.startswith("./")
        if (
            key == "uses"
            and not local
            and not (_COMMIT.fullmatch(value) or _IMAGE.fullmatch(value))
        ):
            yield f"{value} is not pinned by commit"
        elif key in ("image", "container") and not _IMAGE.fullmatch(value):
            yield f"the image {value} is not pinned by digest"


def _deploys(text: bytes) -> Iterator[str]:
    if is_forced(text):
        yield "it forces a new deployment: that starts the same revision again"


def _secrets(text: bytes) -> Iterator[str]:
    """Look at variables first; a key elsewhere, as in a command, is told without its place."""
    data = _mapping(text)
    found = list(_in_variables(data))
    kinds = {kind for _, leaf in _leaves(data) if (kind := known_shape(leaf))}
    yield from found or sorted(f"it holds what looks like {kind}" for kind in kinds)


def _in_variables(data: dict[Any, Any]) -> Iterator[str]:
    for found in variables_of(data):
        if isinstance(found, Variable):
            for reason in held_by(found.name, _plain(found.value)):
                yield f"{found.path}: the variable {found.name} holds {reason}"
    for job in (data.get("jobs") or {}).values():
        for place in (data, job, *(job.get("steps") or ())):
            for name, value in (place.get("env") or {}).items():
                for reason in held_by(name, _plain(value)):
                    yield f"the variable {name} holds {reason}"


def _plain(value: Json) -> str:
    """Take an expression that the runner fills in for nothing written here."""
    text = "" if value is None else str(value)
    return re.sub(r"\$\{\{[^}]*\}\}", "", text)


def _leaves(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, item in value.items():
                yield from _leaves(item, str(name))
        case list():
            for item in value:
                yield from _leaves(item, key)
        case str():
            yield key, value


def _mapping(text: bytes) -> dict[Any, Any]:
    data = yaml.load(text, _LOADER)  # noqa: S506 - both are safe loaders
    if not isinstance(data, dict):
        raise TypeError("it is YAML, but no mapping")
    return data
