"""Tables copied from AWS agree with what AWS publishes in machine-readable form."""

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from runbook.model.location import known_regions
from runbook.model.logs import LOG_RETENTION_DAYS


def test_log_retention_values_are_those_of_cloudformation() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::Logs::LogGroup")
    assert schema.schema["properties"]["RetentionInDays"]["enum"] == list(LOG_RETENTION_DAYS)


def test_regions_are_those_of_the_commercial_partition() -> None:
    regions = known_regions()
    assert {"us-east-1", "us-east-2", "eu-west-1"} <= regions
    assert not any(region.startswith(("cn-", "us-gov-", "aws-")) for region in regions)
