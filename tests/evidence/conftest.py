"""Bundles of the sample evidence, on the disk, and an account to publish into."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from evidence.bundle import write_bundle
from tests.evidence.audit_account import OURS, Aws, our_evidence, signed_in
from tests.evidence.samples import evidence


@pytest.fixture(scope="session")
def sample_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the whole bundle once; tests read it, and change nothing."""
    folder = tmp_path_factory.mktemp("evidence") / "acme" / "production"
    write_bundle(evidence(), folder, oscal=True)
    return folder


@pytest.fixture
def bundle(sample_bundle: Path, tmp_path: Path) -> Path:
    """Copy it, to be changed."""
    folder = tmp_path / "production"
    shutil.copytree(sample_bundle, folder)
    return folder


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with mock_aws():
        found = (
            signed_in()
            .client("sts")
            .assume_role(RoleArn=f"arn:aws:iam::{OURS}:role/operator", RoleSessionName="somebody")[
                "Credentials"
            ]
        )
        session = signed_in(
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )
        made = Aws(session)
        made.watch()
        monkeypatch.setattr(boto3, "Session", lambda: session)
        yield made


@pytest.fixture(scope="session")
def our_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence") / "production"
    write_bundle(our_evidence(), folder, oscal=False)
    return folder


@pytest.fixture
def ours(our_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(our_bundle, tmp_path / "production"))
