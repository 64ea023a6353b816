"""ROVN-IMG-1: what a workflow runs is pinned by commit or digest, like the images it builds."""

import re
from collections.abc import Iterator

from policies.rule import Rule
from policies.source_file import FileKind, SourceFile, leaves

_COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_IMAGE = re.compile(r"(?:docker://)?\S+@sha256:[0-9a-f]{64}")


def _judge_file(file: SourceFile) -> Iterator[str]:
    for key, value in leaves(file.mapping()):
        local = value.startswith("./")
        if (
            key == "uses"
            and not local
            and not (_COMMIT.fullmatch(value) or _IMAGE.fullmatch(value))
        ):
            yield f"{value} is not pinned by commit"
        elif key in ("image", "container") and not _IMAGE.fullmatch(value):
            yield f"the image {value} is not pinned by digest"


RULE = Rule(
    id="actions-pinned",
    title="What a workflow runs is pinned by commit or digest",
    why="A tag of somebody else's action can move to code that reads our credentials.",
    remedy="Write uses: owner/action@<40 characters of the commit>, with the version as comment.",
    clauses=("ROVN-IMG-1",),
    controls=("NIST SR-3", "NIST SI-7", "SOC2 CC8.1"),
    files=(FileKind.WORKFLOW, FileKind.ACTION),
    judge_file=_judge_file,
    waivable=False,
)
