"""What delivery is called: names that policies, stacks and GitHub's workflow share."""

from runbook.model.environment import Environment


def source_bucket(environment: Environment) -> str:
    """Name the bucket that source ZIPs go into; bucket names are one world, hence the account."""
    return f"{environment.slug}-source-{environment.account}"


def source_key(service: str) -> str:
    """Name the object of a service's source; each upload is a version of it."""
    return f"{service}/source.zip"


def delivery_key_alias(environment: Environment) -> str:
    """Name the key of sources, artifacts, approvals and their logs."""
    return f"alias/{environment.slug}/delivery"


def pipeline(environment: Environment, service: str) -> str:
    """Name a service's pipeline."""
    return f"{environment.slug}-{service}"


def project(environment: Environment, service: str, step: str) -> str:
    """Name the build project of one step, one of ``STEPS``."""
    return f"{environment.slug}-{service}-{step}"


def build_log_group(environment: Environment, service: str, step: str) -> str:
    """Name its log group."""
    return f"/{environment.name}/delivery/{service}/{step}"


def approval_topic(environment: Environment) -> str:
    """Name the topic that says a release waits for its approval."""
    return f"{environment.slug}-approvals"


# The folder of the audit bucket that bundles of evidence lie in, by environment.
EVIDENCE = "evidence"
# How the names of those begin that the pipeline publishes there, and where they lie.
OF_RELEASE = "release-"
RELEASE_BUNDLES = f"{EVIDENCE}/*/{OF_RELEASE}*"
# The pipeline's last step, which judges what is deployed.
EVIDENCE_STEP = "evidence"
# The stage of a pipeline, and its one action, that a person does.
APPROVE = "Approve"
STEPS = ("image-build", "preview", "release", "verify", EVIDENCE_STEP)
