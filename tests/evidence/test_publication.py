"""`runbook evidence publish`, into a bucket of moto's with a lock of its own."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
import typer
from botocore.awsrequest import AWSResponse
from moto import mock_aws
from moto.s3.models import s3_backends
from typer.testing import CliRunner, Result

from evidence.bundle import FORMATS, write_bundle
from evidence.bundle_commands import add_to
from evidence.manifest import MANIFEST
from evidence.model import Commit
from evidence.publication import Publish
from evidence.published import Kept
from evidence.verification import verify
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.evidence.samples import evidence
from tests.operations.aws import MODELS

Session = boto3.Session

NAME = "rovn/production"
ENVIRONMENT = load_environment(NAME)
OURS = ENVIRONMENT.account
BUCKET = "rovn-production-audit-auditrecords-0"
# In moto a year is 365 days, which is less than a calendar year may have.
DAYS = ENVIRONMENT.buckets.audit.longest_days
FILES = [*sorted(FORMATS), MANIFEST]


def our_evidence(**changes: object) -> Any:  # noqa: ANN401 - the sample's
    of_ours = {"organisation": "rovn", "account": OURS, "region": "us-east-2"}
    return evidence(**{**of_ours, **changes})


class Body:
    """What came back over the wire."""

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Give it as botocore reads it."""
        yield self.text.encode()


def answer(status: int, text: str) -> AWSResponse:
    return AWSResponse("https://aws", status, {}, Body(text))  # type: ignore[arg-type]


def error(status: int, code: str) -> AWSResponse:
    return answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>")


@dataclass
class Aws:
    """An account of moto's; ``before`` is called before each object of a bundle is put."""

    session: boto3.Session
    output: str = "AuditRecordsBucket"
    before: Callable[[int], AWSResponse | None] = lambda _: None
    puts: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def s3(self) -> Any:  # noqa: ANN401 - boto3
        return self.session.client("s3", region_name="us-east-2")

    def watch(self) -> None:
        """Hear of every PutObject, as it is asked for and as it is sent."""
        events = self.session.events
        events.register("provide-client-params.s3.PutObject", self._asked)
        events.register_first("before-send.s3.PutObject", self._sent)  # type: ignore[arg-type]
        events.register_first("before-send.s3.GetObjectRetention", self._retention)  # type: ignore[arg-type]
        events.register("before-call.cloudformation.DescribeStacks", self._described)  # type: ignore[arg-type]

    def _asked(self, params: dict[str, Any], **_: object) -> None:
        if params["Key"].startswith("evidence/"):
            self.asked.append(dict(params))

    def _sent(self, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - botocore's
        if "/evidence/" not in request.url:
            return None
        self.puts += 1
        return self.before(self.puts)

    def _retention(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - as above
        """Answer what moto keeps and does not tell: GetObjectRetention is not in it."""
        key = unquote(urlsplit(request.url).path).lstrip("/").removeprefix(f"{BUCKET}/")
        found = self.s3.head_object(Bucket=BUCKET, Key=key)
        if "ObjectLockMode" not in found:
            return error(404, "NoSuchObjectLockConfiguration")
        mode, until = found["ObjectLockMode"], f"{found['ObjectLockRetainUntilDate']:%Y-%m-%dT%XZ}"
        lock = f"<Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate>"
        return answer(200, f"<Retention>{lock}</Retention>")

    def unlock(self) -> None:
        """Take the default away, which S3 lets nobody do who may not."""
        s3_backends[OURS]["aws"].get_bucket(BUCKET).default_lock_mode = ""

    def bucket(self, **lock: object) -> None:
        """Make the bucket, with or without a lock."""
        self.s3.create_bucket(
            Bucket=BUCKET,
            ObjectLockEnabledForBucket=bool(lock),
            CreateBucketConfiguration={"LocationConstraint": "us-east-2"},
        )
        if lock and "nothing" not in lock:
            rule = {"Mode": "COMPLIANCE", "Days": DAYS, **lock}
            self.s3.put_object_lock_configuration(
                Bucket=BUCKET,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": rule},
                },
            )

    def _described(self, **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        """Answer for CloudFormation, which moto would need more packages for."""
        output = {"OutputKey": self.output, "OutputValue": BUCKET}
        stack = {"StackName": "rovn-production-audit", "Outputs": [output]}
        return AWSResponse("https://aws", 200, {}, None), {"Stacks": [stack]}  # type: ignore[arg-type]

    @property
    def objects(self) -> dict[str, bytes]:
        """Everything below evidence/, by key."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="evidence/").get("Contents", [])
        return {
            entry["Key"]: self.s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            for entry in found
        }

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was recorded, in the order in which it was."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="releases/").get("Contents", [])
        bodies = [self.s3.get_object(Bucket=BUCKET, Key=e["Key"])["Body"].read() for e in found]
        return sorted(map(json.loads, bodies), key=lambda record: record["outcome"] != "started")


def signed_in(**keys: str) -> boto3.Session:
    """Make a session that reads the SDK's models once for all tests."""
    session = Session(region_name="us-east-2", **keys)  # type: ignore[arg-type]
    session._session.register_component("data_loader", MODELS)
    return session


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
def bundle(our_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(our_bundle, tmp_path / "production"))


def app() -> typer.Typer:
    made = typer.Typer(pretty_exceptions_enable=False)
    add_to(made)
    return made


def publish(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app(), ["publish", str(folder), *more])


def prefix(folder: Path) -> str:
    return f"evidence/production/2026-05-04-0123456-{verify(folder).manifest_sha256[:12]}/"


@pytest.mark.clause("ALL-4")
def test_every_file_is_put_under_lock_and_the_manifest_last(aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    result = publish(bundle, "--yes")
    assert result.exit_code == 0, result.output
    assert aws.objects == {prefix(bundle) + name: (bundle / name).read_bytes() for name in FILES}
    assert [asked["Key"].rpartition("/")[2] for asked in aws.asked] == FILES
    for key in aws.objects:
        lock = aws.s3.get_object_retention(Bucket=BUCKET, Key=key)["Retention"]
        assert lock["Mode"] == "COMPLIANCE"
        assert (lock["RetainUntilDate"] - datetime.now(UTC)).days >= DAYS - 1
    assert "locked: COMPLIANCE, at least until " in result.stdout
    sha256 = verify(bundle).manifest_sha256
    assert result.stdout.splitlines()[-1] == (
        f"Next: runbook evidence verify {bundle} --manifest-sha256 {sha256}"
    )


def test_the_bucket_alone_says_how_it_is_encrypted_and_kept(aws: Aws, bundle: Path) -> None:
    """Its policy refuses another key, an earlier date and a weaker mode."""
    aws.bucket(Mode="COMPLIANCE")
    publish(bundle, "--yes")
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
def test_it_is_recorded_before_and_after(aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    publish(bundle, "--yes")
    start, end = aws.records
    assert (start["kind"], start["outcome"]) == ("publish-start", "started")
    assert (end["kind"], end["outcome"]) == ("publish-end", "succeeded")
    assert end["after"]["manifest_sha256"] == verify(bundle).manifest_sha256
    assert end["detail"]["written"] == FILES
    assert set(end["detail"]["versions"]) == set(FILES)


def test_the_preview_says_where_how_much_and_until_when(aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    result = publish(bundle, "--dry-run")
    assert result.exit_code == 0, result.output
    size = sum((bundle / name).stat().st_size for name in FORMATS)
    assert f"to s3://{BUCKET}/{prefix(bundle)}" in result.stdout
    assert f"7 files, {size} bytes and the manifest; 0 are there." in result.stdout
    assert f"COMPLIANCE for {DAYS} days, at least until " in result.stdout
    assert result.stdout.count(": (none) -> SHA-256 ") == len(FILES)
    assert not aws.puts
    told = json.loads(publish(bundle, "--dry-run", "--json").stdout)
    assert told["after"]["prefix"] == prefix(bundle)
    assert (told["operation"], told["outcome"]) == ("publish", "preview")


def test_without_a_yes_nothing_is_written(aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    result = publish(bundle)
    assert result.exit_code == 2
    assert "look at the preview, then add --yes" in result.stderr
    assert not aws.puts


def test_what_is_there_already_is_left_alone(aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    publish(bundle, "--yes")
    records, puts = len(aws.records), aws.puts
    again = publish(bundle, "--yes")
    assert again.exit_code == 0
    assert "7 are there" in again.stdout
    assert (len(aws.records), aws.puts) == (records, puts)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("at", range(1, len(FILES) + 1))
def test_broken_off_anywhere_the_same_command_finishes(at: int, aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")

    def stop(put: int) -> None:
        if put == at:
            raise KeyboardInterrupt

    aws.before = stop
    broken = publish(bundle, "--yes")
    assert broken.exit_code == 130
    assert "The same command goes on" in broken.output
    assert [key.rpartition("/")[2] for key in aws.objects] == sorted(FILES[: at - 1])
    assert aws.records[-1]["outcome"] == "not watched to its end"
    assert aws.records[-1]["detail"]["written"] == FILES[: at - 1]
    aws.before = lambda _: None
    assert publish(bundle, "--yes").exit_code == 0
    assert len(aws.objects) == len(FILES)


def put_first(aws: Aws, bundle: Path, name: str, data: bytes) -> None:
    aws.s3.put_object(
        Bucket=BUCKET, Key=prefix(bundle) + name, Body=data, ChecksumAlgorithm="SHA256"
    )


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("name", "why"),
    [("results.csv", "its SHA-256 is "), ("other.csv", "it is no file of this bundle")],
)
def test_other_bytes_below_the_prefix_are_refused(
    name: str, why: str, aws: Aws, bundle: Path
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    put_first(aws, bundle, name, b"all is well")
    aws.puts = 0
    result = publish(bundle, "--yes")
    assert result.exit_code == 2
    assert f"s3://{BUCKET}/{prefix(bundle)}{name}: {why}" in result.stderr
    assert not aws.puts


def test_other_bytes_that_come_after_the_preview_are_not_written_over(
    aws: Aws, bundle: Path
) -> None:
    aws.bucket(Mode="COMPLIANCE")

    def somebody_else(put: int) -> None:
        if put == 1:
            put_first(aws, bundle, FILES[2], b"all is well")

    aws.before = somebody_else
    result = publish(bundle, "--yes")
    assert result.exit_code == 1
    assert f"{FILES[2]} is there with other bytes" in result.stderr
    assert aws.objects[prefix(bundle) + FILES[2]] == b"all is well"
    assert prefix(bundle) + MANIFEST not in aws.objects


def test_the_same_bytes_that_come_after_the_preview_are_fine(aws: Aws, bundle: Path) -> None:
    """As when an answer was lost, and the SDK asked again."""
    aws.bucket(Mode="COMPLIANCE")

    def somebody_else(put: int) -> None:
        if put == 1:
            put_first(aws, bundle, FILES[2], (bundle / FILES[2]).read_bytes())

    aws.before = somebody_else
    result = publish(bundle, "--yes")
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
def test_a_bucket_that_would_not_keep_it_is_refused(lock: str, aws: Aws, bundle: Path) -> None:
    settings, why = LOCKS[lock]
    aws.bucket(**settings)
    result = publish(bundle, "--yes")
    assert result.exit_code == 2
    assert f"audit bucket: {why}" in " ".join(result.stderr.split())
    assert "deploy the audit stack" in result.stderr
    assert not aws.puts


@pytest.mark.clause("ALL-4")
def test_an_object_that_is_not_locked_fails_it(aws: Aws, bundle: Path) -> None:
    """As where the bucket's default was taken away meanwhile."""
    aws.bucket(Mode="COMPLIANCE")

    def unlock(put: int) -> None:
        if put == 3:
            aws.unlock()

    aws.before = unlock
    result = publish(bundle, "--yes")
    assert result.exit_code == 1
    assert "what was published is not as it should be" in result.stderr
    assert f"{FILES[2]}: it is not locked in mode COMPLIANCE: no lock" in result.stderr
    assert aws.records[-1]["outcome"] == "failed"


def test_an_object_that_is_there_and_not_locked_is_refused(aws: Aws, bundle: Path) -> None:
    aws.bucket(nothing=True)
    put_first(aws, bundle, "results.csv", (bundle / "results.csv").read_bytes())
    result = publish(bundle, "--yes")
    assert result.exit_code == 2
    assert "results.csv\n    why: it is not locked in mode COMPLIANCE" in result.stderr


def test_another_account_is_told_nothing(
    aws: Aws, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    session = signed_in()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    result = publish(bundle, "--yes")
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
def test_a_write_that_is_denied_is_told(at: int, code: int, aws: Aws, bundle: Path) -> None:
    aws.bucket(Mode="COMPLIANCE")
    aws.before = lambda put: error(403, "AccessDenied") if put == at else None
    result = publish(bundle, "--yes")
    assert result.exit_code == code
    assert "PutObject: AccessDenied: no" in result.stderr
    assert ("Nothing was changed." in result.stderr) is (at == 1)
    assert aws.records[-1]["outcome"] == ("not begun" if at == 1 else "not watched to its end")


def test_without_an_audit_stack_it_says_what_makes_one(aws: Aws, bundle: Path) -> None:
    aws.output = "Another"
    result = publish(bundle, "--yes")
    assert result.exit_code == 2
    assert "stack rovn-production-audit has no output AuditRecordsBucket" in result.stderr
    assert "make deploy ENV=rovn/production" in result.stderr


def refused(folder: Path) -> str:
    result = publish(folder, "--yes")
    assert isinstance(result.exception, RefusedError)
    return str(result.exception)


@pytest.mark.clause("ALL-4")
def test_an_altered_bundle_is_refused_before_anybody_is_asked(aws: Aws, bundle: Path) -> None:
    (bundle / "results.csv").write_bytes(b"all is well")
    (bundle / "note.txt").touch()
    said = refused(bundle)
    assert "changed: results.csv: it has 11 bytes" in said
    assert "added: note.txt" in said
    assert not aws.puts


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("commit", "why"),
    [
        (Commit("f" * 40, "2026-05-04T00:00:00Z", clean=False), "the sources differed"),
        (Commit("", "2026-05-04", clean=True), "'' of '2026-05-04' is no commit and its day"),
        (Commit("f" * 40, "20260504", clean=True), "of '20260504' is no commit and its day"),
    ],
)
def test_a_bundle_that_nobody_can_make_again_is_refused(
    commit: Commit, why: str, aws: Aws, tmp_path: Path
) -> None:
    write_bundle(our_evidence(commit=commit), tmp_path / "x", oscal=False)
    assert why in refused(tmp_path / "x")


def test_a_bundle_that_is_changed_after_the_preview_is_not_written(
    aws: Aws, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.bucket(Mode="COMPLIANCE")
    monkeypatch.setattr(
        Publish,
        "decided",
        lambda _: (bundle / "results.csv").write_bytes(b"all is well"),
    )
    result = publish(bundle, "--yes")
    assert result.exit_code == 2
    assert "the bundle was changed since the preview" in result.stderr
    assert "results.csv has another SHA-256" in result.stderr
    assert not aws.puts


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"])
def test_a_machine_that_cannot_ask_is_told_in_one_line(
    variable: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a key, or an address that is none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if variable == "AWS_ACCESS_KEY_ID":
            monkeypatch.delenv(name)
    monkeypatch.setenv(variable, "nowhere")
    result = publish(bundle, "--yes")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"publish in {NAME} (account {OURS}, us-east-2): ")
    assert "Nothing was changed. Now: mend this machine's AWS settings" in line


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
