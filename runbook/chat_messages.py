"""Messages in the form that Amazon Q Developer in chat applications shows in Slack.

Anything else that a topic gets it drops without a word, but for what AWS itself sends. The form is
"Custom notifications" of its Administrator Guide.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST_TITLE, MOST_DESCRIPTION, MOST_STEP, MOST_STEPS = 250, 8000, 350, 10
# Fields of events whose values hold no quote, backslash or line break. EventBridge puts values into
# a template as they are, so that any of these would make of the message something that nobody
# shows. Not among them: an IAM user's ARN (its path may hold quotes), keys of objects, user agents,
# reasons and other words that somebody chose.
PLAIN_FIELDS = frozenset(
    {
        "$.account",
        "$.region",
        "$.time",
        "$.resources[0]",
        "$.detail.additionalEventData.SecretId",
        "$.detail.awsRegion",
        "$.detail.deploymentId",
        "$.detail.errorCode",
        "$.detail.eventID",
        "$.detail.eventName",
        "$.detail.eventTime",
        "$.detail.execution-id",
        "$.detail.executionArn",
        "$.detail.pipeline",
        "$.detail.requestParameters.bucketName",
        "$.detail.sourceIPAddress",
        "$.detail.stack-id",
        "$.detail.state",
        "$.detail.status",
        "$.detail.status-details.status",
        "$.detail.userIdentity.accountId",
        "$.detail.userIdentity.principalId",
        "$.detail.userIdentity.sessionContext.sessionIssuer.userName",
        "$.detail.userIdentity.type",
        "$.detail.userIdentity.userName",
    }
)
_PLACEHOLDER = re.compile(r"<([a-z]+)>")


def notification(
    title: str, description: str, next_steps: Sequence[str], *, about: str
) -> dict[str, Any]:
    """Write one message; ``about`` is what told of it, such as a rule's name.

    Raises ``ValueError`` for what is longer than Slack is shown.
    """
    too_long = (
        len(title) > MOST_TITLE,
        len(description) > MOST_DESCRIPTION,
        len(next_steps) > MOST_STEPS,
        any(len(step) > MOST_STEP for step in next_steps),
    )
    if any(too_long):
        raise ValueError(f"a message about {about} is longer than Slack is shown")
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": description,
            "nextSteps": list(next_steps),
        },
        "metadata": {"summary": title, "eventType": about},
    }


def template(message: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    """Write a message as an input template; ``<name>`` in it stands for the field of that name.

    Every placeholder stands within a string, where a field that an event lacks leaves a gap and no
    broken JSON. Raises ``ValueError`` for a field that is not plain, or that does not fit its name.
    """
    if rough := sorted(set(fields.values()) - PLAIN_FIELDS):
        raise ValueError(f"values of {', '.join(rough)} could break the message")
    text = json.dumps(message)
    if (used := placeholders(text)) != set(fields):
        raise ValueError(f"fields {sorted(fields)} and placeholders {sorted(used)} differ")
    return text


def placeholders(text: str) -> set[str]:
    """Read the placeholders of a template."""
    return set(_PLACEHOLDER.findall(text))
