"""Small git repositories with made-up secrets in them, for the tests of the scan."""

import os
import subprocess
from pathlib import Path

from policies.secret_scan.allowed import load_allowed
from policies.secret_scan.canaries import canaries
from policies.secret_scan.repository import Repository
from policies.secret_scan.scan import Scan
from policies.secret_scan.verdict import judge_everything
from runbook.model.refusal import Refusal, RefusedError

# Not the values that the scan itself seeds.
SEED = 7


def secret(name: str = "github") -> str:
    """Make a secret up; the same each time."""
    [text] = [canary.text for canary in canaries(SEED) if canary.name == name]
    return text


class SmallRepository:
    """A work tree whose commits are made in one call."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("begin", {"README.md": "begin\n"})

    def git(self, *arguments: str) -> str:
        """Run git here, without the settings of whoever runs the tests."""
        run = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "GIT_CONFIG_NOSYSTEM": "1",
                **{
                    f"GIT_{who}_{what}": "tests@example.com"
                    for who in ("AUTHOR", "COMMITTER")
                    for what in ("NAME", "EMAIL")
                },
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.strip()

    def write(self, files: dict[str, str | bytes]) -> None:
        """Write files, as they are said."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str, files: dict[str, str | bytes]) -> str:
        """Commit the whole work tree and tell the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def judged(self, allowed: Path | None = None) -> list[Refusal]:
        """Judge everything and list what is refused, with no allowance or with those of a file."""
        try:
            self.scanned(allowed)
        except RefusedError as refused:
            return list(refused.refusals)
        return []

    def scanned(self, allowed: Path | None = None) -> Scan:
        """Judge everything; raises for what is refused."""
        if allowed is None:
            allowed = self.root.with_name("none-allowed.toml")
            allowed.write_text("", "utf-8")
            assert load_allowed(allowed) == frozenset()
        return judge_everything(Repository(self.root), allowed)
