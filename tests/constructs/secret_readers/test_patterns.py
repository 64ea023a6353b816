"""Which calls set the function to work: all that change a grant, in botocore's own lists."""

from typing import Any

import pytest
from botocore.session import get_session

from policies.lookups.event_patterns import matches
from runbook.access.grant_changes import GRANT_CHANGES
from runbook.model.loader import known_environments
from tests.assembly import Assembly, plain
from tests.constructs.events_read import event

Json = Any
NAME = "rovn-production-secret-readers-"
EVENTS = "AWS::Events::Rule"
LOOKS = ("Describe", "Generate", "Get", "List", "Simulate")
# What changes no grant that the function judges. A call that AWS invents stands in neither list,
# and fails here.
CHANGES_NO_GRANT = {
    "iam": {
        # Who may sign in as an identity, not what that may do.
        *("ChangePassword", "CreateAccessKey", "CreateLoginProfile", "CreateVirtualMFADevice"),
        *("CreateServiceSpecificCredential", "DeactivateMFADevice", "DeleteAccessKey"),
        *("DeleteAccountPasswordPolicy", "DeleteLoginProfile", "DeleteSSHPublicKey"),
        *("DeleteServiceSpecificCredential", "DeleteSigningCertificate", "EnableMFADevice"),
        *("DeleteVirtualMFADevice", "ResetServiceSpecificCredential", "ResyncMFADevice"),
        *("UpdateAccessKey", "UpdateAccountPasswordPolicy", "UpdateLoginProfile"),
        *("UpdateSSHPublicKey", "UpdateServiceSpecificCredential", "UpdateSigningCertificate"),
        *("UploadSSHPublicKey", "UploadSigningCertificate"),
        # Providers, which a role's trust names: the trust is judged.
        *("AddClientIDToOpenIDConnectProvider", "CreateOpenIDConnectProvider"),
        *("CreateSAMLProvider", "DeleteOpenIDConnectProvider", "DeleteSAMLProvider"),
        *("DisableOutboundWebIdentityFederation", "EnableOutboundWebIdentityFederation"),
        *("RemoveClientIDFromOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"),
        "UpdateSAMLProvider",
        # A role in a profile may do what it may without.
        *("AddRoleToInstanceProfile", "CreateInstanceProfile", "DeleteInstanceProfile"),
        "RemoveRoleFromInstanceProfile",
        # Delegations that nobody has accepted.
        *("AssociateDelegationRequest", "CreateDelegationRequest", "RejectDelegationRequest"),
        *("SendDelegationToken", "UpdateDelegationRequest"),
        # Empty yet, or gone with all that they had.
        *("CreateGroup", "CreatePolicy", "DeleteGroup", "DeletePolicy", "DeleteRole"),
        *("DeleteServiceLinkedRole", "DeleteUser"),
        # Of the account, or of certificates.
        *("CreateAccountAlias", "DeleteAccountAlias", "DeleteServerCertificate"),
        *("DisableOrganizationsRootCredentialsManagement", "DisableOrganizationsRootSessions"),
        *("EnableOrganizationsRootCredentialsManagement", "EnableOrganizationsRootSessions"),
        *("PutAccountProperties", "SetSecurityTokenServicePreferences"),
        *("UpdateServerCertificate", "UploadServerCertificate"),
        # A condition on tags counts as granted, whatever they are.
        *(
            f"{tag}{what}"
            for tag in ("Tag", "Untag")
            for what in (
                "InstanceProfile",
                "MFADevice",
                "OpenIDConnectProvider",
                "Policy",
                "Role",
                "SAMLProvider",
                "ServerCertificate",
                "User",
            )
        ),
        *("UpdateRole", "UpdateRoleDescription"),
    },
    "secretsmanager": {
        # Values: their events are the rotation's.
        *("BatchGetSecretValue", "CancelRotateSecret", "PutSecretValue", "RotateSecret"),
        "UpdateSecretVersionStage",
        # Fewer copies.
        *("DisassociateCrossAccountReplica", "RemoveRegionsFromReplication"),
        "StopReplicationToReplica",
        *("TagResource", "UntagResource", "ValidateResourcePolicy"),
    },
    "kms": {
        # Uses of a key.
        *("Decapsulate", "Decrypt", "DeriveSharedSecret", "Encapsulate", "Encrypt", "ReEncrypt"),
        *("Sign", "Verify", "VerifyMac"),
        # Fewer grants, or none at all.
        *("RetireGrant", "RevokeGrant"),
        # Other keys, key stores, and whether a key can be used by anybody.
        *("CancelKeyDeletion", "ConnectCustomKeyStore", "CreateAlias", "CreateCustomKeyStore"),
        *("CreateKey", "DeleteAlias", "DeleteCustomKeyStore", "DeleteImportedKeyMaterial"),
        *("DisableKey", "DisableKeyRotation", "DisconnectCustomKeyStore", "EnableKey"),
        *("EnableKeyRotation", "ImportKeyMaterial", "RotateKeyOnDemand", "ScheduleKeyDeletion"),
        *("TagResource", "UntagResource", "UpdateAlias", "UpdateCustomKeyStore"),
        "UpdateKeyDescription",
    },
}


@pytest.fixture
def rules(assembly: Assembly) -> dict[str, Json]:
    """Map the name of each rule of production to its pattern."""
    found = assembly.of_type("rovn-production-secret-readers", "AWS::Events::Rule").values()
    told = [plain(rule["Properties"]) for rule in found]
    return {r["Name"].removeprefix(NAME): r["EventPattern"] for r in told if "EventPattern" in r}


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize("service", sorted(GRANT_CHANGES))
def test_every_call_that_changes_a_grant_is_taken(service: str) -> None:
    taken = GRANT_CHANGES[service]
    known = get_session().get_service_model(service).operation_names
    changing = {name for name in known if not name.startswith(LOOKS)}
    assert set(taken) | CHANGES_NO_GRANT[service] == changing
    assert not set(taken) & CHANGES_NO_GRANT[service]
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        *(
            (name, "identities")
            for name in (
                "add-user-to-group",
                "attach-role-policy",
                "create-policy-version",
                "delete-role-permissions-boundary",
                "put-role-policy",
                "put-user-policy",
                "update-assume-role-policy",
            )
        ),
        ("put-resource-policy", "secrets"),
        ("delete-resource-policy", "secrets"),
        ("put-key-policy", "keys"),
        ("create-grant", "keys"),
    ],
)
def test_each_event_sets_it_to_work(rules: dict[str, Json], name: str, rule: str) -> None:
    (key,) = rules["keys"]["detail"]["resources"]["ARN"]
    resources = {"detail__resources": [{"ARN": key}]} if rule == "keys" else {}
    told = event(name, **resources)
    assert {what for what, pattern in rules.items() if matches(pattern, told)} == {rule}
    refused = event(name, detail__errorCode="AccessDenied", **resources)
    assert matches(rules[rule], refused)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("put-role-policy", {"account": "999999999999"}),
        ("put-role-policy", {"detail__eventName": "GetRolePolicy"}),
        ("put-resource-policy", {"detail__requestParameters": {"secretId": "rovn/staging/x"}}),
        ("put-resource-policy", {"detail__eventName": "DescribeSecret"}),
        ("create-grant", {"detail__resources": [{"ARN": "arn:aws:kms:us-east-2:1:key/other"}]}),
    ],
)
def test_what_is_of_another_does_not(
    rules: dict[str, Json], name: str, changes: dict[str, Json]
) -> None:
    assert not any(matches(pattern, event(name, **changes)) for pattern in rules.values())


def test_the_satellite_hands_on_what_the_region_listens_to(assembly: Assembly) -> None:
    for environment in known_environments():
        slug = environment.replace("/", "-")
        (sent,) = assembly.of_type(f"{slug}-identity-events", EVENTS).values()
        taken = assembly.named(f"{slug}-secret-readers", EVENTS, "ReadersIdentities")
        assert plain(sent["Properties"]["EventPattern"]) == plain(
            taken["Properties"]["EventPattern"]
        )
        assert assembly.environments[f"{slug}-identity-events"].endswith("/us-east-1")
