"""Lines for a terminal: colour only where there is one, and nothing in them that it obeys.

Not Rich: the check prints a few lines, and Rich's import would take a tenth of it.
"""

import os
import sys

import typer


def say(line: str, *, err: bool = False) -> None:
    """Print a line, in colour on a terminal unless NO_COLOR is set."""
    stream = sys.stderr if err else sys.stdout
    colour = stream.isatty() and "NO_COLOR" not in os.environ
    typer.echo(line, err=err, color=colour)


def plain(text: str) -> str:
    """Take out of a text of a template what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def red(text: str) -> str:
    """Mark what fails."""
    return typer.style(text, fg="red", bold=True)


def yellow(text: str) -> str:
    """Mark what wants attention soon."""
    return typer.style(text, fg="yellow")


def bold(text: str) -> str:
    """Mark what a paragraph is about."""
    return typer.style(text, bold=True)
