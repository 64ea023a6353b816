"""Every rule that judges files on the services of a repository, failing closed.

Files are no templates, so ``policies/engine.py`` does not see them. A file that cannot be read, a
rule that raises and a service that lacks what it must have are an ``error`` or a ``fail``.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from policies.report import Result, Status, joined
from policies.rule import Rule
from policies.source_file import FileKind, SourceFile
from policies.templates.values import UnresolvedError

# The folder of a repository whose subfolders are its services.
SERVICES = "examples"
_RUN = {".sh", ".py", ".js", ".ts", ".yml", ".yaml", ".json", ".toml", ""}
_NOT_DEPLOYED = {"tests", "node_modules", "__pycache__"}
_Files = Mapping[FileKind, Sequence[Path]]


def judge_sources(root: Path, rules: Sequence[Rule]) -> list[Result]:
    """Judge the services of the repository at ``root`` by those rules that judge files.

    Having no service fails. A result's ``template`` is the file's path below ``root``.
    """
    asked = [rule for rule in rules if rule.judge_file is not None]
    services = sorted(path for path in (root / SERVICES).glob("*") if path.is_dir())
    if not services:
        return [_about(r, Status.FAIL, SERVICES, "there is no service to judge") for r in asked]
    results = [result for service in services for result in _service(service, root, asked)]
    results.sort(key=lambda result: (result.template, result.rule))
    idle = [rule for rule in asked if rule.id not in {result.rule for result in results}]
    said = "no service has a file that the rule looks at"
    return [*results, *(_about(rule, Status.NOT_APPLICABLE, SERVICES, said) for rule in idle)]


def _service(service: Path, root: Path, rules: Sequence[Rule]) -> Iterator[Result]:
    try:
        found = _files(service)
    except OSError as error:
        said = f"the service cannot be read: {type(error).__name__}"
        where = service.relative_to(root).as_posix()
        yield from (_about(rule, Status.ERROR, where, said) for rule in rules)
        return
    for rule in rules:
        for kind in rule.required_files:
            if not found[kind]:
                where = (service / kind).relative_to(root).as_posix()
                yield _about(rule, Status.FAIL, where, f"the service has no {kind}")
        for kind in rule.files:
            for path in found[kind]:
                yield _judged(rule, kind, path, root)


def _files(service: Path) -> _Files:
    return {
        FileKind.DOCKERFILE: [path for path in _below(service) if _is_dockerfile(path)],
        FileKind.BUILDSPEC: sorted(
            [*service.glob("buildspec*.yml"), *service.glob("buildspec*.yaml")]
        ),
        FileKind.WORKFLOW: sorted(service.glob(".github/workflows/*.y*ml")),
        FileKind.ACTION: sorted(service.glob(".github/actions/**/action.y*ml")),
        FileKind.CODE: list(_texts(service)),
    }


def _texts(folder: Path) -> Iterator[Path]:
    """List the files that can run: code, scripts, definitions."""
    for path in _below(folder):
        if path.suffix in _RUN or _is_dockerfile(path):
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name != ".github"
        if path.is_dir() and not hidden and path.name not in _NOT_DEPLOYED:
            yield from _below(path)
        elif path.is_file():
            yield path


def _is_dockerfile(path: Path) -> bool:
    """Know an image's recipe by its name; a list of what a build leaves out is none."""
    if path.suffix == ".dockerignore":
        return False
    return path.name.startswith(("Dockerfile", "Containerfile")) or path.suffix == ".Dockerfile"


def _judged(rule: Rule, kind: FileKind, path: Path, root: Path) -> Result:
    assert rule.judge_file is not None  # noqa: S101 - asked only then
    where = path.relative_to(root).as_posix()
    try:
        file = SourceFile(kind, where, path.read_bytes())
        faults = list(rule.judge_file(file))
    except UnresolvedError as error:
        return _about(rule, Status.FAIL, where, str(error))
    except Exception as error:  # noqa: BLE001 - what cannot be judged is no pass
        # The error's own words could quote the file, and a secret in it.
        return _about(rule, Status.ERROR, where, f"it cannot be judged: {type(error).__name__}")
    return _about(rule, Status.FAIL if faults else Status.PASS, where, joined(faults))


def _about(rule: Rule, status: Status, where: str, message: str) -> Result:
    return Result(
        rule.id, status, where, message=message, clauses=rule.clauses, controls=rule.controls
    )
