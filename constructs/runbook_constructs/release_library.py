"""The part of this repository that the pipeline's release steps run: `runbook release`."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from runbook.model.environment import Environment
from runbook.model.written import as_toml

ROOT = Path(__file__).resolve().parents[2]
# Within the library: what to install, each package with its hashes.
REQUIREMENTS = "runbook/operations/requirements.txt"


class ReleaseLibrary(Construct):
    """The library and one environment's file, as an object that builds fetch.

    Its name is the hash of its content: the same sources give the same object, and a build never
    runs others than those that were deployed. Neither the CDK nor the rules nor what operators do
    beside releases come along.
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(scope, id_)
        with TemporaryDirectory() as directory:
            folder = Path(directory)
            shutil.copytree(
                ROOT / "runbook",
                folder / "runbook",
                ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "operators"),
            )
            file = folder / "environments" / f"{environment.name}.toml"
            file.parent.mkdir(parents=True)
            # Not a copy: `-c account=` places an environment elsewhere than its file says.
            file.write_text(as_toml(environment), "utf-8")
            # Copied into the assembly here and now.
            asset = assets.Asset(self, "Asset", path=directory)
        self.uri = f"s3://{asset.s3_bucket_name}/{asset.s3_object_key}"
        self.object_arn = f"arn:aws:s3:::{asset.s3_bucket_name}/{asset.s3_object_key}"
