"""Sources of a rehearsal: the example's as a ZIP, changed as a drill needs it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# What lies in the example's folder and is nobody's source.
LEFT_OUT = {
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
}
MIGRATIONS = "migrations/sql"
# What a migration of a drill declares of itself.
READABLE = "-- previous_image_can_read: yes\n-- phi_columns: none\n\n"
UNREADABLE = "-- previous_image_can_read: no\n-- phi_columns: none\n\n"
# Where a drill breaks the service, so that it starts no more or says that it is another version.
START = "passport_api/__main__.py"
BEGINS, ENDS = "import logging\n", '__name__ == "__main__":\n    '
MISTAKEN = 'os.environ["APP_VERSION"] = "prod-20000101000000"\n    '


@dataclass
class SourceStore:
    """Packs the example's source; `migrations` are kept from source to source.

    A release follows the one before it.
    """

    source: Path
    migrations: dict[str, str] = field(default_factory=dict)

    def packed(
        self,
        *,
        migrations: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> bytes:
        """Return a ZIP; `migrations` maps file names to SQL, `files` paths to their text.

        Unless its migrations are to be kept, the next source is packed as if this one had never
        been.
        """
        everything = {**self.migrations, **(migrations or {})}
        if keep:
            self.migrations = everything
        changed = {f"{MIGRATIONS}/{name}": text for name, text in everything.items()}
        changed |= files or {}
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in self._paths():
                name = path.relative_to(self.source).as_posix()
                if name not in changed:
                    packed.write(path, name)
            for name, text in changed.items():
                packed.writestr(name, text)
        return content.getvalue()

    def edited(self, path: str, *changes: tuple[str, str]) -> dict[str, str]:
        """Return a file with pieces of its text replaced; each piece must be there once."""
        text = (self.source / path).read_text("utf-8")
        for old, new in changes:
            if text.count(old) != 1:
                raise ValueError(f"{path}: {old!r} is there {text.count(old)} times")
            text = text.replace(old, new)
        return {path: text}

    def next_migration(self, subject: str) -> str:
        """Return the file name of the migration that comes after all others."""
        folder = self.source / MIGRATIONS
        names = [*self.migrations, *(path.name for path in folder.glob("*.sql"))]
        numbers = [int(name.partition("_")[0]) for name in names]
        return f"{max(numbers, default=0) + 1:04d}_{subject}.sql"

    def _paths(self) -> list[Path]:
        return [
            path
            for path in sorted(self.source.rglob("*"))
            if path.is_file() and not LEFT_OUT & set(path.relative_to(self.source).parts)
        ]
