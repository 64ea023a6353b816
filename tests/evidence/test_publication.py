"""`runbook evidence publish`, into a bucket of moto's with a lock of its own."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.bundle import write_bundle
from evidence.bundle_files import FORMATS
from evidence.manifest import MANIFEST
from evidence.model import Commit
from evidence.published import Kept
from evidence.verification import verify
from runbook.access.deploy_policy import deploy_statements
from runbook.access.policy import document_of
from runbook.access.principals import Principals
from runbook.model.refusal import RefusedError
from tests.access.evaluation import decides
from tests.evidence.audit_account import (
    BUCKET,
    DAYS,
    ENVIRONMENT,
    FILES,
    OURS,
    Aws,
    our_evidence,
    prefix,
    publish,
    put_first,
)
from tests.evidence.samples import NO_COMMIT, evidence

# The actions whose names are not their operations'.
ACTIONS = {
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "ListObjectsV2": "s3:ListBucket",
}


@pytest.mark.clause("ALL-4")
def test_every_file_is_put_under_lock_and_the_manifest_last(aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    result = publish(ours, "--yes")
    assert result.exit_code == 0, result.output
    assert aws.objects == {prefix(ours) + name: (ours / name).read_bytes() for name in FILES}
    assert [asked["Key"].rpartition("/")[2] for asked in aws.asked] == FILES
    for key in aws.objects:
        lock = aws.s3.get_object_retention(Bucket=BUCKET, Key=key)["Retention"]
        assert lock["Mode"] == "COMPLIANCE"
        assert (lock["RetainUntilDate"] - datetime.now(UTC)).days >= DAYS - 1
    assert "locked: COMPLIANCE, at least until " in result.stdout
    sha256 = verify(ours).manifest_sha256
    assert result.stdout.splitlines()[-1] == (
        f"Next: runbook evidence verify {ours} --manifest-sha256 {sha256}"
    )


def test_the_bucket_alone_says_how_it_is_encrypted_and_kept(aws: Aws, ours: Path) -> None:
    """Its policy refuses another key, an earlier date and a weaker mode."""
    aws.bucket(Mode="COMPLIANCE")
    publish(ours, "--yes")
    for asked in aws.asked:
        assert set(asked) == {
            "Body",
            "Bucket",
            "ChecksumAlgorithm",
            "ChecksumSHA256",
            "ContentType",
            "ExpectedBucketOwner",
            "IfNoneMatch",
            "Key",
        }
        assert (asked["IfNoneMatch"], asked["ExpectedBucketOwner"]) == ("*", OURS)
    assert {asked["ContentType"] for asked in aws.asked} >= {"text/html; charset=utf-8"}


@pytest.mark.clause("ALL-4")
def test_it_is_recorded_before_and_after(aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    publish(ours, "--yes")
    start, end = aws.records
    assert (start["kind"], start["outcome"]) == ("publish-start", "started")
    assert (end["kind"], end["outcome"]) == ("publish-end", "succeeded")
    assert end["after"]["manifest_sha256"] == verify(ours).manifest_sha256
    assert end["detail"]["written"] == FILES
    assert set(end["detail"]["versions"]) == set(FILES)


def test_the_preview_says_where_how_much_and_until_when(aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    result = publish(ours, "--dry-run")
    assert result.exit_code == 0, result.output
    size = sum((ours / name).stat().st_size for name in FORMATS)
    assert f"to s3://{BUCKET}/{prefix(ours)}" in result.stdout
    assert f"7 files, {size} bytes and the manifest; 0 are there." in result.stdout
    assert f"COMPLIANCE for {DAYS} days, at least until " in result.stdout
    assert result.stdout.count(": (none) -> SHA-256 ") == len(FILES)
    assert not aws.puts
    told = json.loads(publish(ours, "--dry-run", "--json").stdout)
    assert told["after"]["prefix"] == prefix(ours)
    assert (told["operation"], told["outcome"]) == ("publish", "preview")


def test_without_a_yes_nothing_is_written(aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    result = publish(ours)
    assert result.exit_code == 2
    assert "look at the preview, then add --yes" in result.stderr
    assert not aws.puts


def test_what_is_there_already_is_left_alone(aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    publish(ours, "--yes")
    records, puts = len(aws.records), aws.puts
    again = publish(ours, "--yes")
    assert again.exit_code == 0
    assert "7 are there" in again.stdout
    assert (len(aws.records), aws.puts) == (records, puts)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("at", range(1, len(FILES) + 1))
def test_broken_off_anywhere_the_same_command_finishes(at: int, aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")

    def stop(put: int) -> None:
        if put == at:
            raise KeyboardInterrupt

    aws.before = stop
    broken = publish(ours, "--yes")
    assert broken.exit_code == 130
    assert "The same command goes on" in broken.output
    assert [key.rpartition("/")[2] for key in aws.objects] == sorted(FILES[: at - 1])
    assert aws.records[-1]["outcome"] == "not watched to its end"
    assert aws.records[-1]["detail"]["written"] == FILES[: at - 1]
    aws.before = lambda _: None
    assert publish(ours, "--yes").exit_code == 0
    assert len(aws.objects) == len(FILES)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("name", "why"),
    [("results.csv", "its SHA-256 is "), ("other.csv", "it is no file of this bundle")],
)
def test_other_bytes_below_the_prefix_are_refused(
    name: str, why: str, aws: Aws, ours: Path
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    put_first(aws, ours, name, b"all is well")
    aws.puts = 0
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    assert f"s3://{BUCKET}/{prefix(ours)}{name}: {why}" in result.stderr
    assert not aws.puts


def test_other_bytes_that_come_after_the_preview_are_not_written_over(aws: Aws, ours: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")

    def somebody_else(put: int) -> None:
        if put == 1:
            put_first(aws, ours, FILES[2], b"all is well")

    aws.before = somebody_else
    result = publish(ours, "--yes")
    assert result.exit_code == 1
    assert f"{FILES[2]} is there with other bytes" in result.stderr
    assert aws.objects[prefix(ours) + FILES[2]] == b"all is well"
    assert prefix(ours) + MANIFEST not in aws.objects


def test_the_same_bytes_that_come_after_the_preview_are_fine(aws: Aws, ours: Path) -> None:
    """As when an answer was lost, and the SDK asked again."""
    aws.bucket(Mode="COMPLIANCE")

    def somebody_else(put: int) -> None:
        if put == 1:
            put_first(aws, ours, FILES[2], (ours / FILES[2]).read_bytes())

    aws.before = somebody_else
    result = publish(ours, "--yes")
    assert result.exit_code == 0, result.output
    assert f"{FILES[2]} was there already" in result.stdout


LOCKS: dict[str, tuple[dict[str, object], str]] = {
    "no lock": ({}, "it has no default lock in mode COMPLIANCE"),
    "no default": ({"nothing": True}, "it has no default lock in mode COMPLIANCE"),
    "governance": ({"Mode": "GOVERNANCE"}, "it has no default lock in mode COMPLIANCE"),
    "too short": ({"Days": DAYS - 1}, f"it locks what is written for {DAYS - 1} days, not "),
}


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_bucket_that_would_not_keep_it_is_refused(lock: str, aws: Aws, ours: Path) -> None:
    settings, why = LOCKS[lock]
    aws.bucket(**settings)
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    assert f"audit bucket: {why}" in " ".join(result.stderr.split())
    assert "deploy the audit stack" in result.stderr
    assert not aws.puts


@pytest.mark.clause("ALL-4")
def test_an_object_that_is_not_locked_fails_it(aws: Aws, ours: Path) -> None:
    """As where the bucket's default was taken away meanwhile."""
    aws.bucket(Mode="COMPLIANCE")

    def unlock(put: int) -> None:
        if put == 3:
            aws.unlock()

    aws.before = unlock
    result = publish(ours, "--yes")
    assert result.exit_code == 1
    assert "what was published is not as it should be" in result.stderr
    assert f"{FILES[2]}: it is not locked in mode COMPLIANCE: no lock" in result.stderr
    assert aws.records[-1]["outcome"] == "failed"


def test_an_object_that_is_there_and_not_locked_is_refused(aws: Aws, ours: Path) -> None:
    aws.bucket(nothing=True)
    put_first(aws, ours, "results.csv", (ours / "results.csv").read_bytes())
    result = publish(ours, "--yes")
    assert result.exit_code == 2
    assert "results.csv\n    why: it is not locked in mode COMPLIANCE" in result.stderr


def refused(folder: Path) -> str:
    result = publish(folder, "--yes")
    assert isinstance(result.exception, RefusedError)
    return str(result.exception)


@pytest.mark.clause("ALL-4")
def test_an_altered_bundle_is_refused_before_anybody_is_asked(aws: Aws, ours: Path) -> None:
    (ours / "results.csv").write_bytes(b"all is well")
    (ours / "note.txt").touch()
    said = refused(ours)
    assert "changed: results.csv: it has 11 bytes" in said
    assert "added: note.txt" in said
    assert not aws.puts


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("commit", "why"),
    [
        (Commit("f" * 40, "2026-05-04T00:00:00Z", clean=False), "the sources differed"),
        (NO_COMMIT, "'unknown' of 'unknown' is no commit and its day"),
        (Commit("", "2026-05-04", clean=True), "'' of '2026-05-04' is no commit and its day"),
        (Commit("f" * 40, "20260504", clean=True), "of '20260504' is no commit and its day"),
    ],
)
def test_a_bundle_that_nobody_can_make_again_is_refused(
    commit: Commit, why: str, aws: Aws, tmp_path: Path
) -> None:
    write_bundle(our_evidence(commit=commit), tmp_path / "x", oscal=False)
    assert why in refused(tmp_path / "x")


WRITTEN = datetime(2026, 5, 4, tzinfo=UTC)
KEPT = Kept("ab", "v1", WRITTEN, "COMPLIANCE", WRITTEN + timedelta(days=10))


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (KEPT, ""),
        (replace(KEPT, sha256="cd"), "its SHA-256 is cd, not ab"),
        (replace(KEPT, mode="GOVERNANCE"), "not locked in mode COMPLIANCE: GOVERNANCE"),
        (replace(KEPT, mode=""), "not locked in mode COMPLIANCE: no lock"),
        (replace(KEPT, until=None), "not locked in mode COMPLIANCE"),
        (
            replace(KEPT, until=WRITTEN + timedelta(days=9)),
            "its lock ends at 2026-05-13, before 10 days are over",
        ),
    ],
)
def test_what_is_kept_is_the_same_bytes_under_a_lock_that_is_long_enough(
    kept: Kept, why: str
) -> None:
    found = kept.fault("ab", timedelta(days=10))
    assert why in found
    assert bool(found) is bool(why)


def test_an_environment_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    write_bundle(evidence(), tmp_path / "x", oscal=False)
    assert "environment 'acme/production' is refused" in refused(tmp_path / "x")


@pytest.mark.clause("ROVN-DEP-9")
def test_the_deploy_identity_may_do_all_that_it_calls_and_reads_no_record(
    aws: Aws, ours: Path
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    aws.called.clear()
    assert publish(ours, "--yes").exit_code == 0
    policy = document_of(deploy_statements(Principals(ENVIRONMENT)))
    # moto's answer for a retention is made of HeadObject; the test's own calls come after.
    called = [call for call in aws.called if call[0] != "HeadObject"]
    assert {name for name, _ in called} == {
        *("GetObject", "GetObjectLockConfiguration", "GetObjectRetention"),
        *("ListObjectsV2", "PutObject"),
    }
    arn = f"arn:aws:s3:::{BUCKET}"
    for name, asked in called:
        where = f"{arn}/{asked['Key']}" if "Key" in asked else arn
        context = {"s3:prefix": asked["Prefix"]} if "Prefix" in asked else {}
        assert decides(policy, ACTIONS.get(name, f"s3:{name}"), where, context) == "Allow", name
    assert decides(policy, "s3:GetObject", f"{arn}/releases/api/x.json", {}) is None
    for elsewhere in ({}, {"s3:prefix": ""}, {"s3:prefix": "releases/"}):
        assert decides(policy, "s3:ListBucket", arn, elsewhere) is None
    of_release = f"{arn}/evidence/production/release-passport-api-x/manifest.json"
    assert decides(policy, "s3:PutObject", of_release, {}) is None
