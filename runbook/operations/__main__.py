"""`python -m runbook.operations`: `runbook release` alone, as the pipeline runs it.

The pipeline brings this library with the few packages it needs, not the CDK and its rules.
"""

import sys

import typer

from runbook.model.refusal import RefusedError
from runbook.operations.commands import release

UNUSABLE = 2


def main() -> None:
    """Run the command; what cannot be used is told in words."""
    try:
        release()
    except RefusedError as refused:
        typer.echo(str(refused), err=True)
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
