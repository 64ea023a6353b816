"""What the steps around a release run: a library of this repository, nothing of the source."""

import json
from collections.abc import Sequence
from typing import Any

from runbook_constructs.source_library import SourceLibrary

_PYTHON = "3.12"
_LIBRARY = "/tmp/library"  # noqa: S108 - of the build's own container
_RESULT = "/tmp/result.json"  # noqa: S108 - of the build's own container
_ASKED = '"${ENVIRONMENT}" --service "${SERVICE}" --image-tag "${IMAGE_TAG}" --json'
# What the preview tells the approval and the release after it.
EXPORTED = ("IMAGE_TAG", "INSTEAD_OF", "PREVIEW_SUMMARY", "PREVIEW_LOG")


def preview_buildspec(library: SourceLibrary) -> str:
    """Read the tag that the build wrote, and preview its release."""
    return _buildspec(
        library,
        [
            # The file is the build's word: what is no tag of this environment is refused.
            f'IMAGE_TAG="$({_python("image.json", "tag")})"',
            *_run(f"preview {_ASKED}"),
            f'INSTEAD_OF="$({_python(_RESULT, "before", "image_tag")})"',
            f'PREVIEW_SUMMARY="$({_python(_RESULT, "summary")})"',
            'PREVIEW_LOG="${CODEBUILD_BUILD_URL}"',
            f"export {' '.join(EXPORTED)}",
        ],
        EXPORTED,
    )


def release_buildspec(library: SourceLibrary, minutes: int) -> str:
    """Release what was approved, as long as what it was compared with still runs."""
    command = f'deploy {_ASKED} --yes --instead-of "${{INSTEAD_OF}}" --timeout-minutes {minutes}'
    return _buildspec(library, _run(command))


def verify_buildspec(library: SourceLibrary) -> str:
    """Look again, under a role that cannot change anything."""
    return _buildspec(library, _run(f"verify {_ASKED}"))


def evidence_buildspec(library: SourceLibrary) -> str:
    """Judge what is deployed, and publish what was found; the bundle names the code that judged."""
    command = f"release {_ASKED} --publish --library {library.name}"
    return _buildspec(library, _run(command, "evidence"))


def _run(command: str, module: str = "runbook.operations") -> list[str]:
    """Run the library's command; its answer stands in the log, also when it fails."""
    run = f"(cd {_LIBRARY} && python -m {module} {command}) > {_RESULT}"
    return [f"{run} || {{ cat {_RESULT}; exit 1; }}", f"cat {_RESULT}"]


def _python(file: str, *keys: str) -> str:
    """Write a command that prints a value of a JSON file, `none` where there is none."""
    path = "".join(f'.get("{key}", {{}})' for key in keys)
    return f'python -c \'import json; print(json.load(open("{file}")){path} or "none")\''


def _buildspec(
    library: SourceLibrary, commands: Sequence[str], exported: Sequence[str] = ()
) -> str:
    install = [
        f"aws s3 cp --only-show-errors {library.uri} {_LIBRARY}.zip",
        f"python -m zipfile -e {_LIBRARY}.zip {_LIBRARY}",
        "python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes "
        f"--only-binary :all: --requirement {_LIBRARY}/{library.requirements}",
    ]
    environment: dict[str, Any] = {"shell": "bash"}
    if exported:
        environment["exported-variables"] = list(exported)
    spec = {
        "version": 0.2,
        "env": environment,
        "phases": {
            "install": {
                "on-failure": "ABORT",
                "runtime-versions": {"python": _PYTHON},
                "commands": install,
            },
            "build": {"on-failure": "ABORT", "commands": list(commands)},
        },
    }
    return json.dumps(spec, indent=1)
