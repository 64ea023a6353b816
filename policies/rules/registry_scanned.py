"""ROVN-DEP-2: every image is looked through when it is pushed."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed

REGISTRY = "AWS::ECR::RegistryScanningConfiguration"
ON_PUSH = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")


def _judge(repository: Resource, scope: Scope) -> Iterator[str]:
    here = repository.stack.template.region
    registries = [r for r in scope.resources(REGISTRY) if r.stack.template.region == here]
    if registries:
        # The registry's word replaces its repositories'.
        name = str(repository.at("RepositoryName"))
        if not any(_scans(registry, name) for registry in registries):
            yield f"no rule of the registry's scanning configuration scans {name} on push"
    elif repository.at("ImageScanningConfiguration.ScanOnPush") is not True:
        yield "ScanOnPush is not true: nobody looks for known vulnerabilities"


def _scans(registry: Resource, name: str) -> bool:
    for rule in closed(registry.at("Rules", [])):
        filters = [each["Filter"] for each in rule["RepositoryFilters"]]
        if rule["ScanFrequency"] in ON_PUSH and any(fnmatchcase(name, each) for each in filters):
            return True
    return False


RULE = Rule(
    id="registry-scanned",
    title="Every image is scanned when it is pushed",
    why="A vulnerability that everybody knows of goes into production unseen.",
    remedy="Leave image_scan_on_push to runbook_constructs.registry, which sets it.",
    clauses=("ROVN-DEP-2",),
    controls=("HIPAA 164.308(a)(1)(ii)(A)", "NIST RA-5", "SOC2 CC7.1"),
    types=("AWS::ECR::Repository",),
    judge=_judge,
)
