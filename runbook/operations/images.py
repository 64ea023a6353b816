"""Whether an image may be released: its tag, whether it is there, what its scan found."""

import re
from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from runbook.model.refusal import Refusal
from runbook.operations.account import Account, code_of, words

# Least to most; what nobody has judged yet counts as medium.
SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
_UNJUDGED = ("UNDEFINED", "UNTRIAGED")
_FINISHED = ("ACTIVE", "COMPLETE")


def image_refusals(account: Account, repository: str, tag: str) -> Iterator[Refusal]:
    """Say why an image may not be released; raises botocore's errors for what AWS refuses."""
    images = account.environment.images
    if not re.fullmatch(images.tag_pattern, tag):
        yield Refusal(
            "image-tag",
            f"{tag!r} does not match {images.tag_pattern}",
            f"name a tag such as {images.tag_example}",
        )
        return
    ecr = account.client("ecr")
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if code_of(error) not in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise
        yield Refusal(
            "image-tag",
            f"{tag} is not in the repository {repository}: {words(error)}",
            "let the pipeline build it, or look for the tag with: aws ecr describe-images "
            f"--repository-name {repository}",
        )
        return
    yield from _scan(account, repository, tag)


def _scan(account: Account, repository: str, tag: str) -> Iterator[Refusal]:
    threshold = account.environment.images.scan_fail_severity
    try:
        answer = account.client("ecr").describe_image_scan_findings(
            repositoryName=repository, imageId={"imageTag": tag}, maxResults=1
        )
    except ClientError as error:
        if code_of(error) != "ScanNotFoundException":
            raise
        answer = {}
    status = str(answer.get("imageScanStatus", {}).get("status", "missing"))
    if status not in _FINISHED:
        yield Refusal(
            "image scan",
            f"the scan of {tag} is {status}: nobody knows what is in the image",
            "wait until ECR has scanned it; a scan that failed needs a new build",
        )
        return
    counts = answer.get("imageScanFindings", {}).get("findingSeverityCounts", {})
    serious = serious_findings(counts, threshold)
    if serious:
        found = ", ".join(f"{count} {name}" for name, count in serious.items())
        yield Refusal(
            "image scan",
            f"{tag} has findings of {threshold} or more: {found}",
            "renew the base image or the lock file, and build again",
        )


def serious_findings(counts: Mapping[str, int], threshold: str) -> dict[str, int]:
    """Pick the counts at or above ``threshold``; a severity nobody knows counts as serious."""
    floor = SEVERITIES.index(threshold)

    def rank(name: str) -> int:
        if name in _UNJUDGED:
            return SEVERITIES.index("MEDIUM")
        return SEVERITIES.index(name) if name in SEVERITIES else len(SEVERITIES)

    return {name: n for name, n in sorted(counts.items()) if n and rank(name) >= floor}
