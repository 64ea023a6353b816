"""``python -m policies.secret_scan``: no secret stands in what git keeps.

Exit code 1 with a secret, with an allowance that nobody needs, and where not everything was read.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from policies.secret_scan.library import ROOT
from policies.secret_scan.repository import Repository
from policies.secret_scan.verdict import judge_everything, judge_staged
from runbook.model.refusal import RefusedError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("repository")
def repository(root: Annotated[Path, typer.Argument(help="A work tree of git.")] = ROOT) -> None:
    """Look for secrets in tracked files, all their versions, and the messages of commits."""
    begun = time.monotonic()
    scanned = judge_everything(Repository(root))
    typer.echo(
        f"secrets: none in {scanned.contents} files, versions of files and messages that git "
        f"keeps, but {len({item.digest for item in scanned.found})} values that are allowed "
        f"({time.monotonic() - begun:.0f} s)"
    )


@app.command("staged")
def staged(paths: Annotated[list[str], typer.Argument(help="Paths of the work tree.")]) -> None:
    """Look for secrets in files as they are staged: what the next commit would hold."""
    judge_staged(Repository(ROOT), paths)


if __name__ == "__main__":
    try:
        app()
    except RefusedError as refused:
        sys.exit(str(refused))
