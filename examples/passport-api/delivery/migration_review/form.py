"""What a statement must be like, whatever it touches: in a transaction, and fit to run again."""

from collections.abc import Iterator, Sequence
from typing import Any

from delivery.migration_review.parsed import Statement

_Node = dict[str, Any]

_OUTSIDE = {
    "TransactionStmt": "it begins or ends a transaction, which is the runner's",
    "VariableSetStmt": "it changes a setting or a role of the session, which is the runner's",
    "VacuumStmt": "it cannot run in a transaction",
    "ReindexStmt": "it cannot run in a transaction",
    "ClusterStmt": "it cannot run in a transaction, and locks everybody out",
    "CreatedbStmt": "it cannot run in a transaction",
    "DropdbStmt": "it cannot run in a transaction",
    "AlterSystemStmt": "it cannot run in a transaction",
    "CreateTableSpaceStmt": "it cannot run in a transaction",
    "DropTableSpaceStmt": "it cannot run in a transaction",
    "DiscardStmt": "it ends what the runner has set",
}
"""Statements that no migration may hold."""

READ = frozenset(
    {
        *("CreateSchemaStmt", "CreateStmt", "AlterTableStmt", "IndexStmt", "CreateSeqStmt"),
        *("ViewStmt", "DropStmt", "CommentStmt", "InsertStmt", "UpdateStmt", "DeleteStmt"),
        *("TruncateStmt", "GrantStmt", "CreateTrigStmt"),
    }
)
"""Statements that the review understands. All others need `opaque` in the header."""

_AGAIN = {
    "CreateSchemaStmt": ("if_not_exists", "IF NOT EXISTS"),
    "CreateStmt": ("if_not_exists", "IF NOT EXISTS"),
    "IndexStmt": ("if_not_exists", "IF NOT EXISTS"),
    "CreateSeqStmt": ("if_not_exists", "IF NOT EXISTS"),
    "DropStmt": ("missing_ok", "IF EXISTS"),
    "ViewStmt": ("replace", "OR REPLACE"),
    "CreateTrigStmt": ("replace", "OR REPLACE"),
    "CreateFunctionStmt": ("replace", "OR REPLACE"),
    "InsertStmt": ("onConflictClause", "ON CONFLICT"),
}
"""What makes a statement fit to run again (ROVN-MIG-3): the node's field, and how it is written."""

_AGAIN_IN_TABLE = {
    "AT_AddColumn": "IF NOT EXISTS",
    "AT_DropColumn": "IF EXISTS",
    "AT_DropConstraint": "IF EXISTS",
}


def faults_of_form(statements: Sequence[Statement], *, opaque: bool) -> Iterator[tuple[int, str]]:
    """Tell what is wrong with the statements of a migration, each with its line."""
    dropped: set[str] = set()
    for statement in statements:
        for fault in _faults(statement, dropped, opaque=opaque):
            yield statement.line, fault
        dropped |= {
            command.get("name", "")
            for command in statement.nodes("AlterTableCmd")
            if command["subtype"] == "AT_DropConstraint"
        }


def _faults(statement: Statement, dropped: set[str], *, opaque: bool) -> Iterator[str]:
    kind, node = statement.kind, statement.node
    if kind in _OUTSIDE:
        yield _OUTSIDE[kind]
    elif node.get("concurrent") or any(
        part.get("concurrent") for part in statement.nodes("PartitionCmd")
    ):
        yield "CONCURRENTLY cannot run in a transaction: leave it out, or declare timeout_seconds"
    elif kind == "RenameStmt":
        yield (
            "a rename cannot run again, and the previous image does not know the new name: "
            "add, copy, and drop in a later release"
        )
    elif kind not in READ and not opaque:
        yield f"the review cannot read {kind}: say in the header why it is there (opaque: ...)"
    if kind in _AGAIN and not node.get(_AGAIN[kind][0]):
        yield f"it cannot run again: write {_AGAIN[kind][1]}"
    if {"migrations", "ledger"} <= statement.words():
        yield "the ledger is the runner's"
    yield from _unreadable_columns(statement)
    for command in statement.nodes("AlterTableCmd"):
        yield from _faults_of_command(command, dropped)


def _unreadable_columns(statement: Statement) -> Iterator[str]:
    if statement.kind == "CreateTableAsStmt" or statement.has("TableLikeClause"):
        yield "it makes columns that it does not name: write them out"


def _faults_of_command(command: _Node, dropped: set[str]) -> Iterator[str]:
    subtype = command["subtype"]
    if subtype in _AGAIN_IN_TABLE and not command.get("missing_ok"):
        yield f"it cannot run again: write {_AGAIN_IN_TABLE[subtype]}"
    if subtype == "AT_AddConstraint":
        name = command["def"]["Constraint"].get("conname")
        if name not in dropped:
            yield (
                "it cannot run again: give the constraint a name, and DROP CONSTRAINT IF EXISTS "
                "of this name before it"
            )
