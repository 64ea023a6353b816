"""WAF: sets of addresses as resources of a stack. ministack has only the calls for them."""

from __future__ import annotations

from typing import Any

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties


def _waf() -> Any:  # noqa: ANN401 - boto3
    return client("wafv2")


def _place(physical_id: str) -> dict[str, str]:
    name, identity, scope = physical_id.split("|")
    return {"Name": name, "Id": identity, "Scope": scope}


def create_set(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the set; Ref gives its name, id and scope."""
    given = {"Name": f"{stack}-{logical_id}", **properties}
    if not given.get("Tags"):  # WAF takes no empty list of them
        given.pop("Tags", None)
    made = _waf().create_ip_set(**given)["Summary"]
    return _set(f"{made['Name']}|{made['Id']}|{properties['Scope']}")


def _set(physical_id: str) -> Created:
    found = _waf().get_ip_set(**_place(physical_id))["IPSet"]
    return physical_id, {"Arn": found["ARN"], "Id": found["Id"]}


def update_set(
    physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Exchange the addresses in place; what WAF cannot change makes it another set.

    ministack's UpdateIPSet forgets descriptions: another one makes another set here.
    """
    replacing = ("Description", "IPAddressVersion", "Name", "Scope")
    if any(old.get(name) != new.get(name) for name in replacing):
        return create_set(logical_id, new, stack)
    waf, place = _waf(), _place(physical_id)
    found = waf.get_ip_set(**place)
    waf.update_ip_set(**place, Addresses=new["Addresses"], LockToken=found["LockToken"])
    arn = found["IPSet"]["ARN"]
    kept = {tag["Key"] for tag in new.get("Tags", [])}
    dropped = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        waf.untag_resource(ResourceARN=arn, TagKeys=dropped)
    if kept:
        waf.tag_resource(ResourceARN=arn, Tags=new["Tags"])
    return _set(physical_id)


def delete_set(physical_id: str, _properties: Properties) -> None:
    """Delete the set."""
    place = _place(physical_id)
    _waf().delete_ip_set(**place, LockToken=_waf().get_ip_set(**place)["LockToken"])


ADDED["AWS::WAFv2::IPSet"] = AddedType(create_set, update_set, delete_set)
