"""WAF: whole web ACLs, their associations as stack resources, and logging configurations."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import (
    ADDED,
    REPLACED,
    AddedType,
    Created,
    Properties,
)

WAF = "ministack.services.waf"
Record = dict[str, Any]

# What ministack's records of web ACLs drop.
FIELDS = (
    "ApplicationConfig",
    "AssociationConfig",
    "CaptchaConfig",
    "ChallengeConfig",
    "CustomResponseBodies",
    "DataProtectionConfig",
    "OnSourceDDoSProtectionConfig",
    "TokenDomains",
)
# By the ARN of their web ACL.
LOGGING: dict[str, Members] = {}

PATCHES.needs(WAF, "_resource_from_scope", "_web_acls")


def _waf() -> Any:  # noqa: ANN401 - boto3
    return client("wafv2")


def _request(operation: str, properties: Properties) -> dict[str, Any]:
    shape = _waf().meta.service_model.operation_model(operation).input_shape
    known = {name: value for name, value in properties.items() if name in shape.members}
    request: dict[str, Any] = as_request(shape, known)
    return request


# --- AWS::WAFv2::WebACL ---


@PATCHES.wrap(WAF, "create_web_acl_record", parameters=("name", "scope", "props"))
def keep_created(
    original: Function, name: str, scope: str, props: Properties
) -> tuple[str, str, Record]:
    """Keep the fields that ministack drops."""
    uid, arn, record = original(name, scope, props)
    record.update({field: props[field] for field in FIELDS if field in props})
    return uid, arn, record


@PATCHES.wrap(WAF, "_update_web_acl", parameters=("data",))
def keep_updated(original: Function, data: Members) -> Any:  # noqa: ANN401 - ministack's answer
    """Keep the fields that ministack drops; what an update leaves out is gone, as on AWS."""
    from ministack.services import waf

    answer = original(data)
    if answer[0] == 200:
        record = waf._resource_from_scope(waf._web_acls, data["Id"], data.get("Scope"))
        for field in ("Description", *FIELDS):
            if field in data:
                record[field] = data[field]
            else:
                record.pop(field, None)
    return answer


def create_web_acl(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the web ACL; Ref gives its name, id and scope."""
    given = {"Name": f"{stack}-{logical_id}", **properties}
    made = _waf().create_web_acl(**_request("CreateWebACL", given))["Summary"]
    return _web_acl(made["Name"], made["Id"], properties["Scope"])


def _web_acl(name: str, identity: str, scope: str) -> Created:
    found = _waf().get_web_acl(Name=name, Id=identity, Scope=scope)["WebACL"]
    attributes = {"Arn": found["ARN"], "Id": identity, "Capacity": str(found["Capacity"])}
    return f"{name}|{identity}|{scope}", attributes


def update_web_acl(
    physical_id: str, old: Properties, new: Properties, _stack: str, _logical_id: str
) -> Created:
    """Update in place; another name or scope never comes here."""
    name, identity, scope = physical_id.split("|")
    place = {"Name": name, "Id": identity, "Scope": scope}
    waf = _waf()
    found = waf.get_web_acl(**place)
    waf.update_web_acl(**_request("UpdateWebACL", {**new, **place}), LockToken=found["LockToken"])
    arn = found["WebACL"]["ARN"]
    kept = {tag["Key"] for tag in new.get("Tags", [])}
    dropped = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        waf.untag_resource(ResourceARN=arn, TagKeys=dropped)
    if kept:
        waf.tag_resource(ResourceARN=arn, Tags=new["Tags"])
    return _web_acl(name, identity, scope)


def delete_web_acl(physical_id: str, _properties: Properties) -> None:
    """Delete the web ACL."""
    name, identity, scope = physical_id.split("|")
    place = {"Name": name, "Id": identity, "Scope": scope}
    found = _waf().get_web_acl(**place)
    _waf().delete_web_acl(**place, LockToken=found["LockToken"])
    LOGGING.pop(found["WebACL"]["ARN"], None)


REPLACED["AWS::WAFv2::WebACL"] = AddedType(create_web_acl, update_web_acl, delete_web_acl)


# --- AWS::WAFv2::WebACLAssociation ---


def create_association(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Put the web ACL before the resource."""
    resource, acl = properties["ResourceArn"], properties["WebACLArn"]
    _waf().associate_web_acl(ResourceArn=resource, WebACLArn=acl)
    return f"{resource}|{acl}", {}


def update_association(
    _physical_id: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Associate anew: every property replaces."""
    return create_association(logical_id, new, stack)


def delete_association(physical_id: str, _properties: Properties) -> None:
    """Take the web ACL away, unless another one has come in its place."""
    resource, acl = physical_id.split("|")
    try:
        found = _waf().get_web_acl_for_resource(ResourceArn=resource)
    except ClientError:
        return
    if found["WebACL"]["ARN"] == acl:
        _waf().disassociate_web_acl(ResourceArn=resource)


ADDED["AWS::WAFv2::WebACLAssociation"] = AddedType(
    create_association, update_association, delete_association, tagged=False
)


# --- AWS::WAFv2::LoggingConfiguration ---


def create_logging(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Let the web ACL log; Ref gives its ARN."""
    request = _request("PutLoggingConfiguration", {"LoggingConfiguration": properties})
    _waf().put_logging_configuration(**request)
    return properties["ResourceArn"], {}


def update_logging(
    _arn: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Put it anew; of another web ACL it is another one."""
    return create_logging(logical_id, new, stack)


def delete_logging(arn: str, _properties: Properties) -> None:
    """Let the web ACL log no more, unless it has gone itself."""
    try:
        _waf().delete_logging_configuration(ResourceArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "WAFNonexistentItemException":
            raise


ADDED["AWS::WAFv2::LoggingConfiguration"] = AddedType(
    create_logging, update_logging, delete_logging, tagged=False
)


@answers("wafv2", "PutLoggingConfiguration")
def put_logging(caller: Caller, request: Members) -> Members:
    """Keep the configuration of a web ACL that there is."""
    from ministack.services import waf

    configuration: Members = request["LoggingConfiguration"]
    arn = configuration["ResourceArn"]
    if not waf._web_acls.get_scoped(caller.account, caller.region, arn.rsplit("/", 1)[-1]):
        raise RefusedError("WAFNonexistentItemException", f"there is no web ACL {arn}")
    LOGGING[arn] = configuration
    return {"LoggingConfiguration": configuration}


@answers("wafv2", "GetLoggingConfiguration")
def get_logging(_caller: Caller, request: Members) -> Members:
    """Tell the configuration."""
    return {"LoggingConfiguration": _logging(request["ResourceArn"])}


@answers("wafv2", "DeleteLoggingConfiguration")
def remove_logging(_caller: Caller, request: Members) -> Members:
    """Forget the configuration."""
    _logging(request["ResourceArn"])
    del LOGGING[request["ResourceArn"]]
    return {}


def _logging(arn: str) -> Members:
    if arn not in LOGGING:
        raise RefusedError("WAFNonexistentItemException", f"{arn} has no logging configuration")
    return LOGGING[arn]
