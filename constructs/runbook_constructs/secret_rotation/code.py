"""The code of the rotation functions, with what speaks PostgreSQL for them."""

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

HANDLER = Path(__file__).parent / "handler"
# pg8000 and what it imports; all of it is Python, so one machine's files run on any other.
DISTRIBUTIONS = ("asn1crypto", "pg8000", "python-dateutil", "scramp", "six")
# Beside the code: the authorities of RDS, and what a licence obliges to hand on.
_HANDLER_FILES = (".pem", ".py")
_LICENCES = ("LICENSE", "LICENCE", "COPYING", "NOTICE")
_MODIFIED = 315532800  # 1980-01-01, the first day that a ZIP file knows.


def stage(folder: Path) -> None:
    """Lay out what Lambda gets in ``folder``: the same bytes, names and dates on each machine.

    Raises PackageNotFoundError for a distribution that is not installed.
    """
    files = {f"handler/{path.name}": path for path in HANDLER.iterdir() if _runs(path)}
    for name in DISTRIBUTIONS:
        files |= dict(_packaged(name))
    for name, source in sorted(files.items()):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)
        os.utime(target, (_MODIFIED, _MODIFIED))


def _runs(path: Path) -> bool:
    return path.is_file() and path.suffix in _HANDLER_FILES


def _packaged(name: str) -> Iterator[tuple[str, Path]]:
    """List the modules and licences of an installed distribution, by their names in it."""
    found = distribution(name)
    for file in found.files or ():
        if _wanted(PurePosixPath(file)):
            yield file.as_posix(), Path(str(found.locate_file(file)))


def _wanted(file: PurePosixPath) -> bool:
    is_licence = ".dist-info" in file.parts[0] and file.name.upper().startswith(_LICENCES)
    return ".." not in file.parts and (file.suffix == ".py" or is_licence)
