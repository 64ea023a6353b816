"""A happy environment file, and ways to spoil it."""

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.model.loader import ENVIRONMENTS, load_environment
from runbook.model.refusal import RefusedError

HAPPY: dict[str, Any] = tomllib.loads((ENVIRONMENTS / "rovn/production.toml").read_text("utf-8"))
MISSING = object()


def spoiled(path: str, value: object) -> dict[str, Any]:
    """Copy the happy file's data with one key set, or taken away."""
    data = copy.deepcopy(HAPPY)
    *tables, key = path.split(".")
    table = data
    for name in tables:
        table = table[name]
    if value is MISSING:
        del table[key]
    else:
        table[key] = value
    return data


class Directory:
    """``environments/`` in a temporary place, with one organisation in it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "environments"
        (self.root / "rovn").mkdir(parents=True)

    def refusal(self, content: bytes, name: str = "rovn/production") -> str:
        """Write the file, load it, and get the message it is refused with."""
        (self.root / f"{name}.toml").write_bytes(content)
        with pytest.raises(RefusedError) as refused:
            load_environment(name, root=self.root)
        return str(refused.value)


Refuse = Callable[[str, object], str]


def demand_told(message: str, key: str, reason: str, fix: str) -> None:
    """Hold that a refusal names the file, the key, the reason and what to do."""
    assert message.startswith("environments/rovn/production.toml is refused:")
    assert f"\n  {key}\n" in message
    why = next(line for line in message.splitlines() if reason in line)
    assert why.startswith("    why: ")
    remedy = next(line for line in message.splitlines() if fix in line)
    assert remedy.startswith("    fix: ")
