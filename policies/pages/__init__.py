"""The pages that `make docs` writes: rules, clauses, alarms, commands, rotations.

They hold no time and no place, so the same code gives the same bytes; a test finds stale ones.
"""

from collections.abc import Mapping
from pathlib import Path

from policies.pages.alarms import alarm_page
from policies.pages.clauses import clause_page
from policies.pages.commands import command_page
from policies.pages.rotation import rotation_page
from policies.pages.rules import rule_index, rule_page
from policies.rules import all_rules
from policies.templates.assembly import Reading

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULES = "rules"
ALONE = ("alarms.md", "clauses.md", "commands.md", "rotation.md")


def pages(reading: Reading) -> dict[str, str]:
    """Write every page, by its path below ``docs``; ``reading`` is a whole synthesis."""
    rules = all_rules()
    return {
        "alarms.md": alarm_page(),
        "clauses.md": clause_page(reading),
        "commands.md": command_page(),
        "rotation.md": rotation_page(),
        f"{RULES}/README.md": rule_index(rules),
        **{f"{RULES}/{rule.id}.md": rule_page(rule) for rule in rules},
    }


def shipped(docs: Path = DOCS) -> dict[str, str]:
    """Read the pages as they stand in the repository."""
    alone = [path for path in (docs / name for name in ALONE) if path.exists()]
    found = [*alone, *sorted((docs / RULES).glob("*.md"))]
    return {path.relative_to(docs).as_posix(): path.read_text("utf-8") for path in found}


def write(written: Mapping[str, str], docs: Path = DOCS) -> None:
    """Put the pages where they belong, and take away those of rules that are gone."""
    (docs / RULES).mkdir(parents=True, exist_ok=True)
    for path in (docs / RULES).glob("*.md"):
        path.unlink()
    for name, text in written.items():
        (docs / name).write_text(text, "utf-8")
