"""Parts of this repository that steps of the pipeline run, as objects that builds fetch."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from runbook.model.environment import Environment
from runbook.model.written import as_toml

ROOT = Path(__file__).resolve().parents[2]
_NO_SOURCES = {"__pycache__", ".venv", "node_modules"}
# What operators do beside releases, no step does.
_LEFT_OUT = ROOT / "runbook" / "operators"
_DISTRIBUTION = "runbook"


@dataclass(frozen=True)
class Contents:
    """The files of a library, by patterns from the repository's root.

    ``requirements`` is the one of them that says what to install, each package with its hashes.
    """

    files: Sequence[str]
    requirements: str


RELEASE = Contents(("runbook/**/*",), "runbook/operations/requirements.txt")
# The ledger of clauses is read from the text of tests and drills: the same answer as here.
EVIDENCE = Contents(
    (
        # Waivers and clauses name other environments, and templates may go to their accounts.
        "environments/*/*.toml",
        "evidence/**/*",
        "examples/*/tests/**/*.py",
        "policies/**/*",
        "runbook/**/*",
        "sandbox/rehearsal/*.py",
        "simulator/**/*",
        "tests/**/*.py",
    ),
    "evidence/requirements.txt",
)


class SourceLibrary(Construct):
    """Sources and the environment's own file, as an object that builds fetch.

    Its name is the hash of its content: the same sources give the same object, and a build never
    runs others than those that were deployed. The CDK does not come along.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, contents: Contents
    ) -> None:
        super().__init__(scope, id_)
        self.requirements = contents.requirements
        with TemporaryDirectory() as directory:
            folder = Path(directory)
            for source in _sources(contents):
                file = folder / source.relative_to(ROOT)
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, file)
            file = folder / "environments" / f"{environment.name}.toml"
            file.parent.mkdir(parents=True, exist_ok=True)
            # Not a copy: `-c account=` places an environment elsewhere than its file says.
            file.write_text(as_toml(environment), "utf-8")
            _name(folder)
            # Copied into the assembly here and now.
            asset = assets.Asset(self, "Asset", path=directory)
        self.name = asset.s3_object_key
        self.uri = f"s3://{asset.s3_bucket_name}/{asset.s3_object_key}"
        self.object_arn = f"arn:aws:s3:::{asset.s3_bucket_name}/{asset.s3_object_key}"


def _sources(contents: Contents) -> Iterator[Path]:
    for pattern in contents.files:
        for path in ROOT.glob(pattern):
            if path.is_file() and path.suffix != ".pyc" and not _left_out(path):
                yield path


def _left_out(path: Path) -> bool:
    return _LEFT_OUT in path.parents or bool(_NO_SOURCES & set(path.relative_to(ROOT).parts))


def _name(folder: Path) -> None:
    """Say of the sources what an installation would say: their name and version."""
    of = version(_DISTRIBUTION)
    about = folder / f"{_DISTRIBUTION}-{of}.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text(f"Metadata-Version: 2.1\nName: {_DISTRIBUTION}\nVersion: {of}\n", "utf-8")
