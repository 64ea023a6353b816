"""Images are still in their repository, whose tags never move (ROVN-DEP-2, ROVN-BCK-4).

A service that scales, or loses a task, pulls its image again, and a rollback that of before.
"""

from runbook.operations.account import Client
from runbook.operations.services import EcsService
from runbook.verification.check import checks_that
from runbook.verification.checks.revisions import known_good
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

_FIX = "push the image again from its source, or release another one now"


@checks_that("images", "ROVN-DEP-2", "ROVN-BCK-4")
def images(live: Live, inspection: Inspection) -> None:
    """Want immutable tags in the services' repositories, and in them what runs and served."""
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
            if running is None:
                continue  # the revisions' check tells that
            if not running.tag:
                what = "what runs is no image of its repository: nobody built or scanned it here"
                fix = f"runbook status {live.environment.name}, then runbook rollback"
                inspection.breach(f"service {key}", what, fix)
            before = [past.tag for past in known_good(live, key, running)]
            for tag in filter(None, [running.tag, *before]):
                role = "runs" if tag == running.tag else "served before"
                inspection.looked += 1
                if not _is_there(ecr, service.name, tag):
                    what = f"it {role}, and ECR does not have it"
                    inspection.breach(f"image {service.name}:{tag}", what, _FIX)


def _is_there(ecr: Client, repository: str, tag: str) -> bool:
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return bool(found["imageDetails"])
