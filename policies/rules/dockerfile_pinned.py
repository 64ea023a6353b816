"""ROVN-IMG-1: an image is built from pinned bases in stages, and runs as nobody."""

from collections.abc import Iterator

from policies import dockerfile
from policies.rule import Rule
from policies.source_file import FileKind, SourceFile


def _judge_file(file: SourceFile) -> Iterator[str]:
    yield from dockerfile.faults(file.data)


RULE = Rule(
    id="dockerfile-pinned",
    title="An image is built from pinned bases in stages, and runs as another user than root",
    why="A base that moves makes two builds of one commit differ, and root in a container is one "
    "fault away from the host.",
    remedy="Pin each base by digest, install from the lock file before the source is copied, and "
    "end the last stage with a USER that is a number.",
    clauses=("ROVN-IMG-1",),
    controls=("NIST CM-2", "NIST SI-7", "SOC2 CC8.1"),
    files=(FileKind.DOCKERFILE,),
    required_files=(FileKind.DOCKERFILE,),
    judge_file=_judge_file,
    waivable=False,
)
