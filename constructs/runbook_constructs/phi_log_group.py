"""A log group with a second net for PHI behind the service's own scrubbing (ROVN-LOG-1)."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_logs as logs
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup

# What CloudWatch Logs itself knows; most of them only near a keyword.
MANAGED = (
    "ADDRESS",
    "DRIVERSLICENSE_US",
    "DRUGENFORCEMENTAGENCYNUMBER_US",
    "EMAILADDRESS",
    "HEALTHINSURANCECLAIMNUMBER_US",
    "INDIVIDUALTAXIDENTIFICATIONNUMBER_US",
    "MEDICAREBENEFICIARYNUMBER_US",
    "NATIONALPROVIDERID_US",
    "PASSPORTNUMBER_US",
    "PHONENUMBER_US",
    "SSN_US",
)
# Fields of structured logs, at most three to an identifier and ten identifiers: CloudWatch Logs
# takes expressions of 200 characters, without groups.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "SocialSecurityNumberField": ("ssn", "social_security"),
    "BirthDateField": ("dob", "birth_date", "date_of_birth"),
    "BirthdayField": ("birthdate", "birthday"),
    "RecordNumberField": ("mrn", "medical_record", "npi"),
    "LicenseNumberField": ("license_number", "licence_number"),
    "PersonNameField": ("first_name", "last_name", "full_name"),
    "PatientField": ("patient_name", "patient", "diagnosis"),
    "ContactField": ("email", "phone", "telephone"),
    "AddressField": ("address", "street", "zipcode"),
    "PostalCodeField": ("postal_code", "postcode", "fax"),
}
# Nor does it take quotation marks and colons: what stands between a key and its value is anything
# but letters and digits. No bracket either, so that a value already [REDACTED] is no finding.
_VALUE = r"[^A-Za-z0-9\[]{2,4}[A-Za-z0-9+][\w .,@+/#-]*"


class PhiLogGroup(EncryptedLogGroup):
    """A log group that masks what looks like PHI, and records each finding in ``findings``.

    Masked on reading, for whoever lacks ``logs:Unmask``; not what was written before the policy.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        retention_days: int,
        key: CustomerKey,
        findings: logs.ILogGroup,
    ) -> None:
        super().__init__(
            scope,
            id_,
            name=name,
            retention_days=retention_days,
            key=key,
            data_protection_policy=logs.DataProtectionPolicy(
                name="phi",
                description="PHI that the service itself should have scrubbed",
                identifiers=[*_managed(), *_fields()],
                log_group_audit_destination=findings,
            ),
        )


def _managed() -> list[logs.DataIdentifier]:
    return [getattr(logs.DataIdentifier, name) for name in MANAGED]


def _fields() -> list[logs.CustomDataIdentifier]:
    return [
        logs.CustomDataIdentifier(name, expression_of(fields)) for name, fields in FIELDS.items()
    ]


def expression_of(fields: Sequence[str]) -> str:
    """Match a value of any of these fields in a line of JSON."""
    return "|".join(field + _VALUE for field in fields)
