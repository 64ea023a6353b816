"""AWS Certificate Manager."""

from __future__ import annotations

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)


@describes("AWS::CertificateManager::Certificate")
def certificate(resource: Resource) -> Description:
    """Read a certificate and its tags; one that is not issued cannot serve."""
    acm, arn = resource.client("acm"), resource.physical_id
    try:
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except acm.exceptions.ResourceNotFoundException:
        raise NotThereError(f"no certificate {arn}") from None
    if found["Status"] != "ISSUED":
        raise NotThereError(f"{arn} is {found['Status']}")
    domain = found["DomainName"]
    methods = {option.get("ValidationMethod") for option in found["DomainValidationOptions"]}
    preference = "CertificateTransparencyLoggingPreference"
    properties = {
        **selected(found, "DomainName"),
        preference: found.get("Options", {}).get(preference),
        # ACM's own call spells EC-prime256v1 what CloudFormation spells EC_prime256v1.
        "KeyAlgorithm": found["KeyAlgorithm"].replace("-", "_"),
        # ACM counts the domain itself among its alternatives.
        "SubjectAlternativeNames": [
            name for name in found["SubjectAlternativeNames"] if name != domain
        ],
        "Tags": acm.list_tags_for_certificate(CertificateArn=arn).get("Tags"),
        "ValidationMethod": methods.pop() if len(methods) == 1 else None,
    }
    names = frozenset({"SubjectAlternativeNames"})
    return Description(present(properties), unordered=names, closed=names)
