"""Scans of images in a rehearsal: every image of a repository that scans has one, without finding.

Simulated: an image here is a folder, and nobody looks for vulnerabilities in it.
"""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import request_scope

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, RefusedError, answers

Members = dict[str, Any]


def answer_scans() -> None:
    """Answer from now on; before the emulator's patches are applied."""
    answers("ecr", "DescribeImageScanFindings")(describe_findings)


def describe_findings(caller: Caller, request: Members) -> Members:
    """Tell of a finished scan; refused where the image or its scan is not there."""
    repository, image = str(request["repositoryName"]), request["imageId"]
    with request_scope(caller.account, caller.region):
        ecr = client("ecr")
        try:
            [described] = ecr.describe_images(repositoryName=repository, imageIds=[image])[
                "imageDetails"
            ]
            [kept] = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
        except ClientError as error:
            told = error.response["Error"]
            raise RefusedError(told["Code"], told["Message"]) from None
    if not kept.get("imageScanningConfiguration", {}).get("scanOnPush"):
        raise RefusedError("ScanNotFoundException", f"{repository} does not scan on push")
    return {
        "registryId": caller.account,
        "repositoryName": repository,
        "imageId": {**image, "imageDigest": described["imageDigest"]},
        "imageScanStatus": {
            "status": "COMPLETE",
            "description": "simulated: nobody looked",
        },
        "imageScanFindings": {
            "imageScanCompletedAt": time.time(),
            "findingSeverityCounts": {},
            "findings": [],
        },
    }
