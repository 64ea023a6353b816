"""ROVN-IMG-1: what a Dockerfile has to keep."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

_VARIABLE = re.compile(r"\$\{?(\w+)(?::-[^}]*)?\}?")
_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_LATEST = re.compile(r"\S+:latest(?![\w.-])")
_NUMBERED = re.compile(r"0+(:.*)?")
# What names the dependencies, and may be copied before them.
_MANIFESTS = re.compile(
    r"(?:\S*/)?(?:pyproject\.toml|setup\.(?:py|cfg)|package\.json|Pipfile|Cargo\.toml|go\.mod"
    r"|\.python-version|\.npmrc|README\.md)"
)
_LOCKS = re.compile(
    r"(?:\S*/)?(?:uv\.lock|poetry\.lock|pdm\.lock|Pipfile\.lock|requirements[\w.-]*\.txt"
    r"|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|Cargo\.lock|go\.sum)"
)
# Commands that fail where the lock file no longer fits what the project asks for.
DRIFT = re.compile(
    r"\buv (?:lock --check|sync\b[^&|;]* --locked|lock\b[^&|;]* --locked)"
    r"|\bpip install\b[^&|;]* --require-hashes|\bnpm ci\b|\bpnpm install\b[^&|;]* --frozen-lockfile"
    r"|\byarn install\b[^&|;]* --(?:immutable|frozen-lockfile)|\bpoetry check\b[^&|;]* --lock"
    r"|\bpipenv verify\b|\bcargo \w+\b[^&|;]* --locked"
)
# An install in an image may leave that to the build, as long as it takes the lock file as it is.
_LOCKED = re.compile(rf"{DRIFT.pattern}|\buv sync\b[^&|;]* --frozen|\bpoetry install\b")
# What comes after a command and takes its failure: another end of the line, a pipe, the background.
_SWALLOWED = re.compile(r"(?<!\|)\|(?!\|\s*exit [1-9])|;|(?<![&>])&(?![&>])")
_STRICT = re.compile(r"\bset -\w*e")
# What names a command and does not run it, or turns its answer round.
_ONLY_NAMED = re.compile(r"^\s*(?:#|echo\b|printf\b|:|true\b|!|if\b)|\s#")
_LAST_COMMAND = re.compile(r".*(?:&&|;)", re.DOTALL)


def fails_with(pattern: re.Pattern[str], line: str) -> bool:
    """Say whether a line of a shell runs such a command, and fails when the command does."""
    found = pattern.search(line)
    if not found:
        return False
    before, after = line[: found.start()], line[found.end() :]
    if _STRICT.search(before):
        after = after.replace(";", "")
    return not _ONLY_NAMED.search(_LAST_COMMAND.sub("", before)) and not _SWALLOWED.search(after)


@dataclass
class _Stage:
    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def values(self, instruction: str) -> list[str]:
        return [value for name, value in self.steps if name == instruction]


def faults(text: bytes) -> Iterator[str]:
    """Tell each way in which a Dockerfile breaks ROVN-IMG-1."""
    stages = _stages(text)
    if len(stages) < 2:
        yield f"it has {len(stages)} stages, not one that builds and one that runs"
    if stages:
        yield from _pinned(stages)
        yield from _user(stages[-1])
        yield from _order(stages)
    if _LATEST.search(_without_comments(text)):
        yield "it names the tag latest, which is another image each day"


def _without_comments(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _stages(text: bytes) -> list[_Stage]:
    from dockerfile_parse import DockerfileParser

    arguments: dict[str, str] = {}
    stages: list[_Stage] = []
    for step in DockerfileParser(fileobj=BytesIO(text)).structure:
        name, value = step["instruction"].upper(), step["value"]
        if name == "FROM":
            words = [word for word in value.split() if not word.startswith("--")]
            alias = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
            stages.append(_Stage(_filled(words[0] if words else "", arguments), alias))
        elif not stages and name == "ARG":
            key, _, default = value.partition("=")
            arguments[key.strip()] = default.strip().strip("\"'")
        elif stages and name != "COMMENT":
            stages[-1].steps.append((name, value))
    return stages


def _filled(text: str, arguments: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: arguments.get(found[1], found[0]), text)


def _pinned(stages: Sequence[_Stage]) -> Iterator[str]:
    own: set[str] = set()
    for number, stage in enumerate(stages):
        if stage.base.lower() not in own | {"scratch"} and not _DIGEST.fullmatch(stage.base):
            yield f"the base image {stage.base} is not pinned by digest"
        for value in stage.values("COPY"):
            source = re.search(r"--from=(\S+)", value)
            if source and source[1].lower() not in own and not _DIGEST.fullmatch(source[1]):
                yield f"COPY --from={source[1]} takes an image that is not pinned by digest"
        for value in stage.values("ADD"):
            if re.search(r"\bhttps?://|\bgit@", value) and "--checksum=" not in value:
                yield "ADD downloads without --checksum"
        own |= {str(number), *([stage.name.lower()] if stage.name else [])}


def _user(last: _Stage) -> Iterator[str]:
    users = last.values("USER")
    if not users:
        yield "the last stage has no USER: it runs as root"
        return
    user = users[-1].strip()
    if _NUMBERED.fullmatch(user) or user.split(":")[0].lower() == "root":
        yield f"the last stage runs as {user}, which is root"
    elif "$" in user:
        yield f"the last stage runs as {user}: whoever builds decides whether that is root"


def _order(stages: Sequence[_Stage]) -> Iterator[str]:
    """Demand, in one stage: the lock file, the dependencies, then the source."""
    for stage in stages:
        installs = [i for i, (name, value) in enumerate(stage.steps) if _installs(name, value)]
        if not installs:
            continue
        before = stage.steps[: installs[0]]
        copied = [word for name, value in before if name in ("COPY", "ADD") for word in _own(value)]
        if not any(_LOCKS.fullmatch(word) for word in copied):
            yield "no lock file is copied before the dependencies are installed"
        source = [w for w in copied if not _LOCKS.fullmatch(w) and not _MANIFESTS.fullmatch(w)]
        if source:
            yield (
                f"{', '.join(source)} is copied before the dependencies are installed: "
                "each change of the source installs them anew"
            )
        if not fails_with(_LOCKED, stage.steps[installs[0]][1]):
            yield "the step that installs the dependencies goes on when it has failed"
        return
    yield "no step installs the dependencies from a lock file, failing where it has drifted"


def _installs(name: str, value: str) -> bool:
    return name == "RUN" and bool(_LOCKED.search(value))


def _own(value: str) -> list[str]:
    """List what a COPY takes from the build context; the last word is where it goes."""
    if "--from=" in value:
        return []
    words = [word for word in re.findall(r"[^\s\[\],\"]+", value) if not word.startswith("--")]
    return [word.removeprefix("./") or "." for word in words[:-1]]
