"""A page on a terminal: Markdown for people, commands in one piece for the clipboard."""

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from runbook.playbooks.page import FENCE


def show(markdown: str, console: Console | None = None) -> None:
    """Print a page. The terminal alone wraps its commands: a line that is broken is another one."""
    console = console or Console(highlight=False)
    prose: list[str] = []
    code = False
    for line in markdown.splitlines():
        if line.startswith(FENCE):
            code = not code
            _prose(console, prose)
        elif code:
            console.print(Text(line, style="bold cyan"), soft_wrap=True)
        else:
            prose.append(line)
    _prose(console, prose)


def _prose(console: Console, lines: list[str]) -> None:
    text = "\n".join(lines).strip()
    lines.clear()
    if text:
        console.print()
        console.print(Markdown(text))
        console.print()
