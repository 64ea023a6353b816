"""Stands in for Docker in a build: an image is a folder with what the Dockerfile copies.

`login`, `build` and `push` as examples/passport-api/delivery/build_image.sh says them; everything
else is refused. No layer is made and nothing of RUN is done: tasks run with the packages of the
example's own environment. Stands alone but for the form of an image.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

UNUSABLE = 125
# Set by the rehearsal in builds of privileged projects alone, as Docker runs in no others.
BUILT, PUSHED = "SANDBOX_DOCKER", "SANDBOX_IMAGES"
DESCRIPTION = "image.json"
INSTRUCTION = re.compile(r"^(?P<name>[A-Z]+)\s+(?P<rest>.+)$")


class UnusableError(Exception):
    """A command or a Dockerfile that this stand-in does not understand."""


def main(words: list[str]) -> int:
    """Run one command; return the exit code."""
    if BUILT not in os.environ:
        sys.stderr.write("docker: Cannot connect to the Docker daemon: no privileged project\n")
        return 1
    commands = {"login": _login, "build": _build, "push": _push}
    if not words or words[0] not in commands:
        sys.stderr.write(f"docker: this stand-in does not know: {' '.join(words)}\n")
        return UNUSABLE
    try:
        commands[words[0]](words[1:])
    except UnusableError as error:
        sys.stderr.write(f"docker: {error}\n")
        return UNUSABLE
    except (BotoCoreError, ClientError, OSError) as error:
        sys.stderr.write(f"docker: {error}\n")
        return 1
    return 0


def _parser(*names: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker", allow_abbrev=False)
    for name in names:
        parser.add_argument(name)
    return parser


def _login(words: list[str]) -> None:
    parser = _parser("registry")
    parser.add_argument("--username", required=True)
    parser.add_argument("--password-stdin", action="store_true", required=True)
    parser.parse_args(words)
    if not sys.stdin.read().strip():
        raise UnusableError("login: no password on standard input")


def _build(words: list[str]) -> None:
    parser = _parser("context")
    parser.add_argument("--provenance", choices=["false"], required=True)
    parser.add_argument("--build-arg", action="append", default=[])
    parser.add_argument("--tag", required=True)
    given = parser.parse_args(words)
    context = Path(given.context)
    arguments = dict(each.split("=", 1) for each in given.build_arg)
    instructions = read_dockerfile((context / "Dockerfile").read_text("utf-8"))
    folder = Path(os.environ[BUILT]) / given.tag.replace("/", "_")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in copied(instructions):
        path = context / source
        if path.is_dir():
            shutil.copytree(path, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / source)
    described = {
        "command": command_of(instructions),
        "variables": variables_of(instructions, arguments),
    }
    (folder / DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n", "utf-8")


def read_dockerfile(text: str) -> list[tuple[str, str]]:
    """Return its instructions, each with the rest of its line; lines that go on are joined."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = []
    for line in re.sub(r"\\\n\s*", " ", plain).splitlines():
        if line.strip():
            match = INSTRUCTION.match(line.strip())
            if not match:
                raise UnusableError(f"Dockerfile: {line}")
            found.append((match["name"], match["rest"]))
    return found


def copied(instructions: list[tuple[str, str]]) -> list[str]:
    """Return what is copied from the context to a place of the same name."""
    found = []
    for name, rest in instructions:
        if name == "ADD":
            raise UnusableError(f"Dockerfile: ADD {rest}")
        if name == "COPY" and not rest.startswith("--from="):
            *sources, target = rest.split()
            for source in sources:
                if Path(target) not in (Path(source), Path()):
                    raise UnusableError(f"Dockerfile: COPY {rest}")
                found.append(source.rstrip("/"))
    return found


def command_of(instructions: list[tuple[str, str]]) -> list[str]:
    """Return what the image runs, by its last CMD."""
    last = [rest for name, rest in instructions if name == "CMD"][-1]
    words = json.loads(last)
    return [str(word) for word in words]


def variables_of(instructions: list[tuple[str, str]], arguments: dict[str, str]) -> dict[str, str]:
    """Return the last stage's variables; PATH is left out, since nothing is installed in there."""
    begun = max(number for number, (name, _) in enumerate(instructions) if name == "FROM")
    found = {}
    for name, rest in instructions[begun:]:
        if name == "ENV":
            for pair in rest.split():
                key, _, value = pair.partition("=")
                found[key] = re.sub(r"\$\{(\w+)\}", lambda m: arguments.get(m[1], ""), value)
    found.pop("PATH", None)
    return found


def _push(words: list[str]) -> None:
    """Put the tag into the registry with a manifest without layers, and the image to the rest."""
    image = _parser("image").parse_args(words).image
    built = Path(os.environ[BUILT]) / image.replace("/", "_")
    if not built.is_dir():
        raise UnusableError(f"push: there is no image {image}")
    name, _, tag = image.rpartition(":")
    repository = name.partition("/")[2]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "layers": [],
        "annotations": {"rehearsal": tag},
    }
    _registry().put_image(
        repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag
    )
    shutil.copytree(built, Path(os.environ[PUSHED]) / repository / tag)


def _registry() -> Any:  # noqa: ANN401 - made at run time
    return Session().create_client("ecr", region_name=os.environ["AWS_REGION"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
