"""On whose behalf AWS takes on each role of delivery: the trust policies name exactly these."""

from collections.abc import Mapping

from runbook.access import delivery_names as names
from runbook.access.principals import Principals


def delivery_sources(principals: Principals) -> Mapping[str, list[str]]:
    """Map each role to the ARNs that AWS may be acting for: projects, pipelines, rules."""
    environment = principals.environment
    place = f"{environment.region}:{environment.account}"
    services = list(environment.services)
    pipelines = [names.pipeline(environment, service) for service in services]

    def projects(*steps: str) -> list[str]:
        return [
            f"arn:aws:codebuild:{place}:project/{names.project(environment, service, step)}"
            for service in services
            for step in steps
        ]

    return {
        principals.image_build: projects("image-build"),
        principals.release_checks: projects("preview", "verify"),
        principals.release: projects("release"),
        principals.evidence: projects("evidence"),
        principals.pipeline: [f"arn:aws:codepipeline:{place}:{name}" for name in pipelines],
        principals.source_events: [f"arn:aws:events:{place}:rule/{n}-source" for n in pipelines],
    }
