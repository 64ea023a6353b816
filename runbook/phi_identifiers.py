"""What CloudWatch Logs is told to take for PHI (ROVN-LOG-1)."""

from collections.abc import Mapping, Sequence

# What CloudWatch Logs itself knows; most of them only near a keyword.
MANAGED = (
    "Address",
    "DriversLicense-US",
    "DrugEnforcementAgencyNumber-US",
    "EmailAddress",
    "HealthInsuranceClaimNumber-US",
    "IndividualTaxIdentificationNumber-US",
    "MedicareBeneficiaryNumber-US",
    "NationalProviderId-US",
    "PassportNumber-US",
    "PhoneNumber-US",
    "Ssn-US",
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


def expression_of(fields: Sequence[str]) -> str:
    """Match a value of any of these fields in a line of JSON."""
    return "|".join(field + _VALUE for field in fields)
