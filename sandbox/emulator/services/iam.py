"""IAM: boundaries of roles, and OpenID Connect providers. ministack has only the calls for both."""

from __future__ import annotations

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import (
    ADDED,
    COMPLETED,
    AddedType,
    CompletedType,
    Created,
    Properties,
)

BOUNDARY = "PermissionsBoundary"

# --- AWS::IAM::Role ---


def configure_role(name: str, properties: Properties, before: Properties) -> None:
    """Put the boundary on a role, or take it off."""
    iam = client("iam")
    if properties.get(BOUNDARY):
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=properties[BOUNDARY])
    elif before.get(BOUNDARY):
        iam.delete_role_permissions_boundary(RoleName=name)


COMPLETED["AWS::IAM::Role"] = CompletedType(configure=configure_role)


# --- AWS::IAM::OIDCProvider ---


def create_provider(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the provider; its ARN is that of its address."""
    given = {
        api: properties[name]
        for name, api in (
            ("ClientIdList", "ClientIDList"),
            ("Tags", "Tags"),
            ("ThumbprintList", "ThumbprintList"),
            ("Url", "Url"),
        )
        if name in properties
    }
    arn = client("iam").create_open_id_connect_provider(**given)["OpenIDConnectProviderArn"]
    return arn, {"Arn": arn}


def update_provider(
    arn: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Make it anew: ministack has no calls that change one, and the ARN stays the same."""
    if old.get("Url") == new.get("Url"):
        delete_provider(arn, old)
    return create_provider(logical_id, new, stack)


def delete_provider(arn: str, _properties: Properties) -> None:
    """Delete the provider."""
    client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


ADDED["AWS::IAM::OIDCProvider"] = AddedType(create_provider, update_provider, delete_provider)
