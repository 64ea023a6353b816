"""Which PHI columns a statement touches. In doubt it does: a false alarm costs a second reader."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery.migration_review.form import READ
from delivery.migration_review.parsed import Statement
from passport_api.scrubbing import Scrubber

# These name every column that they touch; any other statement touches the whole table.
_NAMES_COLUMNS = READ - {"DropStmt", "DeleteStmt", "TruncateStmt", "GrantStmt", "CreateTrigStmt"}
_COMMANDS_WITH_COLUMN = frozenset(
    {
        *("AT_AddColumn", "AT_DropColumn", "AT_AlterColumnType", "AT_ColumnDefault"),
        *("AT_SetNotNull", "AT_DropNotNull", "AT_SetStatistics", "AT_SetStorage"),
        *("AT_AddConstraint", "AT_SetCompression"),
    }
)

_SCRUBBER = Scrubber()


class ListError(Exception):
    """The list of PHI columns is not what it must be."""


@dataclass(frozen=True, slots=True)
class PhiList:
    """The list of PHI columns, as `table.column`; `exempt` only sound like it."""

    columns: frozenset[str]
    exempt: frozenset[str]

    def sounds_like_phi(self, column: str) -> bool:
        """Whether the name of a column tells PHI, by the words that logs are scrubbed by."""
        return column not in self.exempt and _SCRUBBER.is_phi_field(column.partition(".")[2])


def read_list(path: Path) -> PhiList:
    """Read `phi_columns.toml`; raises ``ListError``."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ListError(f"{path.name} cannot be read: {type(error).__name__}") from error
    if not set(data) <= {"phi", "not_phi"} or "phi" not in data:
        raise ListError(f"{path.name} has other tables than phi and not_phi")
    columns = _columns(data["phi"], path.name)
    exempt = _columns(data.get("not_phi", {}), path.name)
    if columns & exempt:
        raise ListError(f"{path.name} has {', '.join(sorted(columns & exempt))} in both tables")
    return PhiList(columns, exempt)


def _columns(table: Any, name: str) -> frozenset[str]:  # noqa: ANN401 - it comes from a file
    if not isinstance(table, Mapping) or not all(isinstance(of, list) for of in table.values()):
        raise ListError(f"{name} has no list of columns for each table")
    return frozenset(f"{key}.{column}" for key, of in table.items() for column in of)


@dataclass(slots=True)
class Schema:
    """What the migrations so far have made, as far as PHI is concerned.

    ``derived`` maps views and indexes to the PHI columns that they are made of.
    """

    phi: PhiList
    made: set[str] = field(default_factory=set)
    derived: dict[str, frozenset[str]] = field(default_factory=dict)

    def touched(self, statement: Statement) -> frozenset[str]:
        """Name the PHI columns that a statement touches, and remember what it makes of them."""
        found = frozenset(self._touched(statement))
        name = statement.node.get("idxname") or _view(statement)
        if name and found:
            self.derived[name] = found
        self.made.update(_made(statement))
        return found

    def _touched(self, statement: Statement) -> Iterator[str]:
        words = statement.words()
        if _reaches_further(statement):
            yield from self.phi.columns
        for name, columns in self.derived.items():
            if name in words:
                yield from columns
        whole = _is_whole(statement)
        for column in self.phi.columns:
            table, _, name = column.partition(".")
            if table in words and (whole or name in words or _row_of(statement, table)):
                yield column

    def unlisted(self, statement: Statement) -> Iterator[str]:
        """Name the new columns that sound like PHI and are on no list."""
        for column in sorted(_made(statement)):
            if column not in self.phi.columns and self.phi.sounds_like_phi(column):
                yield column


def _reaches_further(statement: Statement) -> bool:
    """Whether it touches what it does not name: by CASCADE, a whole schema, every table of one."""
    node = statement.node
    cascades = any(
        each.get("behavior") == "DROP_CASCADE"
        for each in (node, *statement.nodes("AlterTableCmd"))
        if statement.kind != "GrantStmt"
    )
    drops_schema = statement.kind == "DropStmt" and node["removeType"] == "OBJECT_SCHEMA"
    return cascades or drops_schema or node.get("targtype") == "ACL_TARGET_ALL_IN_SCHEMA"


def _is_whole(statement: Statement) -> bool:
    if statement.kind not in _NAMES_COLUMNS or statement.has("A_Star"):
        return True
    if statement.kind == "InsertStmt" and not statement.node.get("cols"):
        return True
    if any(join.get("isNatural") for join in statement.nodes("JoinExpr")):
        return True
    if statement.node.get("inhRelations"):
        return True
    commands = statement.nodes("AlterTableCmd")
    return any(command["subtype"] not in _COMMANDS_WITH_COLUMN for command in commands)


def _row_of(statement: Statement, table: str) -> bool:
    """Whether a reference is to a whole row: the bare name of a table, or of its alias."""
    names = {table}
    for relation in statement.nodes("RangeVar"):
        alias = relation.get("alias")
        if relation["relname"] == table and alias:
            names.add(alias["aliasname"])
    return any(
        len(reference["fields"]) == 1
        and reference["fields"][0].get("String", {}).get("sval") in names
        for reference in statement.nodes("ColumnRef")
    )


def _view(statement: Statement) -> str:
    return str(statement.node["view"]["relname"]) if statement.kind == "ViewStmt" else ""


def _made(statement: Statement) -> frozenset[str]:
    if statement.kind not in ("CreateStmt", "AlterTableStmt"):
        return frozenset()
    table = statement.node["relation"]["relname"]
    # A change of a column's type carries a definition without a name.
    named = (column["colname"] for column in statement.nodes("ColumnDef") if "colname" in column)
    return frozenset(f"{table}.{name}" for name in named)
