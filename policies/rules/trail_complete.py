"""ROVN-AUD-1, ROVN-ALM-6: the trail sees what is done, and cannot be blinded unnoticed."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.iam.resource_policies import listed
from policies.lookups.buckets import BUCKET
from policies.lookups.key_uses import TRAIL
from policies.lookups.keys import key_behind
from policies.lookups.log_groups import GROUP
from policies.lookups.references import find, reference
from policies.rule import Rule
from policies.rules.audit_bucket_lock import OUTPUT as AUDIT
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

_ON = (
    "IsLogging",
    "IsMultiRegionTrail",
    "IncludeGlobalServiceEvents",
    "EnableLogFileValidation",
)
# What a tamperer has to call (docs/decisions/0007).
_TAMPERING = {"DeleteObject", "DeleteObjects", "PutObjectLegalHold", "PutObjectRetention"}
_DELIVERY = {"PutObject"}
# By field: each comparison with its values.
Selector = dict[str, Mapping[str, Any]]


def _judge(trail: Resource, scope: Scope) -> Iterator[str]:
    for switch in _ON:
        if trail.at(switch) is not True:
            yield f"{switch} is not true"
    if key_behind(trail.at("KMSKeyId"), trail) is None:
        yield "KMSKeyId names no key of this environment and region"
    yield from _alarms(trail, scope)
    selectors = [_selector(known(s)) for s in trail.at("AdvancedEventSelectors", [])]
    if not any(_is_management(selector) for selector in selectors):
        yield "AdvancedEventSelectors do not record every management event"
    audit = scope.target(scope.output("audit", AUDIT))
    if audit is None or not any(_records(s, audit, None) for s in selectors):
        yield f"AdvancedEventSelectors do not record every read and write of {AUDIT}"
    own = find(trail.at("S3BucketName"), scope, BUCKET)
    if own is None:
        yield "S3BucketName names no bucket of this environment"
        return
    if not any(_records(s, own, _TAMPERING) for s in selectors):
        yield "AdvancedEventSelectors do not record tampering with the trail's own bucket"
    if any(_records(s, own, _DELIVERY) for s in selectors):
        yield "AdvancedEventSelectors record the trail's own deliveries, each of which is one more"


def _alarms(trail: Resource, scope: Scope) -> Iterator[str]:
    group = find(trail.at("CloudWatchLogsLogGroupArn"), scope, GROUP)
    if group is None:
        yield "CloudWatchLogsLogGroupArn names no log group of this environment: nothing can alarm"
    elif group.at("LogGroupClass", "STANDARD") != "STANDARD":
        yield f"{group.logical_id} is not of class STANDARD: no metric filter works there"


def _selector(selector: Mapping[str, Any]) -> Selector:
    fields: Selector = {}
    for field in map(known, listed(selector.get("FieldSelectors"))):
        compared = {key: item for key, item in field.items() if key != "Field"}
        fields[field["Field"]] = {**fields.get(field["Field"], {}), **compared}
    return fields


def _is_management(selector: Selector) -> bool:
    return selector == {"eventCategory": {"Equals": ["Management"]}}


def _records(selector: Selector, bucket: Resource, events: set[str] | None) -> bool:
    """Say whether a selector takes these events on all objects of a bucket; None for every one."""
    rest = dict(selector)
    category, kind = rest.pop("eventCategory", None), rest.pop("resources.type", None)
    objects = {"Equals": ["Data"]}, {"Equals": ["AWS::S3::Object"]}
    if (category, kind) != objects or not _covers(rest.pop("resources.ARN", None), bucket):
        return False
    taken = rest.pop("eventName", None)
    if rest:
        return False
    return taken is None or (events is not None and _takes(taken, events))


def _covers(arn: Mapping[str, Any] | None, bucket: Resource) -> bool:
    if arn is None:
        return True
    everything = f"{reference(bucket, 'Arn')}/"
    starts = listed(arn.get("StartsWith"))
    return arn.keys() == {"StartsWith"} and any(everything.startswith(known(s)) for s in starts)


def _takes(name: Mapping[str, Any], events: set[str]) -> bool:
    return name.keys() == {"Equals"} and events <= {known(e) for e in listed(name["Equals"])}


def _required(scope: Scope) -> Iterator[str]:
    if not any(scope.resources(TRAIL)):
        yield f"{scope.environment.name} has no CloudTrail trail"


RULE = Rule(
    id="trail-complete",
    title="The trail records every management event of every region, and every touch of the "
    "audit bucket, validated and under a key of ours",
    why="What no trail recorded cannot be shown afterwards, to an auditor or after a breach.",
    remedy="Make the trail with runbook_constructs.audit_trail.",
    clauses=("ROVN-AUD-1", "ROVN-ALM-6"),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "NIST AU-9", "NIST AU-12", "SOC2 CC7.2"),
    types=(TRAIL,),
    judge=_judge,
    required=_required,
    waivable=False,
)
