"""A log group with a second net for PHI behind the service's own scrubbing (ROVN-LOG-1)."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from runbook.phi_identifiers import FIELDS, MANAGED, expression_of
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup


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
    return [logs.DataIdentifier(name) for name in MANAGED]


def _fields() -> list[logs.CustomDataIdentifier]:
    return [
        logs.CustomDataIdentifier(name, expression_of(fields)) for name, fields in FIELDS.items()
    ]
