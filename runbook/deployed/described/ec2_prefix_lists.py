"""Amazon EC2: prefix lists."""

from __future__ import annotations

from runbook.deployed.described.ec2 import only
from runbook.deployed.description import Description, NotThereError, Resource, describes, selected


@describes("AWS::EC2::PrefixList")
def prefix_list(resource: Resource) -> Description:
    """Read a prefix list, its entries and its tags."""
    identity = resource.physical_id
    found = only(resource, "describe_managed_prefix_lists", "PrefixLists", PrefixListIds=[identity])
    if found["State"].startswith("delete"):
        raise NotThereError(f"{identity} is {found['State']}")
    pages = resource.client("ec2").get_paginator("get_managed_prefix_list_entries")
    properties = {
        **selected(found, "AddressFamily", "MaxEntries", "PrefixListName", "Tags"),
        "Entries": [
            {name: value for name, value in entry.items() if value}
            for page in pages.paginate(PrefixListId=identity)
            for entry in page["Entries"]
        ],
    }
    told = {
        "Arn": found["PrefixListArn"],
        "OwnerId": found["OwnerId"],
        "PrefixListId": identity,
        "Version": str(found["Version"]),
    }
    entries = frozenset({"Entries"})
    return Description(properties, told, unordered=entries, closed=entries)
