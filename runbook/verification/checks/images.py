"""The image that runs is still in its repository, whose tags never move (ROVN-DEP-2, ROVN-BCK-4).

A service that scales, or loses a task, pulls its image again.
"""

from runbook.operations.account import Client
from runbook.operations.services import EcsService
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

_FIX = "push the image again from its source, or release another one now"


@checks_that("images", "ROVN-DEP-2", "ROVN-BCK-4")
def images(live: Live, inspection: Inspection) -> None:
    """Want immutable tags in the services' repositories, and the image that runs in its own."""
    ecr = live.account.client("ecr")
    for key, service in live.environment.services.items():
        with inspection.looking_at(f"repository {service.name}"):
            [told] = ecr.describe_repositories(repositoryNames=[service.name])["repositories"]
            if not str(told["imageTagMutability"]).startswith("IMMUTABLE"):
                what = f"tags are {told['imageTagMutability']}: one may stand for another image"
                fix = f"aws ecr put-image-tag-mutability --repository-name {service.name} " + (
                    "--image-tag-mutability IMMUTABLE"
                )
                inspection.breach(f"repository {service.name}", what, fix)
            running = EcsService(live.account, key).running()
            if running is None or not running.tag:
                continue  # the revisions' check tells that
            where = f"image {service.name}:{running.tag}"
            inspection.looked += 1
            if not _is_there(ecr, service.name, running.tag):
                inspection.breach(where, "it runs, and ECR does not have it", _FIX)


def _is_there(ecr: Client, repository: str, tag: str) -> bool:
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return bool(found["imageDetails"])
