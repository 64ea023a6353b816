"""`python -m evidence`: `runbook evidence release` alone, as the pipeline runs it.

The pipeline brings a library with the few packages it needs, not the CDK.
"""

import sys

import typer

from evidence.release_commands import add_to
from runbook.command_group import CommandGroup
from runbook.model.refusal import RefusedError

UNUSABLE = 2
app = typer.Typer(cls=CommandGroup, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def commands() -> None:
    """Evidence of what is deployed."""


add_to(app)


def main() -> None:
    """Run the command; what cannot be used is told in words."""
    try:
        app()
    except RefusedError as refused:
        typer.echo(str(refused), err=True)
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
