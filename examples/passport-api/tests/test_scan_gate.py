"""The scan decides: no result, a failed scan and serious findings all stop the image."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from delivery import scan_gate
from delivery.scan_gate import ScanGateError, judge, main, serious_findings

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

REPOSITORY = "rovn/passport-api"
REPOSITORY_URI = f"111122223333.dkr.ecr.us-east-2.amazonaws.com/{REPOSITORY}"
TAG = "prod-20260527052609"
DIGEST = "sha256:" + "ab" * 32
IMAGE = {"repositoryName": REPOSITORY, "imageId": {"imageDigest": DIGEST}, "maxResults": 1}
ENVIRONMENT = {
    "REPOSITORY_URI": REPOSITORY_URI,
    "IMAGE_TAG": TAG,
    "SCAN_FAIL_SEVERITY": "HIGH",
    "SCAN_TIMEOUT_SECONDS": "60",
}


@pytest.fixture
def ecr() -> "ECRClient":
    """Make a client that can reach nothing."""
    return boto3.client(
        "ecr",
        region_name="us-east-2",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


@pytest.fixture
def answers(ecr: "ECRClient") -> Iterator[Stubber]:
    """Let the client answer what a test prepares, in that order, all of it."""
    with Stubber(ecr) as stubber:
        stubber.add_response(
            "describe_images",
            {"imageDetails": [{"imageDigest": DIGEST}]},
            {"repositoryName": REPOSITORY, "imageIds": [{"imageTag": TAG}]},
        )
        yield stubber
        stubber.assert_no_pending_responses()


def add_scan(answers: Stubber, status: str, counts: dict[str, int] | None = None) -> None:
    answer: dict[str, Any] = {"imageScanStatus": {"status": status}}
    if counts is not None:
        answer["imageScanFindings"] = {"findingSeverityCounts": counts}
    answers.add_response("describe_image_scan_findings", answer, IMAGE)


def judged(ecr: "ECRClient", waits: list[float], threshold: str = "HIGH") -> dict[str, str]:
    return judge(
        ecr,
        repository_uri=REPOSITORY_URI,
        tag=TAG,
        threshold=threshold,
        timeout_seconds=10,
        sleep=waits.append,
    )


def test_waits_until_the_scan_is_there_and_done(ecr: "ECRClient", answers: Stubber) -> None:
    answers.add_client_error("describe_image_scan_findings", "ScanNotFoundException")
    add_scan(answers, "IN_PROGRESS")
    add_scan(answers, "COMPLETE", {"LOW": 9, "HIGH": 0})
    waits: list[float] = []

    image = judged(ecr, waits)

    assert image == {"tag": TAG, "digest": DIGEST, "repository": REPOSITORY_URI}
    assert len(waits) == 2


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "FINDINGS_UNAVAILABLE"])
def test_scan_that_failed_is_no_pass(status: str, ecr: "ECRClient", answers: Stubber) -> None:
    add_scan(answers, status)

    with pytest.raises(ScanGateError, match=status):
        judged(ecr, [])


def test_scan_that_never_ends_is_no_pass(ecr: "ECRClient", answers: Stubber) -> None:
    for _ in range(3):
        add_scan(answers, "PENDING")
    waits: list[float] = []

    with pytest.raises(ScanGateError, match="after 10 s"):
        judged(ecr, waits)
    assert sum(waits) == 10


def test_serious_finding_is_named(ecr: "ECRClient", answers: Stubber) -> None:
    add_scan(answers, "ACTIVE", {"CRITICAL": 1, "MEDIUM": 4})

    with pytest.raises(ScanGateError, match='"CRITICAL": 1'):
        judged(ecr, [])


@pytest.mark.parametrize(
    ("threshold", "counts", "serious"),
    [
        ("HIGH", {"MEDIUM": 3, "UNDEFINED": 3}, {}),
        ("HIGH", {"HIGH": 1, "CRITICAL": 2}, {"HIGH": 1, "CRITICAL": 2}),
        ("CRITICAL", {"HIGH": 1}, {}),
        ("MEDIUM", {"UNTRIAGED": 1}, {"UNTRIAGED": 1}),
        ("CRITICAL", {"UNHEARD_OF": 1}, {"UNHEARD_OF": 1}),
        ("INFORMATIONAL", {"LOW": 0}, {}),
    ],
)
def test_threshold(threshold: str, counts: dict[str, int], serious: dict[str, int]) -> None:
    assert serious_findings(counts, threshold) == serious


def test_artifact_is_written_for_a_clean_image_alone(
    ecr: "ECRClient", answers: Stubber, tmp_path: Path
) -> None:
    add_scan(answers, "COMPLETE", {})

    assert main(ENVIRONMENT, tmp_path / "image.json", ecr) == 0
    written = json.loads((tmp_path / "image.json").read_text())
    assert written == {"tag": TAG, "digest": DIGEST, "repository": REPOSITORY_URI}


def test_findings_end_the_build_without_artifact(
    ecr: "ECRClient", answers: Stubber, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_scan(answers, "COMPLETE", {"HIGH": 2})

    assert main(ENVIRONMENT, tmp_path / "image.json", ecr) == 1
    assert not (tmp_path / "image.json").exists()
    assert "HIGH" in capsys.readouterr().err


def test_refusal_of_aws_is_told_in_one_line(
    ecr: "ECRClient", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stubber(ecr) as stubber:
        stubber.add_client_error("describe_images", "AccessDeniedException", "not allowed")
        assert main(ENVIRONMENT, tmp_path / "image.json", ecr) == 1

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"SCAN_FAIL_SEVERITY": "high"},
        {"SCAN_FAIL_SEVERITY": ""},
        {"SCAN_TIMEOUT_SECONDS": "soon"},
        {"REPOSITORY_URI": "passport-api"},
    ],
)
def test_unusable_environment_is_refused(
    change: dict[str, str], ecr: "ECRClient", tmp_path: Path
) -> None:
    assert main(ENVIRONMENT | change, tmp_path / "image.json", ecr) == 2


@pytest.mark.parametrize("missing", sorted(ENVIRONMENT))
def test_incomplete_environment_is_refused(missing: str, ecr: "ECRClient", tmp_path: Path) -> None:
    rest = {name: value for name, value in ENVIRONMENT.items() if name != missing}

    assert main(rest, tmp_path / "image.json", ecr) == 2


def test_ranks_cover_every_severity_that_ecr_knows(ecr: "ECRClient") -> None:
    shape = ecr.meta.service_model.shape_for("FindingSeverity")

    assert shape.metadata["enum"]
    assert set(shape.metadata["enum"]) <= set(scan_gate._RANKS)
