"""ROVN-BCK-3: source receipts grow old in Glacier, and none is ever deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.iam.resource_policies import listed
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known, whole_number

OUTPUT = "SourceReceiptsBucket"
_GLACIER = ("GLACIER", "Glacier")
_ARCHIVES = (*_GLACIER, "DEEP_ARCHIVE")
_NARROWING = ("Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
_EXPIRING = (
    "ExpirationDate",
    "ExpirationInDays",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
)
_SIZE = "LifecycleConfiguration.TransitionDefaultMinimumObjectSize"
LifecycleRule = Mapping[str, Any]


def _is_receipts_bucket(bucket: Resource, scope: Scope) -> bool:
    return scope.target(scope.output("audit", OUTPUT)) is bucket


def _judge(bucket: Resource, scope: Scope) -> Iterator[str]:
    rules: list[LifecycleRule] = [known(r) for r in bucket.at("LifecycleConfiguration.Rules", [])]
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled"]
    wanted = scope.environment.buckets.receipts.glacier_after_days
    for what, key in (
        ("objects", "Transition"),
        ("versions that were superseded", "NoncurrentVersionTransition"),
    ):
        days = sorted({days for rule in enabled for days in _glacier_days(rule, key)})
        if days != [str(wanted)]:
            found = f"after {' and '.join(days)} days" if days else "never"
            yield f"{what} move to Glacier {found}, not after {wanted} days"
        early = {day for rule in enabled for day in _early(rule, key, wanted)}
        for day in sorted(early):
            yield f"some {what} are archived after {day} days, not after {wanted}"
    for rule in enabled:
        for key in _EXPIRING:
            if rule.get(key) is not None:
                yield f"an enabled lifecycle rule has {key}: receipts are deleted"
    size = bucket.at(_SIZE)
    if size != "varies_by_storage_class":
        yield f"TransitionDefaultMinimumObjectSize is {size}: receipts under 128 KB never move"


def _glacier_days(rule: LifecycleRule, key: str) -> Iterator[str]:
    """Give the days of each transition that is for every object; the old single form, too."""
    for transition in _transitions(rule, key):
        if transition.get("StorageClass") in _GLACIER and not _is_narrow(rule, transition):
            yield str(known(transition.get("TransitionInDays")))


def _early(rule: LifecycleRule, key: str, wanted: int) -> Iterator[str]:
    """Give the days of what archives some objects, or all of them deeper, too early."""
    for transition in _transitions(rule, key):
        kind, days = (
            known(transition.get("StorageClass")),
            known(transition.get("TransitionInDays")),
        )
        told_already = kind in _GLACIER and not _is_narrow(rule, transition)
        after = whole_number(days)
        if kind in _ARCHIVES and not told_already and (after is None or after < wanted):
            yield str(days)


def _transitions(rule: LifecycleRule, key: str) -> list[LifecycleRule]:
    return [known(t) for t in (*listed(rule.get(f"{key}s")), *listed(rule.get(key)))]


def _is_narrow(rule: LifecycleRule, transition: LifecycleRule) -> bool:
    """Say whether it leaves some objects, or the newest of the old versions, where they are."""
    narrowed = any(known(rule.get(key)) not in (None, "", []) for key in _NARROWING)
    return narrowed or bool(whole_number(known(transition.get("NewerNoncurrentVersions"))))


def _required(scope: Scope) -> Iterator[str]:
    if scope.target(scope.output("audit", OUTPUT)) is None:
        yield f"the audit stack has no bucket behind its output {OUTPUT}"


RULE = Rule(
    id="receipts-lifecycle",
    title="Source receipts move to Glacier when the environment says, and none is ever deleted",
    why="A receipt proves where a fact came from; one that a lifecycle rule deletes proves "
    "nothing, and no person has to press a key for it.",
    remedy="Set glacier_after_days in [buckets.receipts] and leave the lifecycle rules of the "
    "receipts bucket to stacks/audit_stack.py.",
    clauses=("ROVN-BCK-3",),
    controls=("NIST AU-11", "HIPAA 164.316(b)(2)(i)"),
    types=("AWS::S3::Bucket",),
    concerns=_is_receipts_bucket,
    judge=_judge,
    required=_required,
    waivable=False,
)
