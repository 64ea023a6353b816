"""Reader of the calls that CloudTrail tells of: who wrote to production, and what it was before.

Parameters of a call may hold anything. Only those named below are kept, of the others the names.
"""

from collections.abc import Mapping
from typing import Any

from .shapes import DENIED, FAILED, SUCCEEDED, Facts, UnknownShapeError, only, text

Json = Any
# True keeps a plain value, or a list of such; a table is for what is in an object.
Allowed = Mapping[str, "bool | Allowed"]
CALL = "AWS API Call via CloudTrail"
LONGEST = 1024
_REFUSALS = ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")
_HOOKS: Allowed = {"hookTargetArn": True, "lifecycleStages": True, "targetType": True}
_CONFIGURATION: Allowed = {
    "bakeTimeInMinutes": True,
    "lifecycleHooks": _HOOKS,
    "maximumPercent": True,
    "minimumHealthyPercent": True,
    "strategy": True,
}
# The same words wherever they stand in a request: names, ARNs, numbers, switches.
REQUEST: Allowed = {
    **dict.fromkeys(
        (
            *("cluster", "service", "serviceName", "taskDefinition", "desiredCount", "family"),
            *("force", "enableExecuteCommand", "serviceDeploymentArn"),
            *("stopType", "hookId", "action", "task", "primaryTaskSet", "taskSet", "startedBy"),
            *("stackName", "changeSetName", "changeSetType", "roleARN", "clientRequestToken"),
            *("enableTerminationProtection", "disableRollback", "retainResources"),
            *("dBSnapshotIdentifier", "dBInstanceIdentifier", "sourceDBSnapshotIdentifier"),
            *("targetDBSnapshotIdentifier", "attributeName", "valuesToAdd", "valuesToRemove"),
            *("applyImmediately", "deletionProtection", "backupRetentionPeriod", "engineVersion"),
            *("skipFinalSnapshot", "dBParameterGroupName", "dBInstanceClass", "publiclyAccessible"),
            *("name", "names", "overwrite", "type", "pipelineName", "pipelineExecutionId"),
            *("stageName", "actionName", "transitionType", "abandon", "retryMode"),
            *("stateMachineArn", "executionArn", "repositoryName", "imageTag", "functionName"),
            *("ruleArn", "listenerArn", "targetGroupArn", "loadBalancerArn"),
            *("secretId", "versionStage", "versionStages", "moveToVersionId", "kmsKeyId"),
            *("removeFromVersionId", "rotationLambdaARN", "rotateImmediately"),
            *("recoveryWindowInDays", "forceDeleteWithoutRecovery", "blockPublicPolicy"),
        ),
        True,
    ),
    "rotationRules": {"automaticallyAfterDays": True, "scheduleExpression": True},
    "containerDefinitions": {"image": True, "name": True},
    "deploymentConfiguration": _CONFIGURATION,
    "result": {"status": True},
    "imageIds": {"imageDigest": True, "imageTag": True},
}
RESPONSE: Allowed = {
    **dict.fromkeys(
        (
            *("version", "dBSnapshotIdentifier", "dBInstanceIdentifier", "status"),
            *("snapshotType", "snapshotCreateTime", "executionArn", "pipelineExecutionId"),
            *("stackId", "serviceDeploymentArn", "approvedAt"),
            # Of secrets: their ARN in both spellings of CloudTrail's, and which version it is.
            *("arn", "aRN", "versionId", "deletionDate"),
        ),
        True,
    ),
    "taskDefinition": {"taskDefinitionArn": True},
    "service": {
        "serviceArn": True,
        "taskDefinition": True,
        "desiredCount": True,
        "deploymentConfiguration": _CONFIGURATION,
        "deployments": {"id": True, "status": True, "taskDefinition": True},
    },
}


def call(event: Mapping[str, Json]) -> Facts:
    """Read one call; raises ``UnknownShapeError`` when it does not say which, whose, or when."""
    detail = event["detail"]
    name = text(detail, "eventName")
    request, response = detail.get("requestParameters"), detail.get("responseElements")
    error = detail.get("errorCode")
    kept, answered = allowed(request, REQUEST), allowed(response, RESPONSE)
    before, after = _change(name, kept, answered) if not error else (None, None)
    return Facts(
        f"call-{_hyphened(name)}",
        _outcome(error),
        actor=_actor(detail),
        before=before,
        after=after,
        detail={
            **only(detail, "awsRegion", "errorCode", "eventSource", "requestID"),
            "request": kept,
            "response": answered,
            "left_out": sorted(set(_names(request)) - set(kept)),
        },
        event_id=text(detail, "eventID"),
        time=text(detail, "eventTime"),
    )


def allowed(value: Json, table: Allowed) -> dict[str, Json]:
    """Keep of an object what the table names, and nothing of another shape than it says."""
    found = {}
    for name in sorted(_names(value)):
        rule = table.get(name)
        kept = _kept(value[name], rule) if rule else None
        if kept is not None:
            found[name] = kept
    return found


def _kept(value: Json, rule: "bool | Allowed") -> Json:
    if isinstance(value, list):
        items = [_kept(item, rule) for item in value if not isinstance(item, list)]
        return [item for item in items if item is not None]
    if isinstance(value, Mapping):
        return None if isinstance(rule, bool) else allowed(value, rule)
    if not isinstance(rule, bool):
        return None
    return value[:LONGEST] if isinstance(value, str) else value


def _names(value: Json) -> list[str]:
    return [str(name) for name in value] if isinstance(value, Mapping) else []


def _change(
    name: str, request: dict[str, Json], response: dict[str, Json]
) -> tuple[dict[str, Json] | None, dict[str, Json] | None]:
    """Tell what was, as far as the call's own answer does, and what is asked for."""
    if name == "UpdateService":
        deployments = response.get("service", {}).get("deployments") or []
        was = [d["taskDefinition"] for d in deployments if d.get("status") == "ACTIVE"]
        return ({"taskDefinitions": was} if was else None), request
    if name == "PutParameter" and isinstance(version := response.get("version"), int):
        before = {"version": version - 1} if version > 1 else None
        return before, {**request, "version": version}
    if name.startswith("Delete"):
        return {**request, **response}, None
    return None, request


def _outcome(error: Json) -> str:
    if not error:
        return SUCCEEDED
    return DENIED if error in _REFUSALS else FAILED


def _actor(detail: Mapping[str, Json]) -> dict[str, Json]:
    """Say who called, for whom, and from where; never with which key."""
    identity = detail.get("userIdentity")
    if not isinstance(identity, Mapping):
        raise UnknownShapeError("userIdentity")
    session = identity.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, Mapping) else None
    who = identity.get("arn") or identity.get("invokedBy") or identity.get("principalId")
    return {
        **only(identity, "type", "invokedBy"),
        "id": who if isinstance(who, str) else "",
        **({"role": issuer["arn"]} if isinstance(issuer, Mapping) and "arn" in issuer else {}),
        **only(detail, "sourceIPAddress"),
    }


def _hyphened(name: str) -> str:
    """Write ``UpdateDBInstance`` as ``update-db-instance``."""
    parts, last = [], ""
    for index, letter in enumerate(name):
        following = name[index + 1 : index + 2]
        starts = letter.isupper() and (not last.isupper() or following.islower())
        parts.append(("-" if starts and last.isalnum() else "") + letter.lower())
        last = letter
    return "".join(parts)
