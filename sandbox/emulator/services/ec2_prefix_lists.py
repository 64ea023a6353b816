"""EC2: prefix lists as resources of a stack. ministack has only the calls for them."""

from __future__ import annotations

from typing import Any

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties


def create_list(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the list with its entries; ministack takes no tags with it."""
    entries = properties.get("Entries", [])
    made = client("ec2").create_managed_prefix_list(
        AddressFamily=properties["AddressFamily"],
        Entries=entries,
        # EC2 wants a size; CloudFormation takes that of the entries where none is declared.
        MaxEntries=int(properties.get("MaxEntries", len(entries))),
        PrefixListName=properties["PrefixListName"],
    )["PrefixList"]
    identity = made["PrefixListId"]
    _retag(identity, {}, properties)
    return _list(identity)


def _list(identity: str) -> Created:
    [found] = client("ec2").describe_managed_prefix_lists(PrefixListIds=[identity])["PrefixLists"]
    return identity, {
        "Arn": found["PrefixListArn"],
        "OwnerId": found["OwnerId"],
        "PrefixListId": identity,
        "Version": str(found["Version"]),
    }


def _retag(identity: str, old: Properties, new: Properties) -> None:
    kept = {tag["Key"] for tag in new.get("Tags", [])}
    dropped = [{"Key": tag["Key"]} for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        client("ec2").delete_tags(Resources=[identity], Tags=dropped)
    if kept:
        client("ec2").create_tags(Resources=[identity], Tags=new["Tags"])


def update_list(
    identity: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Exchange the entries in place; a list of other addresses is another list."""
    if old["AddressFamily"] != new["AddressFamily"]:
        return create_list(logical_id, new, stack)
    ec2 = client("ec2")
    before = ec2.get_managed_prefix_list_entries(PrefixListId=identity)["Entries"]
    changes: dict[str, Any] = {"PrefixListName": new["PrefixListName"]}
    if "MaxEntries" in new:
        changes["MaxEntries"] = int(new["MaxEntries"])
    if old.get("Entries") != new.get("Entries"):
        gone = [{"Cidr": entry["Cidr"]} for entry in before]
        ec2.modify_managed_prefix_list(PrefixListId=identity, RemoveEntries=gone)
        changes["AddEntries"] = new.get("Entries", [])
    ec2.modify_managed_prefix_list(PrefixListId=identity, **changes)
    _retag(identity, old, new)
    return _list(identity)


def delete_list(identity: str, _properties: Properties) -> None:
    """Delete the list."""
    client("ec2").delete_managed_prefix_list(PrefixListId=identity)


ADDED["AWS::EC2::PrefixList"] = AddedType(create_list, update_list, delete_list)
