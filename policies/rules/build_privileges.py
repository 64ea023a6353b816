"""ROVN-DEP-2, ROVN-DEP-8: each build runs as its own step, closed to the world, with an end."""

import re
from collections.abc import Iterator
from typing import Any

from policies.lookups.buildspecs import read_buildspec
from policies.lookups.delivery import PROJECT, steps
from policies.lookups.keys import key_behind
from policies.lookups.log_groups import GROUP
from policies.lookups.references import find, reference
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import whole_number
from runbook.access import delivery_names as names

Json = Any
IMAGE_BUILD = "image-build"
# What opens a build to others, or has it run what its pipeline did not bring: each must be absent.
_NOTHING_OF = {
    "BuildBatchConfig": "it runs other builds",
    "FileSystemLocations": "it keeps files from one build to the next",
    "ResourceAccessRole": "it shows its builds to the public",
    "SecondaryArtifacts": "it hands on more than its pipeline asks for",
    "SecondarySources": "it runs what its pipeline did not bring",
    "SourceVersion": "it runs what its pipeline did not bring",
    "Triggers": "others than its pipeline start it",
    "VpcConfig": "what its packages bring along may reach the database",
}
# Each with AWS's default.
_SETTINGS = {
    "Artifacts.Type": (None, "CODEPIPELINE"),
    "AutoRetryLimit": (0, 0),
    "BadgeEnabled": (False, False),
    "Cache.Type": ("NO_CACHE", "NO_CACHE"),
    "Environment.Type": (None, "LINUX_CONTAINER"),
    "LogsConfig.CloudWatchLogs.Status": ("ENABLED", "ENABLED"),
    "LogsConfig.S3Logs.Status": ("DISABLED", "DISABLED"),
    "Source.Type": (None, "CODEPIPELINE"),
    "Visibility": ("PRIVATE", "PRIVATE"),
}
# AWS's own images; any other is run by whoever can push it.
_IMAGES = "aws/codebuild/"
_DEFAULT_MINUTES = 60
# Whatever brings programs into a build.
_FETCHES = re.compile(
    r"\b(?:apt|apt-get|cargo|curl|dnf|easy_install|gem|git|go get|npm|npx|pipx|pnpm|uv|uvx|wget"
    r"|yarn|yum)\b"
)
_PIP = re.compile(r"\bpip3?\b")
_HASHED = {"--require-hashes", "--no-deps"}


def _judge(project: Resource, scope: Scope) -> Iterator[str]:
    name = project.at("Name")
    found = steps(scope).get(str(name))
    if found is None:
        yield f"{name} is no step of a pipeline: nothing says what it may do"
        return
    key, step = found
    yield from _settings(project, step, scope)
    yield from _logs(project, names.build_log_group(scope.environment, key, step), scope)
    yield from _minutes(project, step, scope)
    if step == IMAGE_BUILD:
        if (given := project.at("Source.BuildSpec", "buildspec.yml")) != "buildspec.yml":
            yield f"it builds by {given}, not by the source's own buildspec.yml"
    else:
        yield from _buildspec(project.at("Source.BuildSpec"))


def _settings(project: Resource, step: str, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    role = {
        IMAGE_BUILD: principals.image_build,
        "release": principals.release,
        "evidence": principals.evidence,
    }
    wanted = role.get(step, principals.release_checks)
    if (given := project.at("ServiceRole")) != wanted:
        yield f"it runs as {given}, not as {wanted}"
    privileged = project.at("Environment.PrivilegedMode", default=False)
    if step != IMAGE_BUILD and privileged is not False:
        yield "it is privileged, which only the build of the image needs to be"
    for path, (default, value) in _SETTINGS.items():
        if str(found := project.at(path, default)) != str(value):
            yield f"{path} is {found}, not {value}"
    for path, harm in _NOTHING_OF.items():
        if project.at(path):
            yield f"{path} is set: {harm}"
    image = project.at("Environment.Image")
    if not str(image).startswith(_IMAGES):
        yield f"it runs in {image}, no image of {_IMAGES}"
    if key_behind(project.at("EncryptionKey"), project) is None:
        yield "EncryptionKey names no key of this environment and region"


def _logs(project: Resource, name: str, scope: Scope) -> Iterator[str]:
    group = find(project.at("LogsConfig.CloudWatchLogs.GroupName"), scope, GROUP)
    if group is None or reference(group) != name:
        yield f"it does not log to {name} of these templates"


def _minutes(project: Resource, step: str, scope: Scope) -> Iterator[str]:
    """Want an end: not before a release's own, and not long after it."""
    delivery = scope.environment.delivery
    least, most = {
        IMAGE_BUILD: (1, delivery.build_minutes),
        "preview": (1, 60),
        "evidence": (1, 60),
    }.get(step, (delivery.release_minutes, delivery.release_minutes + 60))
    minutes = whole_number(project.at("TimeoutInMinutes", _DEFAULT_MINUTES))
    if minutes is None or not least <= minutes <= most:
        yield f"it ends after {minutes} minutes, not after {least} to {most}"


def _buildspec(given: Json) -> Iterator[str]:
    """Want it in the template, and what it installs known by its hash."""
    try:
        spec = read_buildspec(given) if isinstance(given, str) else None
        phases = spec["phases"].values() if isinstance(spec, dict) else []
        commands = [
            text
            for phase in phases
            for part in ("commands", "finally")
            for text in _texts(phase.get(part, []))
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        commands = []
    if not commands:
        yield "its buildspec does not stand in the template: the artifact would say what it does"
    for command in commands:
        if found := _FETCHES.search(command):
            yield f"it runs {found[0]}, which brings programs that nobody has named by a hash"
        installs = _PIP.search(command) and re.search(r"\b(install|download|wheel)\b", command)
        if installs and _HASHED - set(command.split()):
            yield "it installs packages without --require-hashes and --no-deps"


def _texts(commands: Json) -> list[str]:
    return [str(one) for one in (commands if isinstance(commands, list) else [commands])]


def _required(scope: Scope) -> Iterator[str]:
    there = {project.at("Name") for project in scope.resources(PROJECT)}
    for name in steps(scope):
        if name not in there:
            yield f"no build project is called {name}"


RULE = Rule(
    id="build-privileges",
    title="Each build is one step of a pipeline: as its own role, started by its pipeline alone, "
    "logged, with an end; only the image build is privileged",
    why="A build runs what its packages bring. What it may do, whoever wrote one of them may do.",
    remedy="Make the project with runbook_constructs.build_project, as stacks.delivery_stack does.",
    clauses=("ROVN-DEP-2", "ROVN-DEP-8"),
    controls=("NIST AC-6", "NIST CM-7", "NIST SI-7", "SOC2 CC6.3", "SOC2 CC8.1"),
    types=(PROJECT,),
    judge=_judge,
    required=_required,
    waivable=False,
)
