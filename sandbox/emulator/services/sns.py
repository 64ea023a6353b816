"""SNS: what ministack's handler of topics drops."""

from __future__ import annotations

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties

KEPT = ("KmsMasterKeyId", "SignatureVersion", "TracingConfig")


def configure_topic(arn: str, properties: Properties, before: Properties) -> None:
    """Set the key of a topic and how it signs and traces; what is no longer declared is emptied."""
    for name in KEPT:
        if name in properties or name in before:
            client("sns").set_topic_attributes(
                TopicArn=arn, AttributeName=name, AttributeValue=str(properties.get(name, ""))
            )


COMPLETED["AWS::SNS::Topic"] = CompletedType(configure=configure_topic)
