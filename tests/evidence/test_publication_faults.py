"""A publication in which something goes wrong: what is told, and the same command again."""

from itertools import count
from pathlib import Path

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from evidence.bundle import write_bundle
from evidence.publication import Publish
from evidence.published import Published
from runbook.operations.account import Account, WriteOutsideProtocolError
from tests.evidence.audit_account import (
    BUCKET,
    ENVIRONMENT,
    FILES,
    NAME,
    OURS,
    Aws,
    error,
    our_evidence,
    prefix,
    publish,
    signed_in,
)
from tests.operations.faults import try_again_at_once


def test_another_account_is_told_nothing(
    aws: Aws, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    session = signed_in()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    assert f"these credentials are of the account 123456789012, and {NAME} is in {OURS}" in (
        result.stderr
    )
    assert not aws.puts


def test_a_bundle_of_another_account_is_refused(aws: Aws, tmp_path: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    write_bundle(our_evidence(account="999988887777"), tmp_path / "x", oscal=False)
    result = publish(tmp_path / "x", "--yes")
    assert result.exit_code == 2
    assert f"the bundle is of 999988887777, and {NAME} is in {OURS}" in result.stderr
    assert not aws.puts


@pytest.mark.parametrize(("at", "code"), [(1, 2), (4, 1)])
def test_a_write_that_is_denied_is_told(at: int, code: int, aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    aws.before = lambda put: error(403, "AccessDenied") if put == at else None
    result = publish(ours, "--yes")
    assert result.exit_code == code
    assert "PutObject: AccessDenied: no" in result.stderr
    assert ("Nothing was changed." in result.stderr) is (at == 1)
    assert aws.records[-1]["outcome"] == ("not begun" if at == 1 else "not watched to its end")


def test_without_an_audit_stack_it_says_what_makes_one(aws: Aws, ours: Path) -> None:
    aws.output = "Another"
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    assert "stack rovn-production-audit has no output AuditRecordsBucket" in result.stderr
    assert "make deploy ENV=rovn/production" in result.stderr


def test_a_bundle_that_is_changed_after_the_preview_is_not_written(
    aws: Aws, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    monkeypatch.setattr(
        Publish,
        "decided",
        lambda _: (ours / "results.csv").write_bytes(b"all is well"),
    )
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    assert "the bundle was changed since the preview" in result.stderr
    assert "results.csv has another SHA-256" in result.stderr
    assert not aws.puts


STATUS = {"AccessDenied": 403, "InternalError": 500}
# Each operation of a publication, and which of its calls goes wrong: the records' are the first
# and the last PutObject.
CALLS = [
    ("GetCallerIdentity", 1),
    ("GetObjectLockConfiguration", 1),
    ("ListObjectsV2", 1),
    ("PutObject", 1),
    ("PutObject", 5),
    ("PutObject", len(FILES) + 2),
    ("GetObject", 3),
    ("GetObjectRetention", 5),
]


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize("fault", ["AccessDenied", "InternalError", "Ctrl-C"])
@pytest.mark.parametrize(("operation", "number"), CALLS)
def test_whatever_call_goes_wrong_is_told_and_run_again_it_is_done(
    operation: str,
    number: int,
    fault: str,
    aws: Aws,
    ours: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    try_again_at_once(monkeypatch)
    calls = count(1)

    def strike(asked: str) -> AWSResponse | None:
        if asked != operation or (at := next(calls)) < number:
            return None
        if fault == "Ctrl-C" and at == number:
            raise KeyboardInterrupt
        # The SDK asks again after an error of the server's: it lasts.
        hit = fault == "InternalError" or (fault == "AccessDenied" and at == number)
        return error(STATUS[fault], fault) if hit else None

    aws.strike = strike
    broken = publish(ours, "--yes")
    assert isinstance(broken.exception, SystemExit), broken.exception
    assert next(calls) > number, "the call was made"
    assert broken.exit_code in ((130,) if fault == "Ctrl-C" else (1, 2))
    aws.strike = lambda _: None
    again = publish(ours, "--yes")
    assert again.exit_code == 0, again.output
    versions = aws.s3.list_object_versions(Bucket=BUCKET, Prefix="evidence/")["Versions"]
    assert sorted(v["Key"] for v in versions) == sorted(prefix(ours) + name for name in FILES)


@pytest.mark.clause("ROVN-DEP-8")
def test_nothing_is_put_outside_the_protocol(aws: Aws) -> None:
    published = Published(Account(ENVIRONMENT), BUCKET, "evidence/x/")
    with pytest.raises(WriteOutsideProtocolError):
        published.put("x", b"", "00" * 32)


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"])
def test_a_machine_that_cannot_ask_is_told_in_one_line(
    variable: str, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a key, or an address that is none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if variable == "AWS_ACCESS_KEY_ID":
            monkeypatch.delenv(name)
    monkeypatch.setenv(variable, "nowhere")
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"publish in {NAME} (account {OURS}, us-east-2): ")
    assert "Nothing was changed. Now: mend this machine's AWS settings" in line
