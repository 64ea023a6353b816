"""The head of a migration: what its author declares of it, one `-- key: value` a line.

```
-- previous_image_can_read: yes
-- phi_columns: credentials.subject_name, credentials.npi
```

and an empty line. `phi_columns: none` where it touches none. Two more may follow: `timeout_seconds`
for what takes longer than the runner's time-out, and `opaque`, which says why a statement is there
that the review cannot read.
"""

import re
from dataclasses import dataclass

LONGEST_SECONDS = 3600
NONE = "none"
_LINE = re.compile(r"-- (?P<key>[a-z_]+): (?P<value>\S(?:.*\S)?)")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_REQUIRED = ("previous_image_can_read", "phi_columns")
_KNOWN = (*_REQUIRED, "timeout_seconds", "opaque")
# A key anywhere else would leave a reader in doubt which one holds.
_STRAY = re.compile(rf"^\s*--\s*(?:{'|'.join(_KNOWN)})\s*:", re.MULTILINE)


class HeaderError(Exception):
    """The head is not what it must be; `whats` are all its faults."""

    def __init__(self, whats: list[str]) -> None:
        super().__init__("; ".join(whats))
        self.whats = tuple(whats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a migration declares; the defaults are the careful ones."""

    previous_image_can_read: bool = False
    """Whether the image that serves meanwhile can read the schema afterwards (ROVN-MIG-1)."""
    phi_columns: tuple[str, ...] = ()
    """PHI that it touches, as `table.column` (ROVN-MIG-4)."""
    timeout_seconds: int | None = None
    opaque: str = ""


def read_header(text: str) -> Header:
    """Read the head of a migration's text; raises ``HeaderError`` with everything wrong."""
    head, separator, rest = text.partition("\n\n")
    whats = [] if separator else ["its header does not end with an empty line"]
    values: dict[str, str] = {}
    for number, line in enumerate(head.split("\n"), start=1):
        found = _LINE.fullmatch(line)
        if found is None or found["key"] not in _KNOWN:
            whats.append(f"line {number} is no line of a header")
        elif found["key"] in values:
            whats.append(f"line {number} declares {found['key']} again")
        else:
            values[found["key"]] = found["value"]
    if list(values) != [key for key in _KNOWN if key in values]:
        whats.append(f"its header is not in the order {', '.join(_KNOWN)}")
    whats += [f"its header declares no {key}" for key in _REQUIRED if key not in values]
    if _STRAY.search(rest):
        whats.append("a declaration stands below the header")
    whats += _faults(values)
    if whats:
        raise HeaderError(whats)
    return _header(values)


def _faults(values: dict[str, str]) -> list[str]:
    whats = []
    if values.get("previous_image_can_read", "yes") not in ("yes", "no"):
        whats.append("previous_image_can_read is neither yes nor no")
    columns = values.get("phi_columns", NONE)
    if columns != NONE:
        names = columns.split(", ")
        wrong = not all(_COLUMN.fullmatch(name) for name in names)
        if wrong or len(names) != len(set(names)):
            whats.append("phi_columns is neither none nor a list of different table.column")
    seconds = values.get("timeout_seconds", "1")
    if not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= LONGEST_SECONDS):
        whats.append(f"timeout_seconds is no number from 1 to {LONGEST_SECONDS}")
    return whats


def _header(values: dict[str, str]) -> Header:
    columns = values["phi_columns"]
    return Header(
        previous_image_can_read=values["previous_image_can_read"] == "yes",
        phi_columns=() if columns == NONE else tuple(columns.split(", ")),
        timeout_seconds=int(values["timeout_seconds"]) if "timeout_seconds" in values else None,
        opaque=values.get("opaque", ""),
    )
