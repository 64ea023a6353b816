"""What templates say about a bucket from outside of it: its policy, and who writes logs to it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from policies.iam.resource_policies import Statement, covers_resource, statements
from policies.lookups.references import find, reference
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError, known

BUCKET = "AWS::S3::Bucket"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_BALANCER_LOGS = (
    "access_logs.s3.bucket",
    "connection_logs.s3.bucket",
    "health_check_logs.s3.bucket",
)


def policy_of(bucket: Resource) -> list[Statement]:
    """List the statements of the policy on a bucket.

    Raises ``UnresolvedError`` for several: S3 keeps one, whichever is written last.
    """
    found = _policies(bucket.stack.scope).get(bucket, ())
    if len(found) > 1:
        names = ", ".join(policy.logical_id for policy in found)
        raise UnresolvedError(f"{bucket.logical_id} has {len(found)} policies, not one: {names}")
    return [s for policy in found for s in statements(policy.at("PolicyDocument"))]


@lru_cache(maxsize=2)
def _policies(scope: Scope) -> Mapping[Resource | None, Sequence[Resource]]:
    """Map each bucket to the policies on it."""
    found: dict[Resource | None, list[Resource]] = {}
    for policy in scope.resources("AWS::S3::BucketPolicy"):
        found.setdefault(find(policy.at("Bucket"), scope, BUCKET), []).append(policy)
    return found


def is_about_all(statement: Statement, bucket: Resource) -> bool:
    """Say whether a statement is about a bucket and every object in it."""
    arn = reference(bucket, "Arn")
    # A name that no pattern fits but one for all objects.
    any_object = f"{arn}/\nany object\n"
    return covers_resource(statement, arn) and covers_resource(statement, any_object)


def logs_into(bucket: Resource) -> Resource | None:
    """Find the bucket that records the accesses to this one."""
    destination = bucket.at("LoggingConfiguration.DestinationBucketName")
    return find(destination, bucket.stack.scope, BUCKET)


def receives_logs(bucket: Resource, scope: Scope) -> bool:
    """Say whether S3 or a load balancer delivers its logs here; both refuse a customer's key.

    What a bucket says of itself does not count.
    """
    return bool(_logged(scope).get(bucket, set()) - {bucket}) or bucket in _logged_by_balancers(
        scope
    )


@lru_cache(maxsize=2)
def _logged(scope: Scope) -> Mapping[Resource | None, set[Resource]]:
    """Map each bucket to those whose accesses it records."""
    found: dict[Resource | None, set[Resource]] = {}
    for bucket in scope.resources(BUCKET):
        found.setdefault(logs_into(bucket), set()).add(bucket)
    return found


@lru_cache(maxsize=2)
def _logged_by_balancers(scope: Scope) -> set[Resource | None]:
    return {
        find(known(attribute).get("Value"), scope, BUCKET)
        for balancer in scope.resources(BALANCER)
        for attribute in balancer.at("LoadBalancerAttributes", [])
        if known(attribute).get("Key") in _BALANCER_LOGS
    }


def takes_trail(bucket: Resource, scope: Scope) -> bool:
    """Say whether a trail of the environment writes its log files here."""
    return bucket in _with_trail(scope)


@lru_cache(maxsize=2)
def _with_trail(scope: Scope) -> set[Resource | None]:
    trails = scope.resources("AWS::CloudTrail::Trail")
    return {find(trail.at("S3BucketName"), scope, BUCKET) for trail in trails}
