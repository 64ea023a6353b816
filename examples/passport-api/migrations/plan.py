"""Files against ledger: what is to do, what is ahead, and what does not fit. Touches nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrations.files import MigrationFile
from migrations.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One row of the ledger."""

    number: int
    file: str
    checksum: str
    image: str
    """Tag of the image that applied it."""
    previous_image: str
    """Tag of the image that served then; empty when nobody said."""
    previous_image_can_read: bool
    phi_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an image finds in a database.

    `pending` are its files that are not applied; `ahead` are applied, unknown to it, and newer
    than all of its own: it is older than the schema. `beside` are applied, and the image that
    serves meanwhile does not have them. `applied` counts the rows that it knows.
    """

    pending: tuple[MigrationFile, ...]
    ahead: tuple[Applied, ...]
    beside: tuple[Applied, ...]
    applied: int
    problems: tuple[Problem, ...]


def compare(files: Sequence[MigrationFile], ledger: Sequence[Applied], serving: str = "") -> Plan:
    """Compare the files of an image with the ledger of a database.

    `serving` is the tag of the image that serves meanwhile; empty when none does.
    """
    newest = max((file.number for file in files), default=0)
    last = max((row.number for row in ledger), default=0)
    ahead = tuple(row for row in ledger if row.number > newest)
    return Plan(
        pending=tuple(file for file in files if file.number > last),
        ahead=ahead,
        beside=_beside(ledger, serving),
        applied=len(ledger) - len(ahead),
        problems=(*_of_ledger(files, ledger), *_out_of_order(files, ledger, last)),
    )


def _beside(ledger: Sequence[Applied], serving: str) -> tuple[Applied, ...]:
    """Find the rows that the serving image does not have.

    An image serves only when all of its own files are applied. So what was applied while it served,
    for another, is not among them; and over anything else that it lacks the gate lets no image go
    back.
    """
    if not serving:
        return ()
    return tuple(row for row in ledger if row.previous_image == serving != row.image)


def _of_ledger(files: Sequence[MigrationFile], ledger: Sequence[Applied]) -> Iterator[Problem]:
    newest = max((file.number for file in files), default=0)
    for row in ledger:
        same = [file for file in files if file.number == row.number]
        named = [file for file in same if file.name == row.file]
        if not same and row.number <= newest:
            said = f"it is applied (by image {row.image}), and this image does not have it"
            yield Problem(row.file, said, "Bring the file back as it was.")
        elif same and not named:
            said = f"number {row.number:04} is applied under this name; here it is {same[0].name}"
            do = "Bring the applied file back; a new migration takes the next free number."
            yield Problem(row.file, said, do)
        elif named and named[0].checksum != row.checksum:
            said = f"it was edited after it was applied (by image {row.image})"
            do = "Bring the applied text back, and write the change as a new migration."
            yield Problem(row.file, said, do)


def _out_of_order(
    files: Sequence[MigrationFile], ledger: Sequence[Applied], last: int
) -> Iterator[Problem]:
    applied = {row.number for row in ledger}
    for number in sorted(set(range(1, last + 1)) - applied):
        late = [file for file in files if file.number == number]
        for file in late:
            said = f"it is not applied, and {last:04}, which comes after it, is"
            yield Problem(file.name, said, "Give it the next free number.")
        if not late:
            said = f"the ledger has no number {number:04}, and has {last:04}"
            yield Problem("", said, "Find out who changed the ledger; restore it from a backup.")
