"""Waits for ECR's scan of a pushed image, judges it, and writes `image.json`.

`python -m delivery.scan_gate` reads REPOSITORY_URI, IMAGE_TAG, SCAN_FAIL_SEVERITY and
SCAN_TIMEOUT_SECONDS. Exit 0: nothing at or above the severity. 1: findings, or no result.
2: an environment it cannot use.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# Not judged yet is not harmless, but blocking on it would stop every release.
_RANKS = {
    "INFORMATIONAL": 0,
    "LOW": 1,
    "UNDEFINED": 2,
    "UNTRIAGED": 2,
    "MEDIUM": 2,
    "HIGH": 3,
    "CRITICAL": 4,
}
_FINISHED = frozenset({"COMPLETE", "ACTIVE"})
_RUNNING = frozenset({"IN_PROGRESS", "PENDING"})
_POLL_SECONDS = 5.0


class ScanGateError(Exception):
    """The image must not be released; the text says why and what to do."""


def serious_findings(counts: Mapping[str, int], threshold: str) -> dict[str, int]:
    """Pick the counts at or above `threshold`; a severity nobody knows counts as serious."""
    floor = _RANKS[threshold]
    return {
        severity: count
        for severity, count in sorted(counts.items())
        if count and _RANKS.get(severity, max(_RANKS.values())) >= floor
    }


def wait_for_scan(
    ecr: "ECRClient",
    repository: str,
    digest: str,
    timeout_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Mapping[str, int]:
    """Return the number of findings by severity; raises ScanGateError when there is no result."""
    waited = 0.0
    while True:
        status, counts = _scan(ecr, repository, digest)
        if status in _FINISHED:
            return counts
        if status not in _RUNNING:
            raise ScanGateError(
                f"ECR could not scan {digest}: {status}. Without a scan there is no release; "
                "check that the repository scans on push and knows the image's format."
            )
        if waited >= timeout_seconds:
            raise ScanGateError(
                f"ECR's scan of {digest} was {status} after {timeout_seconds:.0f} s. "
                "Run the build again, or raise SCAN_TIMEOUT_SECONDS."
            )
        sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


def _scan(ecr: "ECRClient", repository: str, digest: str) -> tuple[str, Mapping[str, int]]:
    try:
        # One page tells the counts of all findings.
        answer = ecr.describe_image_scan_findings(
            repositoryName=repository, imageId={"imageDigest": digest}, maxResults=1
        )
    except ecr.exceptions.ScanNotFoundException:
        # The scan starts some seconds after the push.
        return "PENDING", {}
    findings = answer.get("imageScanFindings", {})
    counts = {str(name): count for name, count in findings.get("findingSeverityCounts", {}).items()}
    return str(answer["imageScanStatus"].get("status")), counts


def image_digest(ecr: "ECRClient", repository: str, tag: str) -> str:
    """Ask ECR for the digest that the tag names: what was pushed, not what was built."""
    details = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    return details["imageDetails"][0]["imageDigest"]


def judge(
    ecr: "ECRClient",
    *,
    repository_uri: str,
    tag: str,
    threshold: str,
    timeout_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Return the content of `image.json`; raises ScanGateError for an image not to release."""
    repository = repository_uri.partition("/")[2]
    digest = image_digest(ecr, repository, tag)
    counts = wait_for_scan(ecr, repository, digest, timeout_seconds, sleep)
    serious = serious_findings(counts, threshold)
    if serious:
        raise ScanGateError(
            f"{tag} has findings of severity {threshold} or more: {json.dumps(serious)}. "
            "Renew the base image's digest or the lock file; see the scan in ECR."
        )
    return {"tag": tag, "digest": digest, "repository": repository_uri}


def main(environment: Mapping[str, str], output: Path, ecr: "ECRClient") -> int:
    """Judge the image that `environment` names and write `output`; returns the exit code."""
    try:
        repository_uri, tag = environment["REPOSITORY_URI"], environment["IMAGE_TAG"]
        threshold = environment["SCAN_FAIL_SEVERITY"]
        timeout_seconds = float(environment["SCAN_TIMEOUT_SECONDS"])
    except (KeyError, ValueError) as error:
        sys.stderr.write(f"scan gate: unusable environment: {error}\n")
        return 2
    if "/" not in repository_uri:
        sys.stderr.write("scan gate: REPOSITORY_URI must be <registry>/<repository>\n")
        return 2
    if threshold not in _RANKS:
        sys.stderr.write(f"scan gate: SCAN_FAIL_SEVERITY must be one of {', '.join(_RANKS)}\n")
        return 2
    try:
        image = judge(
            ecr,
            repository_uri=repository_uri,
            tag=tag,
            threshold=threshold,
            timeout_seconds=timeout_seconds,
        )
    except (ScanGateError, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"scan gate: {error}\n")
        return 1
    output.write_text(json.dumps(image, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ, Path("image.json"), boto3.client("ecr")))
