"""Who is on call in a rehearsal: what the security topic sends, and somebody in another role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.session import Session

from sandbox.rehearsal.stage import Stage

PAGES = "rehearsal-pages"
SESSION = "ada"


@contextmanager
def pages_of(stage: Stage) -> Iterator[Any]:
    """Subscribe to the security topic for a while; gives what returns all pages so far."""
    sns, sqs = stage.endpoint.client("sns"), stage.endpoint.client("sqs")
    place = f"{stage.endpoint.region}:{stage.endpoint.account}"
    url = sqs.create_queue(QueueName=PAGES)["QueueUrl"]
    subscription = sns.subscribe(
        TopicArn=f"arn:aws:sns:{place}:{stage.environment.slug}-security",
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{place}:{PAGES}",
        Attributes={"RawMessageDelivery": "true"},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    found: list[str] = []

    def pages() -> list[str]:
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return list(found)

    try:
        yield pages
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def as_role(stage: Stage, role: str, service: str) -> Any:  # noqa: ANN401 - boto3
    """Return a client of a service in a role that somebody took."""
    given = stage.endpoint.client("sts").assume_role(RoleArn=role, RoleSessionName=SESSION)
    return Session().create_client(
        service,
        region_name=stage.endpoint.region,
        endpoint_url=stage.endpoint.url,
        aws_access_key_id=given["Credentials"]["AccessKeyId"],
        aws_secret_access_key=given["Credentials"]["SecretAccessKey"],
        aws_session_token=given["Credentials"]["SessionToken"],
    )
