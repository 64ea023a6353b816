"""ROVN-DEP-1: a source that arrives in the environment's bucket starts its pipeline."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from policies.lookups.buckets import BUCKET
from policies.lookups.delivery import PIPELINE, service_of
from policies.lookups.keys import key_behind
from policies.lookups.references import find, reference
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import closed
from runbook.access import delivery_names as names

Json = Any
RULE_OF_EVENTS = "AWS::Events::Rule"
_ACTION = "Stages.0.Actions.0"
_TELLS = "NotificationConfiguration.EventBridgeConfiguration"
# The S3 action asks the bucket every minute unless it is told not to.
_POLL = "PollForSourceChanges"


def _is_ours(pipeline: Resource, scope: Scope) -> bool:
    return service_of(pipeline, scope) is not None


def _judge(pipeline: Resource, scope: Scope) -> Iterator[str]:
    key = service_of(pipeline, scope) or ""
    bucket, item = names.source_bucket(scope.environment), names.source_key(key)
    wanted = {"S3Bucket": bucket, "S3ObjectKey": item, _POLL: False}
    given = dict(closed(pipeline.at(f"{_ACTION}.Configuration", {})))
    given[_POLL] = pipeline.at(f"{_ACTION}.Configuration.{_POLL}", default=True)
    for name in sorted(given.keys() | wanted.keys()):
        if given.get(name) != wanted.get(name):
            yield f"its source has {name} {given.get(name)}, not {wanted.get(name)}"
    yield from _bucket(bucket, scope)
    yield from _artifacts(pipeline, scope)
    yield from _events(pipeline, bucket, item, scope)


def _bucket(name: str, scope: Scope) -> Iterator[str]:
    """Want the bucket in the templates, telling EventBridge of what arrives."""
    found = [one for one in scope.resources(BUCKET) if one.at("BucketName") == name]
    if not found and scope.whole:
        yield f"no bucket of these templates is called {name}"
    for bucket in found:
        said = bucket.at(_TELLS)
        if said is None or bucket.at(f"{_TELLS}.EventBridgeEnabled", default=True) is not True:
            yield f"{name} tells EventBridge of nothing that arrives"


def _artifacts(pipeline: Resource, scope: Scope) -> Iterator[str]:
    """Want what steps hand on in one bucket of ours, under a key of ours."""
    if pipeline.at("ArtifactStores") is not None:
        yield "ArtifactStores hands artifacts to other regions: one ArtifactStore is enough"
    where = pipeline.at("ArtifactStore.Location")
    if find(where, scope, BUCKET) is None:
        yield f"its artifacts go to {where}, which is no bucket of these templates"
    key = pipeline.at("ArtifactStore.EncryptionKey.Id")
    if key_behind(key, pipeline) is None:
        yield f"its artifacts are under {key or 'the key of AWS'}, not under a key of these stacks"


def _events(pipeline: Resource, bucket: str, item: str, scope: Scope) -> Iterator[str]:
    """Want one rule that starts it: with the version that arrived, and for nothing else."""
    environment = scope.environment
    place = f"arn:aws:codepipeline:{environment.region}:{environment.account}"
    # By its name, or joined from a reference to it.
    arns = {f"{place}:{name}" for name in (pipeline.at("Name"), reference(pipeline))}
    starts = [start for arn in sorted(arns) for start in _targets(scope).get(arn, ())]
    if len(starts) != 1:
        yield f"{len(starts)} rules of EventBridge start it, not 1"
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [item]}},
    }
    for rule, target in starts:
        called = rule.at("Name", rule.logical_id)
        if (state := rule.at("State", "ENABLED")) != "ENABLED":
            yield f"the rule {called} is {state}"
        if rule.at("EventBusName", "default") != "default" or rule.at("ScheduleExpression"):
            yield f"the rule {called} does not listen to what S3 says"
        if closed(rule.at("EventPattern")) != pattern:
            yield f"the rule {called} starts it for something else than {item} of {bucket}"
        if (role := rule.at(f"{target}.RoleArn")) != scope.principals.source_events:
            yield f"the rule {called} starts it as {role}, not as {scope.principals.source_events}"
        if not _gives_version(rule, target, pipeline.at(f"{_ACTION}.Name")):
            yield f"the rule {called} does not start it with the version that arrived"


@lru_cache(maxsize=2)
def _targets(scope: Scope) -> Mapping[Json, Sequence[tuple[Resource, str]]]:
    """Map each ARN that rules of EventBridge send to, to the rules and the places that name it."""
    found: dict[Json, list[tuple[Resource, str]]] = {}
    for rule in scope.resources(RULE_OF_EVENTS):
        for number in range(len(rule.at("Targets", []))):
            target = f"Targets.{number}"
            found.setdefault(rule.at(f"{target}.Arn"), []).append((rule, target))
    return found


def _gives_version(rule: Resource, target: str, action: Json) -> bool:
    """Say whether the pipeline gets the version of the event, and no other input."""
    paths = closed(rule.at(f"{target}.InputTransformer.InputPathsMap", {}))
    versions = [name for name, path in paths.items() if path == "$.detail.object.version-id"]
    wanted = [
        {
            "sourceRevisions": [
                {
                    "actionName": action,
                    "revisionType": "S3_OBJECT_VERSION_ID",
                    "revisionValue": f"<{name}>",
                }
            ]
        }
        for name in versions
    ]
    try:
        return json.loads(rule.at(f"{target}.InputTransformer.InputTemplate", "")) in wanted
    except ValueError:
        return False


RULE = Rule(
    id="pipeline-source",
    title="Each new version of a service's source in the environment's bucket starts its pipeline, "
    "with exactly that version",
    why="A source from elsewhere is built without anybody here having put it there, and one that "
    "is polled for may be another than the one that arrived.",
    remedy="Leave source, artifacts and event to stacks.delivery_stack.",
    clauses=("ROVN-DEP-1",),
    controls=("NIST CM-3", "NIST SI-7", "SOC2 CC8.1"),
    types=(PIPELINE,),
    concerns=_is_ours,
    judge=_judge,
    waivable=False,
)
