"""`python -m delivery.migration_review`: says which migrations touch PHI, and what is wrong.

Exits with 1 when a migration does not declare the PHI columns that it touches, is not fit to run
again or in a transaction, or when CODEOWNERS lets one team alone change it.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from delivery.migration_review.form import faults_of_form
from delivery.migration_review.owners import FILE, read_owners, unguarded
from delivery.migration_review.parsed import UnreadableError, parse
from delivery.migration_review.phi import ListError, Schema, read_list
from migrations.files import MigrationFile, read_folder

ROOT = Path(__file__).parents[2]
_LIST = "migrations/phi_columns.toml"
# What decides whether two look: the migrations, the list, the judge, and the owners themselves.
_GUARDED = (_LIST, "migrations/runner.py", "delivery/migration_review/phi.py", FILE)


@dataclass(frozen=True, slots=True)
class Review:
    """What one migration touches by its text, and what is wrong with it."""

    file: MigrationFile
    touched: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def needs_two(self) -> bool:
        """Whether two engineers must look: it touches PHI, or says so, or cannot be read."""
        header = self.file.header
        return bool(self.touched or header.phi_columns or header.opaque)


def main(root: Path = ROOT) -> int:
    """Review the repository at `root`; prints, and returns the exit code."""
    found = read_folder(root / "migrations/sql")
    faults = [f"{p.file or 'migrations'}: {p.what}. {p.do}" for p in found.problems]
    try:
        schema = Schema(read_list(root / _LIST))
        reviews = tuple(review(found.files, schema))
        absent = sorted(schema.phi.columns - schema.made)
        faults += [f"{_LIST} has {column}, and no migration makes it" for column in absent]
    except ListError as error:
        reviews = ()
        faults.append(str(error))
    for each in reviews:
        if each.needs_two:
            touched = ", ".join(each.touched or each.file.header.phi_columns)
            _print(f"two engineers: {each.file.name}: {touched or 'statements that are opaque'}")
        faults += [f"{each.file.name}: {fault}" for fault in each.faults]
    faults += _unguarded(root, [file.name for file in found.files])
    for fault in faults:
        _print(f"wrong: {fault}")
    two = sum(each.needs_two for each in reviews)
    _print(f"{len(reviews)} migrations, {two} need two engineers, {len(faults)} faults")
    return 1 if faults else 0


def review(files: Iterable[MigrationFile], schema: Schema) -> Iterator[Review]:
    """Review migrations in their order: a later one may use what an earlier one made."""
    for file in files:
        yield _review(file, schema)


def _review(file: MigrationFile, schema: Schema) -> Review:
    try:
        statements = parse(file.text)
    except UnreadableError as error:
        return Review(file, (), (f"PostgreSQL could not read it: {error}",))
    touched: set[str] = set()
    faults = [
        f"line {line}: {said}"
        for line, said in faults_of_form(statements, opaque=bool(file.header.opaque))
    ]
    for statement in statements:
        faults += [
            f"line {statement.line}: the new column {column} sounds like PHI: name it in {_LIST}"
            for column in schema.unlisted(statement)
        ]
        touched |= schema.touched(statement)
    declared = set(file.header.phi_columns)
    for column in sorted(touched - declared):
        faults.append(f"it touches {column}, and its header does not declare it")
    for column in sorted(declared - schema.phi.columns):
        faults.append(f"its header declares {column}, which {_LIST} does not have")
    return Review(file, tuple(sorted(touched)), tuple(faults))


def _unguarded(root: Path, names: list[str]) -> Iterator[str]:
    paths = [*(f"migrations/sql/{name}" for name in names), *_GUARDED]
    # The next one, too, whatever it will be called.
    paths.append("migrations/sql/9999_any_other.sql")
    try:
        lines = read_owners(root / FILE)
    except OSError:
        yield f"{FILE} cannot be read: it must name two teams for the migrations"
        return
    for path in unguarded(paths, lines):
        yield f"{FILE} does not name two teams for {path}"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
