"""What a rule of EventBridge sends, in the form that Slack shows."""

import json
from collections.abc import Mapping

from aws_cdk import aws_events as events


def slack_message(
    fields: Mapping[str, str], *, title: str, text: str
) -> events.CfnRule.InputTransformerProperty:
    """Write a custom notification of Amazon Q Developer in chat applications.

    It drops, without a word, what is no event of AWS, no alarm, and not of this form. ``fields``
    maps the names that ``text`` has in angle brackets to where they stand in the event.
    """
    content = {"textType": "client-markdown", "title": title, "description": text}
    return events.CfnRule.InputTransformerProperty(
        input_paths_map=dict(fields),
        input_template=json.dumps({"version": "1.0", "source": "custom", "content": content}),
    )
